/** Boxes on a canvas; the stage, the welcome picture and the PNG all draw them here. */

import { EDGE, colourOf } from "./palette.js";

/** @typedef {import("./types.js").Box} Box */

/**
 * One path a class instead of one stroke a box: a thousand boxes then cost a few calls.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Iterable<{class_id: number, box: Box}>} boxes  in the context's units
 * @param {{line: number, fill?: number, snap?: number}} style  snap: device pixels per unit, 0 for none
 */
export function drawBoxes(context, boxes, { line, fill = 0.1, snap = 0 }) {
  /** @type {Map<number, Path2D>} */
  const paths = new Map();
  for (const { class_id, box } of boxes) {
    let path = paths.get(class_id);
    if (!path) paths.set(class_id, (path = new Path2D()));
    addBox(path, box, snap);
  }
  context.lineJoin = "round";
  context.lineWidth = line + 1.5 * (line / 1.75);
  context.strokeStyle = EDGE;
  for (const path of paths.values()) context.stroke(path);
  context.lineWidth = line;
  for (const [classId, path] of paths) {
    context.fillStyle = colourOf(classId);
    context.globalAlpha = fill;
    if (fill) context.fill(path);
    context.globalAlpha = 1;
    context.strokeStyle = colourOf(classId);
    context.stroke(path);
  }
}

/** @param {Path2D} path @param {Box} box @param {number} snap */
function addBox(path, [x1, y1, x2, y2], snap) {
  /** @param {number} value */
  const at = (value) => (snap ? Math.round(value * snap) / snap : value);
  const [left, top, right, bottom] = [at(x1), at(y1), at(x2), at(y2)];
  const radius = Math.min(3, (right - left) / 4, (bottom - top) / 4);
  path.roundRect(left, top, right - left, bottom - top, Math.max(radius, 0));
}

/**
 * A canvas made as sharp as the screen, ready to be drawn on in CSS pixels; null where it is not laid out.
 * @param {HTMLCanvasElement} canvas
 */
export function sharpen(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = width ? canvas.getContext("2d") : null;
  if (!context) return null;
  const density = devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  context.scale(density, density);
  return { context, width, height, density };
}
