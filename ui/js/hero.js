/** The welcome picture: a sample with the boxes the model found, which run over it once. */

import { byId, prefersStill } from "./dom.js";
import { drawBoxes, sharpen } from "./draw.js";
import { whole } from "./format.js";
import { colourOf } from "./palette.js";

/** @typedef {import("./types.js").Box} Box */
/** Made by scripts/make_images.py. @typedef {{width: number, height: number, boxes: Box[]}} HeroBoxes */

const SWEEP_MS = 1600;
const START_MS = 350;

/** @param {string} url */
export async function startHero(url) {
  const image = byId("hero-image", HTMLImageElement);
  const canvas = byId("hero-boxes", HTMLCanvasElement);
  /** @type {HeroBoxes} */
  let truth;
  try {
    const [response] = await Promise.all([fetch(url), image.decode()]);
    if (!response.ok) return;
    truth = await response.json();
  } catch {
    // The picture invites without boxes too.
    return;
  }
  const chip = byId("hero-chip", HTMLElement);
  const count = byId("hero-count", HTMLElement);
  const boxes = [...truth.boxes].sort((a, b) => a[0] + a[2] - b[0] - b[2]);
  let shown = 0;

  const paint = () => {
    const sharp = sharpen(canvas);
    if (!sharp) return;
    const { context, width, height, density } = sharp;
    // The picture covers its frame (object-fit: cover), so its boxes are placed the same way.
    const scale = Math.max(width / truth.width, height / truth.height);
    const [left, top] = [(width - truth.width * scale) / 2, (height - truth.height * scale) / 2];
    const placed = boxes.slice(0, shown).map(([x1, y1, x2, y2]) => ({
      colour: colourOf(0),
      box: /** @type {Box} */ ([left + x1 * scale, top + y1 * scale, left + x2 * scale, top + y2 * scale]),
    }));
    drawBoxes(context, placed, { line: width > 520 ? 1.5 : 1, snap: density });
    count.textContent = whole(shown);
  };

  chip.hidden = false;
  new ResizeObserver(paint).observe(canvas);
  if (prefersStill()) {
    shown = boxes.length;
    paint();
    return;
  }
  const start = performance.now() + START_MS;
  /** @param {number} now */
  const step = (now) => {
    const t = Math.min(Math.max((now - start) / SWEEP_MS, 0), 1);
    const next = Math.round(boxes.length * (1 - (1 - t) ** 2));
    if (next !== shown) {
      shown = next;
      paint();
    }
    if (t < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}
