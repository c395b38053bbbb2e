/** Two audits of a bay, one photo over the other: which facings left, which came, and by how much the figures changed. */

import { getBlob, getJson } from "../api.js";
import { make } from "../dom.js";
import { momentText, percent, whole } from "../format.js";
import { closePhoto, openPhoto } from "../photo.js";
import { link } from "../router.js";
import { go, setTitle } from "../shell.js";
import { phrases, texts } from "../texts.js";
import { warp } from "../warp.js";
import { Wipe } from "../wipe.js";

/** @typedef {import("../types.js").Audit} Audit */
/** @typedef {import("../types.js").Box} Box */
/** @typedef {import("../types.js").ListedAudit} ListedAudit */
/** @typedef {import("../photo.js").Photo} Photo */
/**
 * @typedef {object} Comparison
 * @property {boolean} registered
 * @property {{box: Box, box_later: Box}[] | null} left
 * @property {{box: Box, box_earlier: Box}[] | null} came
 * @property {unknown[] | null} stayed
 * @property {number | null} unseen
 * @property {number[][] | null} transform  earlier to later
 * @property {{count: number, facings: number, fill_rate: number | null, gaps: number}} change
 */

/** Photos of a bay to choose from. */
const CHOICES = 100;
/** Longest side of what is wiped; beyond it a phone runs out of memory. */
const LONGEST_SIDE = 2048;

/** @param {import("../app.js").Place} place */
export async function open({ root, params: [laterId, earlierId], signal }) {
  const path = (/** @type {string} */ id) => `/audits/${encodeURIComponent(id)}`;
  /** @type {[Audit, Audit, Comparison]} */
  const [later, earlier, found] = await Promise.all([
    getJson(path(laterId), signal),
    getJson(path(earlierId), signal),
    getJson(`${path(laterId)}/compare/${encodeURIComponent(earlierId)}`, signal),
  ]);
  if (signal.aborted) return;
  const { store, bay } = later;
  setTitle(phrases.compareTitle(bay));
  const slider = make("input", { class: "slider", type: "range", id: "wipe", min: 0, max: 100, step: 1, value: 50, "aria-label": texts.wipe });
  const wipe = new Wipe(texts.wipeLabel, { moved: (share) => fill(Math.round(share * 100)) });
  /** @param {number} value */
  const fill = (value) => {
    slider.value = String(value);
    slider.style.setProperty("--fill", String(value / 100));
  };
  slider.addEventListener("input", () => {
    wipe.setShare(slider.valueAsNumber / 100);
    fill(slider.valueAsNumber);
  });
  fill(50);
  const stage = make("div", { class: "compare__stage" });
  root.replaceChildren(
    make(
      "nav",
      { class: "crumbs", "aria-label": texts.crumbs },
      make("a", { href: link("stores") }, texts.pageStores),
      make("span", { class: "crumbs__next" }, make("a", { href: link("stores", store) }, store)),
      make("span", { class: "crumbs__next" }, make("a", { href: link("stores", store, bay) }, bay)),
    ),
    make("header", { class: "page__head" }, make("h1", { class: "page__title" }, texts.compare)),
    choices(later, earlier, signal),
    changes(found, later, earlier),
    make("div", { class: "compare" }, stage, found.registered ? lists(found, wipe) : make("p", { class: "card" }, texts.compareApart)),
  );
  const photos = await Promise.all([later, earlier].map((audit) => load(audit, signal)));
  signal.addEventListener("abort", () => photos.forEach(closePhoto), { once: true });
  if (signal.aborted) return photos.forEach(closePhoto);
  if (found.registered && found.transform) {
    stage.replaceChildren(
      wipe.element,
      make("p", { class: "compare__sides" }, make("span", {}, phrases.earlierAt(momentText(earlier.taken_at))), make("span", {}, phrases.laterAt(momentText(later.taken_at)))),
      slider,
    );
    show(wipe, found, later, earlier, photos);
  } else stage.replaceChildren(...[earlier, later].map((audit, index) => side(audit, photos[1 - index], index ? "later" : "earlier")));
  return undefined;
}

/** @param {Audit} audit @param {AbortSignal} signal @returns {Promise<Photo>} */
async function load({ image }, signal) {
  const blob = await getBlob(image.url, signal);
  return openPhoto(new File([blob], "photo", { type: blob.type }));
}

/** @param {Wipe} wipe @param {Comparison} found @param {Audit} later @param {Audit} earlier @param {Photo[]} photos */
function show(wipe, found, later, earlier, [photo, before]) {
  const ratio = Math.min(LONGEST_SIDE / Math.max(later.image.width, later.image.height), 1);
  const source = before.preview ?? before.full;
  const warped = source && found.transform ? warp(source, earlier.image, found.transform, later.image, ratio) : null;
  wipe.setPictures(later.image, warped, photo.full);
  wipe.setBoxes(
    (found.left ?? []).map(({ box_later }) => box_later),
    (found.came ?? []).map(({ box }) => box),
  );
}

