/** The boxes of a review as a list. Only the lines in sight are in the page, however many there are. */

import { icon, make } from "./dom.js";
import { texts } from "./texts.js";

/** @typedef {{id: number, label: string, detail: string, colour: string, seen: boolean}} Line */

/** Lines are this high, in CSS pixels; fingers need more. */
const LINE = { fine: 34, coarse: 44 };
const BEYOND = 4;

export class ReviewList {
  /** @param {(id: number) => void} chosen */
  constructor(chosen) {
    this.chosen = chosen;
    /** @type {readonly Line[]} */
    this.lines = [];
    /** @type {number | null} */
    this.current = null;
    this.height = matchMedia("(pointer: coarse)").matches ? LINE.coarse : LINE.fine;
    this.space = make("div", { class: "review-list__space", role: "presentation" });
    this.element = make(
      "div",
      { class: "review-list", role: "listbox", tabindex: "0", "aria-label": texts.reviewListLabel },
      this.space,
    );
    this.element.addEventListener("scroll", () => this.paint());
    this.element.addEventListener("click", (event) => {
      const line = event.target instanceof Element ? event.target.closest("[data-id]") : null;
      if (line instanceof HTMLElement) this.chosen(Number(line.dataset.id));
    });
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    new ResizeObserver(() => this.paint()).observe(this.element);
  }

  /** @param {readonly Line[]} lines @param {number | null} current  id of the one that is looked at */
  show(lines, current) {
    this.lines = lines;
    const moved = current !== this.current;
    this.current = current;
    this.space.style.height = `${lines.length * this.height}px`;
    if (moved) this.reveal();
    this.paint();
  }

  get at() {
    return this.lines.findIndex(({ id }) => id === this.current);
  }

  reveal() {
    const { at, element, height } = this;
    if (at < 0) return;
    const top = at * height;
    if (top < element.scrollTop + height) element.scrollTop = top - height;
    else if (top + 2 * height > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + 2 * height - element.clientHeight;
    }
  }

  paint() {
    const { element, height, lines } = this;
    const first = Math.max(Math.floor(element.scrollTop / height) - BEYOND, 0);
    const last = Math.min(Math.ceil((element.scrollTop + element.clientHeight) / height) + BEYOND, lines.length);
    const shown = [];
    for (let index = first; index < last; index += 1) shown.push(this.lineOf(lines[index], index));
    this.space.replaceChildren(...shown);
    const current = this.at;
    if (current >= first && current < last) element.setAttribute("aria-activedescendant", `review-line-${this.current}`);
    else element.removeAttribute("aria-activedescendant");
  }

  /** @param {Line} line @param {number} index */
  lineOf({ id, label, detail, colour, seen }, index) {
    const swatch = make("span", { class: "review-list__swatch" });
    swatch.style.background = colour;
    const made = make(
      "div",
      {
        class: "review-list__line",
        role: "option",
        id: `review-line-${id}`,
        "data-id": id,
        "aria-selected": String(id === this.current),
        "aria-setsize": this.lines.length,
        "aria-posinset": index + 1,
      },
      swatch,
      make("span", { class: "review-list__label" }, label),
      make("span", { class: "review-list__detail" }, detail),
      seen ? icon("check", "icon review-list__seen") : make("span", { class: "review-list__seen" }),
      make("span", { class: "visually-hidden" }, seen ? texts.reviewSeen : texts.reviewNotSeen),
    );
    made.style.insetBlockStart = `${index * this.height}px`;
    made.style.height = `${this.height}px`;
    return made;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.lines.length) return;
    const last = this.lines.length - 1;
    /** @type {Record<string, number>} */
    const targets = { ArrowDown: Math.min(this.at + 1, last), ArrowUp: Math.max(this.at - 1, 0), Home: 0, End: last };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    // The next press may come before the list is painted again.
    this.current = this.lines[target].id;
    this.reveal();
    this.chosen(this.current);
  }
}
