/** What stands around the stage of a review: state and saving above it, progress and the list of boxes beside it. */

import { icon, make } from "./dom.js";
import { readWho } from "./draft.js";
import { whole } from "./format.js";
import { makeMenu } from "./menu.js";
import { ReviewList } from "./review-list.js";
import { phrases, texts } from "./texts.js";

/**
 * @typedef {object} PanelHooks
 * @property {(id: number) => void} goTo
 * @property {(filter: string) => void} filtered
 * @property {(by: "confidence" | "kind") => void} coloured
 * @property {() => void} save
 * @property {{label: string, run: () => void}[]} menu
 */

export class ReviewPanel {
  /** @param {PanelHooks} hooks */
  constructor({ goTo, filtered, coloured, save, menu }) {
    this.list = new ReviewList(goTo);
    this.saveButton = make(
      "button",
      { type: "button", class: "button button--primary", onclick: save },
      icon("save"),
      make("span", {}, texts.reviewSave),
    );
    this.state = make("p", { class: "review__state" });
    const more = makeMenu(texts.reviewMore, "more", menu);
    more.classList.add("review__more");
    this.head = [this.state, more, this.saveButton];
    this.progress = make("progress", { class: "review__progress", "aria-label": texts.reviewProgress });
    this.progressText = make("p", { class: "review__progress-text" });
    this.filter = make("select", {
      class: "field",
      "aria-label": texts.reviewFilter,
      onchange: () => filtered(this.filter.value),
    });
    const colours = make(
      "select",
      {
        class: "field",
        "aria-label": texts.colouring,
        onchange: () => coloured(colours.value === "kind" ? "kind" : "confidence"),
      },
      new Option(texts.colourByConfidence, "confidence"),
      new Option(texts.colourByKind, "kind"),
    );
    this.about = make("p", { class: "review__about" });
    this.nothing = make("p", { class: "review__nothing", hidden: true });
    this.element = make(
      "aside",
      { class: "review__panel", "aria-label": texts.reviewPanel },
      make(
        "div",
        { class: "review__progress-row" },
        make("h2", { class: "review__panel-title" }, texts.reviewQueue),
        this.progressText,
      ),
      this.progress,
      make("div", { class: "review__filters" }, this.filter, colours),
      this.list.element,
      this.nothing,
      this.about,
    );
  }

  /** What the list can be narrowed to. @param {readonly string[]} labels @param {string} chosen @returns {string}  what is chosen then */
  offerLabels(labels, chosen) {
    const { filter } = this;
    const kinds = labels.length > 1 ? labels : [];
    const values = ["", "unseen", "changed", ...kinds.map((label) => `label:${label}`)];
    if ([...filter.options].some(({ value }, index) => value !== values[index]) || filter.options.length !== values.length) {
      filter.replaceChildren(
        new Option(texts.filterAll, ""),
        new Option(texts.filterUnseen, "unseen"),
        new Option(texts.filterChanged, "changed"),
        ...kinds.map((label) => new Option(label, `label:${label}`)),
      );
    }
    filter.value = values.includes(chosen) ? chosen : "";
    return filter.value;
  }

  /** @param {readonly import("./review-list.js").Line[]} lines @param {number | null} current @param {string} filter */
  showList(lines, current, filter) {
    this.list.show(lines, current);
    this.list.element.hidden = lines.length === 0;
    this.nothing.hidden = lines.length > 0;
    this.nothing.textContent = { "": texts.reviewEmpty, unseen: texts.reviewAllSeen }[filter] ?? texts.reviewNoneMatch;
  }

  /** @param {number} seen @param {number} all */
  showProgress(seen, all) {
    this.progress.max = Math.max(all, 1);
    this.progress.value = all ? seen : 1;
    this.progressText.textContent = phrases.reviewProgress(whole(seen), whole(all));
  }

  /** @param {string} words */
  showAbout(words) {
    this.about.textContent = words;
  }

  /** @param {boolean} dirty @param {string} words */
  showState(dirty, words) {
    const who = readWho();
    this.state.dataset.dirty = String(dirty);
    this.state.textContent = words;
    this.state.title = who ? phrases.reviewAs(who) : "";
  }

  /** @param {boolean} allowed */
  allowSave(allowed) {
    this.saveButton.disabled = !allowed;
  }
}
