/** The photo with its boxes as one PNG, in the photo's own pixels. */

import { drawBoxes } from "./draw.js";
import { canvasBlob, scaledCanvas, stem } from "./photo.js";

/** @typedef {import("./types.js").Detection} Detection */
/** @typedef {import("./photo.js").Photo} Photo */

/** Phones refuse canvases beyond 16.7 million pixels; 4096 a side stays below with any usual shape. */
const LONGEST_SIDE = 4096;

/**
 * @param {Photo} photo
 * @param {readonly Detection[]} detections
 * @returns {Promise<boolean>}
 */
export async function downloadAnnotated(photo, detections) {
  const { full, file } = photo;
  if (!full) return false;
  const ratio = Math.min(1, LONGEST_SIDE / Math.max(full.width, full.height));
  const { canvas, context } = scaledCanvas(full, ratio);
  if (!context) return false;
  context.scale(ratio, ratio);
  context.drawImage(full, 0, 0);
  drawBoxes(context, detections, { line: Math.max(full.width, full.height) / 640 });
  const blob = await canvasBlob(canvas, "image/png");
  if (!blob) return false;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${stem(file.name)}-shelfwatch.png`;
  link.click();
  // The download reads the address after the click returns.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return true;
}