/** A photo by itself, where the two cannot be laid over each other. @param {Audit} audit @param {Photo} photo @param {"earlier" | "later"} which */
function side(audit, photo, which) {
  const canvas = make("canvas", { class: "compare__photo", role: "img", "aria-label": momentText(audit.taken_at) });
  const picture = photo.preview ?? photo.full;
  if (picture) {
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext("2d")?.drawImage(picture, 0, 0);
  }
  const words = which === "earlier" ? phrases.earlierAt : phrases.laterAt;
  return make(
    "figure",
    { class: "compare__side" },
    make("a", { href: link("audits", audit.id) }, canvas),
    make("figcaption", {}, words(momentText(audit.taken_at))),
  );
}

/** @param {Comparison} found @param {Audit} later @param {Audit} earlier */
function changes({ change, left, came, unseen }, later, earlier) {
  /** @type {[string, number | null, string, boolean][]} */
  const figures = [
    [texts.facings, change.facings, phrases.fromTo(whole(earlier.report.facings), whole(later.report.facings)), true],
    [
      texts.fillRate,
      change.fill_rate === null ? null : Math.round(change.fill_rate * 1000) / 10,
      phrases.fromTo(percent(earlier.report.fill_rate ?? 0), percent(later.report.fill_rate ?? 0)),
      true,
    ],
    [texts.gaps, change.gaps, phrases.fromTo(whole(earlier.report.gaps.length), whole(later.report.gaps.length)), false],
  ];
  const tiles = figures.map(([name, value, span, moreIsBetter]) => {
    const tone = !value ? null : value > 0 === moreIsBetter ? "good" : "bad";
    return make(
      "div",
      { class: "tile" },
      make("dt", {}, name),
      make("dd", { "data-tone": tone }, value === null ? "–" : phrases.changed(value)),
      make("dd", { class: "tile__note" }, span),
    );
  });
  const seen = left && came ? phrases.leftAndCame(left.length, came.length, unseen ?? 0) : "";
  return make("div", {}, make("dl", { class: "tiles board__totals" }, ...tiles), seen && make("p", { class: "page__lead" }, seen));
}

/** @param {Comparison} found @param {Wipe} wipe */
function lists({ left, came }, wipe) {
  /** @param {string} title @param {Box[]} boxes @param {"left" | "came"} kind */
  const list = (title, boxes, kind) =>
    make(
      "section",
      { class: "card compare__list", "aria-label": title },
      make("h2", { class: "section__title" }, title),
      boxes.length
        ? make(
            "ol",
            { class: "compare__items" },
            ...boxes.map((box, index) => {
              const run = () => {
                wipe.show(box);
                // The side that has it.
                wipe.setShare(kind === "left" ? 0.85 : 0.15);
                wipe.hooks.moved(wipe.share);
              };
              return make(
                "li",
                {},
                make(
                  "button",
                  { type: "button", class: "compare__item", onclick: run },
                  make("span", { class: `compare__swatch compare__swatch--${kind}`, "aria-hidden": "true" }),
                  phrases.facing(whole(index + 1)),
                ),
              );
            }),
          )
        : make("p", { class: "form__hint" }, texts.compareNone),
    );
  return make(
    "div",
    { class: "compare__lists" },
    list(texts.compareLeft, (left ?? []).map(({ box_later }) => box_later), "left"),
    list(texts.compareCame, (came ?? []).map(({ box }) => box), "came"),
  );
}

/** Other photos of the bay. @param {Audit} later @param {Audit} earlier @param {AbortSignal} signal */
function choices(later, earlier, signal) {
  /** @param {string} id @param {string} label @param {Audit} chosen */
  const select = (id, label, chosen) => {
    const field = make("select", { class: "field", id }, make("option", { value: chosen.id }, momentText(chosen.taken_at)));
    return { field, row: make("div", { class: "form__row" }, make("label", { for: id }, label), field) };
  };
  const before = select("compare-earlier", texts.compareEarlier, earlier);
  const after = select("compare-later", texts.compareLater, later);
  const changed = () => before.field.value !== after.field.value && go(link("compare", after.field.value, before.field.value));
  for (const { field } of [before, after]) field.addEventListener("change", changed);
  const swap = () => go(link("compare", earlier.id, later.id));
  const query = new URLSearchParams({ store: later.store, bay: later.bay, limit: String(CHOICES) });
  void getJson(`/audits?${query}`, signal).then(
    ({ items }) => {
      for (const [{ field }, chosen] of /** @type {const} */ ([[before, earlier], [after, later]])) {
        const all = items.some((/** @type {ListedAudit} */ { id }) => id === chosen.id) ? items : [chosen, ...items];
        field.replaceChildren(...all.map((/** @type {ListedAudit} */ { id, taken_at }) => make("option", { value: id }, momentText(taken_at))));
        field.value = chosen.id;
      }
    },
    () => {}, // then the two that are shown are the choice
  );
  return make(
    "div",
    { class: "compare__choices" },
    before.row,
    make("button", { type: "button", class: "button", onclick: swap }, texts.compareSwap),
    after.row,
  );
}
