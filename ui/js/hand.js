/** How boxes look that are selected or in hand: light over dark, to be seen on any photo. */

import { EDGE } from "./palette.js";

/** @typedef {import("./types.js").Box} Box */

const LIGHT = "#fff";

/** One path of all boxes, ready to be filled or stroked. @param {CanvasRenderingContext2D} context @param {readonly Box[]} boxes */
export function outline(context, boxes) {
  context.beginPath();
  for (const [x1, y1, x2, y2] of boxes) context.rect(x1, y1, x2 - x1, y2 - y1);
}

/** @param {CanvasRenderingContext2D} context @param {number} line  its width @param {number[]} dash */
export function strokeTwice(context, line, dash) {
  context.lineWidth = line + 2;
  context.strokeStyle = EDGE;
  context.stroke();
  context.setLineDash(dash);
  context.lineWidth = line;
  context.strokeStyle = LIGHT;
  context.stroke();
  context.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} context @param {Box} box @param {number} side  of a handle */
export function drawHandles(context, [x1, y1, x2, y2], side) {
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
  /** @type {[number, number][]} */
  const places = [[x1, y1], [x2, y1], [x1, y2], [x2, y2]];
  // Between the corners only where they do not hide the box.
  if (x2 - x1 > 3.5 * side) places.push([x, y1], [x, y2]);
  if (y2 - y1 > 3.5 * side) places.push([x1, y], [x2, y]);
  context.beginPath();
  for (const [left, top] of places) context.rect(left - side / 2, top - side / 2, side, side);
  context.fillStyle = LIGHT;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = EDGE;
  context.stroke();
}
