/** What the service says about itself: the small light in the top bar, and the models it serves. */

import { health } from "./api.js";
import { byId } from "./dom.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./types.js").ServedModel} ServedModel */

/** @typedef {"good" | "busy" | "bad"} Tone */

const BUSY_POLL_MS = 1500;
const BAD_POLL_MS = 5000;

/** @type {Record<"starting" | "draining" | "failed" | "offline", [Tone, string]>} */
const WORDS = {
  starting: ["busy", texts.statusStarting],
  draining: ["busy", texts.statusDraining],
  failed: ["bad", texts.statusFailed],
  offline: ["bad", texts.statusOffline],
};

class Status extends EventTarget {
  constructor() {
    super();
    /** Empty until the service has answered; then a `models` event tells. @type {ServedModel[]} */
    this.models = [];
    this.timer = 0;
  }

  /** Ask now, and again by itself until the service is ready. */
  async refresh() {
    clearTimeout(this.timer);
    const { state, models } = await health();
    clearTimeout(this.timer);
    if (state === "ok") {
      this.models = models;
      this.dispatchEvent(new Event("models"));
      this.show("good", phrases.statusReady(models[0].name, models[0].version));
      return;
    }
    const [tone, text] = WORDS[state];
    this.show(tone, text);
    this.timer = window.setTimeout(() => this.refresh(), tone === "busy" ? BUSY_POLL_MS : BAD_POLL_MS);
  }

  /** @param {Tone} tone @param {string} text */
  show(tone, text) {
    byId("status", HTMLElement).dataset.tone = tone;
    byId("status-text", HTMLElement).textContent = text;
  }

  /** @param {string} name @returns {ServedModel | undefined} */
  model(name) {
    return this.models.find((model) => model.name === name) ?? this.models[0];
  }
}

export const status = new Status();
