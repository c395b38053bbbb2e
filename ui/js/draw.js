/** Boxes on a canvas; the stage, the welcome picture and the PNG all draw them here. */

import { EDGE, colourOfGap } from "./palette.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Gap} Gap */

/**
 * One path a colour instead of one stroke a box: a thousand boxes then cost a few calls.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Iterable<{colour: string, box: Box}>} boxes  in the context's units
 * @param {{line: number, fill?: number, snap?: number}} style  snap: device pixels per unit, 0 for none
 */
export function drawBoxes(context, boxes, { line, fill = 0.1, snap = 0 }) {
  /** @type {Map<string, Path2D>} */
  const paths = new Map();
  for (const { colour, box } of boxes) {
    let path = paths.get(colour);
    if (!path) paths.set(colour, (path = new Path2D()));
    addBox(path, box, snap);
  }
  context.lineJoin = "round";
  context.lineWidth = line + 1.5 * (line / 1.75);
  context.strokeStyle = EDGE;
  for (const path of paths.values()) context.stroke(path);
  context.lineWidth = line;
  for (const [colour, path] of paths) {
    context.fillStyle = colour;
    context.globalAlpha = fill;
    if (fill) context.fill(path);
    context.globalAlpha = 1;
    context.strokeStyle = colour;
    context.stroke(path);
  }
}

/**
 * Empty places, hatched, with a dashed edge: they are told from boxes without their colour.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Iterable<{severity: string, box: Box}>} gaps  in the context's units
 * @param {number} line  width of the edge; the hatching follows it
 */
export function drawGaps(context, gaps, line) {
  const pitch = line * 5;
  for (const { severity, box } of gaps) {
    const [x1, y1, x2, y2] = box;
    const colour = colourOfGap(severity);
    context.save();
    context.beginPath();
    context.rect(x1, y1, x2 - x1, y2 - y1);
    context.fillStyle = "rgb(4 16 12 / 35%)";
    context.fill();
    context.save();
    context.clip();
    context.beginPath();
    for (let x = x1 - (y2 - y1); x < x2; x += pitch) {
      context.moveTo(x, y2);
      context.lineTo(x + (y2 - y1), y1);
    }
    context.lineWidth = line * 0.9;
    context.strokeStyle = colour;
    context.globalAlpha = 0.7;
    context.stroke();
    context.restore();
    context.setLineDash([line * 3, line * 2]);
    context.lineWidth = line * 1.3;
    context.strokeStyle = colour;
    context.strokeRect(x1, y1, x2 - x1, y2 - y1);
    context.restore();
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
