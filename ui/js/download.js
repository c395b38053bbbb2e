/** Files of the service, handed to the person. */

import { apiKey, getBlob } from "./api.js";
import { saveFile } from "./annotate.js";

/** Without a key the browser loads it by itself, however large it is. @param {string} path @param {string} name @param {AbortSignal} [signal] */
export async function download(path, name, signal) {
  if (apiKey()) {
    saveFile(await getBlob(path, signal), name);
    return;
  }
  const anchor = document.createElement("a");
  anchor.href = path;
  anchor.download = name;
  anchor.click();
}

/** What may stand in a file name everywhere. @param {...string} parts */
export const fileName = (...parts) => parts.map((part) => part.replace(/[^\p{L}\p{N}.-]+/gu, "-")).join("-");
