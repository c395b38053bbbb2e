/** Files of the service, handed to the person. */

import { saveFile } from "./annotate.js";
import { apiKey, getBlob } from "./api.js";

/**
 * @param {string} path
 * @param {string} name  of the file
 * @param {{large?: boolean, signal?: AbortSignal}} [how]  large: left to the browser where it can do it, which cannot send a key
 */
export async function download(path, name, { large = false, signal } = {}) {
  if (large && !apiKey()) {
    const anchor = document.createElement("a");
    anchor.href = path;
    anchor.download = name;
    anchor.click();
  } else saveFile(await getBlob(path, signal), name);
}

/** What may stand in a file name everywhere. @param {...string} parts */
export const fileName = (...parts) => parts.map((part) => part.replace(/[^\p{L}\p{N}.-]+/gu, "-")).join("-");
