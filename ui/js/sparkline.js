/** A bay's fill rate over its last photos, as small as a word. */

import { token } from "./dom.js";
import { sharpen } from "./draw.js";

/** @typedef {import("./types.js").HistoryPoint} HistoryPoint */

const EDGE = 3;
/** A rate that wavers by less than this looks still, as it is. */
const LEAST_SPAN = 0.1;

/** @param {HTMLCanvasElement} canvas @param {readonly HistoryPoint[]} trend  oldest first */
export function drawSparkline(canvas, trend) {
  const sharp = sharpen(canvas);
  const rates = trend.map(({ fill_rate }) => fill_rate).filter((rate) => rate !== null);
  if (!sharp || !rates.length) return;
  const { context, width, height } = sharp;
  const most = Math.max(...rates);
  const least = Math.min(...rates, most - LEAST_SPAN);
  /** @param {number} index */
  const x = (index) => EDGE + (rates.length > 1 ? index / (rates.length - 1) : 1) * (width - 2 * EDGE);
  /** @param {number} rate */
  const y = (rate) => height - EDGE - ((rate - least) / (most - least)) * (height - 2 * EDGE);
  context.beginPath();
  rates.forEach((rate, index) => context.lineTo(x(index), y(rate)));
  context.strokeStyle = token("--accent-strong");
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.stroke();
  context.beginPath();
  context.arc(x(rates.length - 1), y(rates[rates.length - 1]), 2.5, 0, 7);
  context.fillStyle = token("--accent-strong");
  context.fill();
}
