/** The photos of a batch as a strip of small pictures, each with how far it is. */

import { byId, icon, make } from "./dom.js";
import { whole } from "./format.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./batch.js").Batch} Batch */
/** @typedef {import("./batch.js").Shot} Shot */

const SIDE = 96; // pixels of a small picture, twice what it is shown at

export class Strip {
  /** @param {Batch} batch @param {{choose: (shot: Shot) => void, remove: (shot: Shot) => void}} hooks */
  constructor(batch, hooks) {
    this.batch = batch;
    this.hooks = hooks;
    /** @type {Map<Shot, {item: HTMLLIElement, button: HTMLButtonElement, badge: HTMLElement}>} */
    this.entries = new Map();
    batch.addEventListener("change", () => this.show());
  }

  show() {
    const { shots, shown } = this.batch;
    const strip = byId("strip", HTMLElement);
    strip.hidden = shots.length < 2;
    const list = byId("strip-list", HTMLElement);
    for (const [shot, { item }] of this.entries) {
      if (shots.includes(shot)) continue;
      item.remove();
      this.entries.delete(shot);
    }
    if (strip.hidden) return;
    shots.forEach((shot, index) => {
      const entry = this.entries.get(shot) ?? this.enter(shot);
      if (list.children[index] !== entry.item) list.insertBefore(entry.item, list.children[index] ?? null);
      const words = phrases.shotState(shot.state, this.countOf(shot), shot.saved);
      entry.item.dataset.state = shot.state;
      entry.button.setAttribute("aria-label", phrases.shot(whole(index + 1), shot.file.name, words));
      entry.button.setAttribute("aria-current", String(shot === shown));
      const badge = shot.state === "done" ? [shot.saved && icon("check"), this.countOf(shot)] : [phrases.shotMark(shot.state)];
      entry.badge.replaceChildren(...badge.filter((part) => part !== false));
    });
    const done = shots.filter(({ state }) => state === "done" || state === "failed").length;
    byId("strip-progress", HTMLElement).textContent = phrases.stripProgress(whole(done), whole(shots.length));
  }

  /** As many as the usual threshold shows; the answer itself has unsure ones too. @param {Shot} shot */
  countOf({ answer }) {
    return whole(answer?.report?.facings ?? answer?.count ?? 0);
  }

  /** @param {Shot} shot */
  enter(shot) {
    const canvas = make("canvas", { class: "shot__picture", width: SIDE, height: SIDE, "aria-hidden": "true" });
    const badge = make("span", { class: "shot__badge", "aria-hidden": "true" });
    const button = make(
      "button",
      { type: "button", class: "shot__button", onclick: () => this.hooks.choose(shot) },
      canvas,
      badge,
    );
    const remove = make(
      "button",
      {
        type: "button",
        class: "shot__remove",
        "aria-label": phrases.shotRemove(shot.file.name),
        title: texts.shotRemove,
        onclick: () => this.hooks.remove(shot),
      },
      icon("close"),
    );
    const item = make("li", { class: "shot" }, button, remove);
    const entry = { item, button, badge };
    this.entries.set(shot, entry);
    void draw(canvas, shot.file);
    return entry;
  }
}

/** The middle of the photo; nothing where this browser cannot read it. @param {HTMLCanvasElement} canvas @param {File} file */
async function draw(canvas, file) {
  try {
    const picture = await createImageBitmap(file, { resizeHeight: SIDE, resizeQuality: "medium" });
    const side = Math.min(picture.width, picture.height);
    const [left, top] = [(picture.width - side) / 2, (picture.height - side) / 2];
    canvas.getContext("2d")?.drawImage(picture, left, top, side, side, 0, 0, SIDE, SIDE);
    picture.close();
  } catch {
    canvas.classList.add("shot__picture--none");
  }
}
