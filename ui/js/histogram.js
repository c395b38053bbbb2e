/** How the confidences are spread, drawn above the slider and aligned with it. */

import { token } from "./dom.js";
import { sharpen } from "./draw.js";
import { spread } from "./filter.js";

/** @typedef {import("./types.js").Detection} Detection */

const BINS = 38;
const GAP = 1;
/** Even a single box is seen. */
const LEAST_BAR = 2;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {readonly Detection[]} detections
 * @param {{low: number, threshold: number, usual: number}} at  the slider's start, its value, the operating point
 */
export function drawHistogram(canvas, detections, { low, threshold, usual }) {
  const sharp = sharpen(canvas);
  if (!sharp) return;
  const { context, width, height } = sharp;

  // The thumb's middle cannot reach the track's ends, so the bars begin and end where it does.
  const inset = Number.parseFloat(token("--slider-thumb")) / 2;
  const track = width - 2 * inset;
  const counts = spread(detections, low, BINS);
  const most = Math.max(...counts, 1);
  const pitch = track / BINS;
  /** @param {number} confidence */
  const x = (confidence) => inset + ((confidence - low) / (1 - low)) * track;
  const [on, off] = [token("--accent-strong"), token("--bar")];

  counts.forEach((count, index) => {
    if (!count) return;
    // The square root lets the few unsure ones be seen beside the many sure ones.
    const tall = Math.max(Math.sqrt(count / most) * (height - 1), LEAST_BAR);
    const left = inset + index * pitch;
    const bar = () => {
      context.beginPath();
      context.roundRect(left + GAP / 2, height - tall, pitch - GAP, tall, [1.5, 1.5, 0, 0]);
      context.fill();
    };
    context.fillStyle = off;
    bar();
    context.save();
    context.beginPath();
    context.rect(x(threshold), 0, width, height);
    context.clip();
    context.fillStyle = on;
    bar();
    context.restore();
  });

  context.fillStyle = token("--text-3");
  context.fillRect(Math.round(x(usual)) - 0.5, 0, 1, height);
}
