/** Small lines over time on a canvas. The words beside it say the same. */

import { token } from "./dom.js";

/** @typedef {import("./scrapes.js").Point} Point */
/** @typedef {{points: Point[], color: string, fill?: boolean}} Line  color: a custom property's name */

/** A longer silence than this is a hole in the line. */
const HOLE_MS = 7000;
const EDGE = 3;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {object} what
 * @param {Line[]} what.lines
 * @param {number} what.from  ms
 * @param {number} what.to
 * @param {number} [what.least]  the top of the scale is no lower than this
 * @returns {number}  the value at the top
 */
export function drawLines(canvas, { lines, from, to, least = 0 }) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = canvas.getContext("2d");
  const values = lines.flatMap(({ points }) => points.map(({ value }) => value).filter(Number.isFinite));
  const top = niceTop(Math.max(least, ...values));
  if (!context || !width || !height) return top;
  const density = devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  context.setTransform(density, 0, 0, density, 0, 0);
  // Time runs the way one reads.
  if (getComputedStyle(canvas).direction === "rtl") context.transform(-1, 0, 0, 1, width, 0);
  const floor = height - EDGE;
  const x = (/** @type {number} */ at) => ((at - from) / (to - from)) * (width - 2 * EDGE) + EDGE;
  const y = (/** @type {number} */ value) => floor - (value / top) * (height - 2 * EDGE);
  context.strokeStyle = token("--line");
  context.lineWidth = 1;
  for (const share of [0, 0.5, 1]) {
    const level = Math.round(y(top * share)) + 0.5;
    context.beginPath();
    context.moveTo(0, level);
    context.lineTo(width, level);
    context.stroke();
  }
  context.lineJoin = "round";
  context.lineCap = "round";
  for (const { points, color, fill } of lines) {
    const tone = token(color);
    for (const run of runsOf(points)) {
      context.beginPath();
      for (const { at, value } of run) context.lineTo(x(at), y(value));
      context.strokeStyle = tone;
      context.lineWidth = 1.5;
      context.stroke();
      const last = run[run.length - 1];
      if (fill && run.length > 1) {
        context.lineTo(x(last.at), floor);
        context.lineTo(x(run[0].at), floor);
        context.globalAlpha = 0.12;
        context.fillStyle = tone;
        context.fill();
        context.globalAlpha = 1;
      }
      if (last !== points[points.length - 1] && run.length > 1) continue;
      context.beginPath();
      context.arc(x(last.at), y(last.value), 2, 0, 2 * Math.PI);
      context.fillStyle = tone;
      context.fill();
    }
  }
  return top;
}

/** Stretches without a hole. @param {Point[]} points @returns {Point[][]} */
function runsOf(points) {
  /** @type {Point[][]} */
  const runs = [];
  let before = NaN;
  for (const point of points) {
    if (!Number.isFinite(point.value)) {
      before = NaN;
      continue;
    }
    if (point.at - before <= HOLE_MS) runs[runs.length - 1].push(point);
    else runs.push([point]);
    before = point.at;
  }
  return runs;
}

/** The next of 1, 2, 5, 10, 20 … @param {number} value @returns {number} */
export function niceTop(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999999) ?? value;
}
