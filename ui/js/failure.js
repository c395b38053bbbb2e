/** The card that says what went wrong and what to do next. */

import { byId, element } from "./dom.js";
import { describe } from "./errors.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./errors.js").Problem} Problem */
/** @typedef {import("./errors.js").Remedy} Remedy */

/** After this many tries by itself the page leaves the decision to the person. */
const MOST_TRIES = 4;

const WORDS = {
  retry: texts.retry,
  convert: texts.convert,
  shrink: texts.shrink,
  choose: texts.chooseOther,
};

export class Failure {
  /** @param {{remedy: (remedy: Remedy) => void, key: (key: string) => void}} hooks */
  constructor(hooks) {
    this.hooks = hooks;
    this.tries = 0;
    this.timer = 0;
    byId("key-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      const field = byId("key", HTMLInputElement);
      const key = field.value.trim();
      field.value = "";
      if (key) hooks.key(key);
    });
  }

  /** Forget the countdown; called whenever something else happens. @param {boolean} [solved] */
  clear(solved = false) {
    clearInterval(this.timer);
    if (solved) this.tries = 0;
  }

  /** @param {Problem} problem @param {boolean} shown  the browser can show the photo */
  show(problem, shown) {
    this.clear();
    const words = describe(problem, shown);
    byId("failure", HTMLElement).dataset.problem = problem.slug;
    byId("failure-title", HTMLElement).textContent = words.title;
    byId("failure-text", HTMLElement).textContent = words.text;
    byId("failure-next", HTMLElement).textContent = words.next;
    byId("failure-detail", HTMLElement).textContent = words.detail;
    byId("key-form", HTMLFormElement).hidden = problem.slug !== "unauthorized";

    const buttons = words.remedies.map((remedy, index) => {
      const button = element("button", index ? "button" : "button button--primary", WORDS[remedy]);
      button.type = "button";
      button.dataset.remedy = remedy;
      button.addEventListener("click", () => this.hooks.remedy(remedy));
      return button;
    });
    byId("failure-actions", HTMLElement).replaceChildren(...buttons);
    if (problem.slug === "unauthorized") byId("key", HTMLInputElement).focus();
    if (problem.retryAfter && this.tries < MOST_TRIES) this.countDown(problem.retryAfter);
    else if (problem.retryAfter) byId("failure-next", HTMLElement).textContent = phrases.stillBusy;
  }

  /** @param {number} seconds */
  countDown(seconds) {
    this.tries += 1;
    const line = byId("failure-next", HTMLElement);
    let left = seconds;
    line.textContent = phrases.retryIn(left);
    this.timer = window.setInterval(() => {
      left -= 1;
      if (left > 0) line.textContent = phrases.retryIn(left);
      else {
        clearInterval(this.timer);
        this.hooks.remedy("retry");
      }
    }, 1000);
  }
}
