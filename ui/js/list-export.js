/** Audits of a place as a file: CSV or Excel. */

import { download, fileName } from "./download.js";
import { describe } from "./errors.js";
import { makeMenu } from "./menu.js";
import { asProblem, isAbort, notice } from "./shell.js";
import { phrases, texts } from "./texts.js";

/** @param {AbortSignal} signal @param {string} [store]  all without one @param {string} [bay] */
export function listExport(signal, store, bay) {
  /** @param {string} ending */
  const take = async (ending) => {
    const query = new URLSearchParams();
    if (store !== undefined) query.set("store", store);
    if (bay !== undefined) query.set("bay", bay);
    const name = fileName(...["audits", store, bay].filter((part) => part !== undefined));
    try {
      await download(`/audits.${ending}?${query}`, `${name}.${ending}`, { large: true, signal });
    } catch (error) {
      if (!isAbort(error)) notice(describe(asProblem(error), false).title, { label: texts.retry, run: () => void take(ending) });
    }
  };
  return makeMenu(texts.exportMenu, "download", [
    { label: phrases.exportAs("CSV"), run: () => void take("csv") },
    { label: phrases.exportAs("Excel"), run: () => void take("xlsx") },
  ]);
}
