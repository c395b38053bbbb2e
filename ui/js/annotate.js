/** The photo with its boxes as one PNG, in the photo's own pixels. */

import { drawBoxes, drawGaps } from "./draw.js";
import { colouring } from "./palette.js";
import { canvasBlob, scaledCanvas, stem } from "./photo.js";

/** @typedef {import("./types.js").Detection} Detection */
/** @typedef {import("./types.js").Gap} Gap */
/** @typedef {import("./palette.js").Colouring} Colouring */
/** @typedef {import("./photo.js").Photo} Photo */

/** Phones refuse canvases beyond 16.7 million pixels; 4096 a side stays below with any usual shape. */
const LONGEST_SIDE = 4096;

/**
 * @param {Photo} photo
 * @param {readonly Detection[]} detections
 * @param {{gaps?: readonly Gap[], by?: Colouring}} [more]
 * @returns {Promise<boolean>}
 */
export async function downloadAnnotated(photo, detections, { gaps = [], by = "kind" } = {}) {
  const { full, file } = photo;
  if (!full) return false;
  const ratio = Math.min(1, LONGEST_SIDE / Math.max(full.width, full.height));
  const { canvas, context } = scaledCanvas(full, ratio);
  if (!context) return false;
  context.scale(ratio, ratio);
  context.drawImage(full, 0, 0);
  const line = Math.max(full.width, full.height) / 640;
  const colour = colouring(by);
  drawGaps(context, gaps, line);
  drawBoxes(context, detections.map((one) => ({ colour: colour(one), box: one.box })), { line });
  const blob = await canvasBlob(canvas, "image/png");
  if (!blob) return false;
  saveFile(blob, `${stem(file.name)}-shelfwatch.png`);
  return true;
}

/** Hand a file to the person. @param {Blob} blob @param {string} name */
export function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The download reads the address after the click returns.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
