/** A number that runs to its value, unless the person prefers stillness. */

import { prefersStill } from "./dom.js";
import { whole } from "./format.js";

const RUN_MS = 600;

export class Counter {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.shown = 0;
    this.frame = 0;
  }

  /** @param {number} value @param {boolean} [run]  false while the slider moves: it must answer at once */
  set(value, run = false) {
    cancelAnimationFrame(this.frame);
    // The true value stands in the DOM from the start, for those who read it by other means than eyes.
    this.element.dataset.value = String(value);
    if (!run || prefersStill() || document.hidden) {
      this.show(value);
      return;
    }
    const from = this.shown;
    const start = performance.now();
    /** @param {number} now */
    const step = (now) => {
      const t = Math.min(Math.max((now - start) / RUN_MS, 0), 1);
      this.show(Math.round(from + (value - from) * (1 - (1 - t) ** 3)));
      if (t < 1) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  /** @param {number} value */
  show(value) {
    this.shown = value;
    this.element.textContent = whole(value);
  }
}
