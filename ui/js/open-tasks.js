/** How many tasks are open, beside "To do" in the navigation. */

import { getJson } from "./api.js";
import { byId } from "./dom.js";
import { whole } from "./format.js";
import { phrases } from "./texts.js";
import { verdicts } from "./verdicts.js";

const EVERY_MS = 60_000;
/** More than these are not counted. */
const MOST = 100;

class OpenTasks {
  constructor() {
    /** @type {Set<string>} */
    this.ids = new Set();
    this.more = false;
    this.known = false;
    this.asked = -Infinity;
    this.timer = 0;
  }

  /** Ask, if the page is looked at and was not told within the last minute; and again by itself. */
  async refresh() {
    clearTimeout(this.timer);
    if (document.hidden) return; // `start` goes on when it is seen again
    const since = performance.now() - this.asked;
    if (since >= EVERY_MS) {
      this.asked = performance.now();
      try {
        const { items, next_cursor } = await getJson(`/tasks?limit=${MOST}`);
        this.ids = new Set(items.map((/** @type {{id: string}} */ { id }) => id));
        this.more = next_cursor !== null;
        this.known = true;
      } catch {
        this.known = false; // a wrong number is worse than none; the pages themselves say what is the matter
      }
      this.show();
    }
    this.timer = window.setTimeout(() => void this.refresh(), Math.max(1000, EVERY_MS - (performance.now() - this.asked)));
  }

  get count() {
    return [...this.ids].filter((id) => !verdicts.covers(id)).length;
  }

  /** As it is read; empty while nothing is known. */
  get text() {
    return !this.known ? "" : this.more ? `${whole(MOST - 1)}+` : whole(this.count);
  }

  show() {
    const badge = byId("todo-count", HTMLElement);
    badge.hidden = !this.known || (!this.count && !this.more);
    badge.textContent = this.text;
    badge.title = phrases.openTasks(this.count, this.text);
  }

  /** A verdict was given, so it is open no more, or taken back. @param {string} id @param {boolean} open */
  set(id, open) {
    if (open) this.ids.add(id);
    else this.ids.delete(id);
    this.show();
  }

  start() {
    document.addEventListener("visibilitychange", () => void this.refresh());
    verdicts.addEventListener("change", () => this.show());
    void this.refresh();
  }
}

export const openTasks = new OpenTasks();
