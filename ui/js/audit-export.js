/** What can be taken away of an audit: its boxes as a file, or drawn on the photo. */

import { downloadAnnotated } from "./annotate.js";
import { make } from "./dom.js";
import { download, fileName } from "./download.js";
import { describe } from "./errors.js";
import { makeMenu } from "./menu.js";
import { announce, asProblem, isAbort, notice } from "./shell.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./types.js").Audit} Audit */

/** @type {[format: string, name: string, ending: string][]} */
const FORMATS = [
  ["csv", "CSV", "csv"],
  ["xlsx", "Excel", "xlsx"],
  ["coco", "COCO", "zip"],
  ["yolo", "YOLO", "zip"],
];

/** @typedef {import("./types.js").Detection} Detection */
/** @typedef {import("./types.js").Gap} Gap */
/** @typedef {import("./palette.js").Colouring} Colouring */
/** @typedef {import("./photo.js").Photo} Photo */
/** What is on the stage. @typedef {{photo: Photo | null, boxes: readonly Detection[], gaps: readonly Gap[], by: Colouring}} Shown */

/**
 * @param {Audit} audit
 * @param {() => Shown} shown
 * @param {AbortSignal} signal
 */
export function exportMenu(audit, shown, signal) {
  const corrected = make("input", { type: "checkbox", checked: true });
  /** @param {string} format @param {string} ending */
  const take = async (format, ending) => {
    const query = new URLSearchParams({ format });
    if (audit.corrected && corrected.checked) query.set("corrected", "true");
    const name = fileName(audit.store, audit.bay, `${audit.taken_at.slice(0, 10)}.${ending}`);
    try {
      await download(`/audits/${encodeURIComponent(audit.id)}/export?${query}`, name, { signal });
    } catch (error) {
      if (isAbort(error)) return;
      const { title, next } = describe(asProblem(error), false);
      notice(`${title}. ${next}`, { label: texts.retry, run: () => void take(format, ending) });
    }
  };
  const picture = async () => {
    const { photo, boxes, gaps, by } = shown();
    announce(texts.downloading);
    if (!photo || !(await downloadAnnotated(photo, boxes, { gaps, by }))) notice(texts.downloadFailed);
  };
  const choice = audit.corrected && make("label", { class: "menu__choice" }, corrected, make("span", {}, texts.exportCorrected));
  return makeMenu(texts.exportMenu, "download", [
    ...(choice ? [choice] : []),
    ...FORMATS.map(([format, name, ending]) => ({ label: phrases.exportAs(name), run: () => void take(format, ending) })),
    { label: texts.exportPicture, run: () => void picture() },
  ]);
}
