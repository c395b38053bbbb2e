/** Stores: a board of all bays, the emptiest first, to search and to filter. */

import { getJson } from "../api.js";
import { blocks } from "../board.js";
import { icon, make } from "../dom.js";
import { percent, whole } from "../format.js";
import { listExport } from "../list-export.js";
import { link } from "../router.js";
import { announce, setTitle } from "../shell.js";
import { phrases, texts } from "../texts.js";

/** @typedef {import("../board.js").Store} Store */
/** @typedef {import("../board.js").Filter} Filter */

const ANNOUNCE_MS = 600;

/** @param {import("../app.js").Place} place */
export async function open({ root, params: [only], query, signal }) {
  /** @type {Store[]} */
  const all = (await getJson("/stores", signal)).items;
  if (signal.aborted) return;
  const stores = only === undefined ? all : all.filter(({ store }) => store === only);
  setTitle(only ?? texts.pageStores);
  const head = make(
    "header",
    { class: "page__head" },
    make("h1", { class: "page__title" }, only ?? texts.pageStores),
    stores.length > 0 && make("div", { class: "page__actions" }, listExport(signal, only)),
  );
  const crumbs =
    only !== undefined &&
    make("nav", { class: "crumbs", "aria-label": texts.crumbs }, make("a", { href: link("stores") }, texts.pageStores));
  if (!stores.length) {
    root.replaceChildren(...[crumbs, head, only === undefined ? nothing() : missing()].filter((part) => part !== false));
    return;
  }
  const shown = blocks(stores, signal);
  const none = make("p", { class: "board__none", hidden: true }, texts.boardNone);
  /** @type {Filter} */
  const filter = { words: query.get("q") ?? "", alerts: query.get("alerts") === "1", below: belowOf(query.get("below")) };
  let timer = 0;

  const apply = () => {
    const count = shown.filter((block) => block.filter(filter)).length;
    none.hidden = count > 0;
    clearTimeout(timer);
    timer = window.setTimeout(() => announce(phrases.storesShown(count)), ANNOUNCE_MS);
  };
  const changed = () => {
    const kept = new URLSearchParams();
    if (filter.words) kept.set("q", filter.words);
    if (filter.alerts) kept.set("alerts", "1");
    if (filter.below < 1) kept.set("below", String(filter.below));
    const path = location.hash.split("?")[0];
    // The address leads back to what is seen, without a page in the history for each letter.
    history.replaceState(history.state, "", kept.size ? `${path}?${kept}` : path);
    // Names of bays are only known once they are there.
    if (filter.words) for (const block of shown) void block.load().then(apply);
    apply();
  };
  root.replaceChildren(
    ...[crumbs, head, totals(stores), controls(filter, changed)].filter((part) => part !== false),
    make("div", { class: "board" }, ...shown.map(({ element }) => element)),
    none,
  );
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        const block = isIntersecting && shown.find(({ element }) => element === target);
        if (!block) continue;
        seen.unobserve(target);
        void block.load().then(apply);
      }
    },
    { rootMargin: "300px" },
  );
  for (const { element } of shown) seen.observe(element);
  signal.addEventListener("abort", () => (seen.disconnect(), clearTimeout(timer)), { once: true });
  if (filter.words) changed();
  else apply();
}

/** @param {string | null} text */
function belowOf(text) {
  const below = Number(text);
  return below > 0 && below < 1 ? below : 1;
}

/** @param {Store[]} stores */
function totals(stores) {
  const rates = stores.map(({ worst_fill_rate }) => worst_fill_rate).filter((rate) => rate !== null);
  const sum = (/** @type {"bays" | "open_alerts"} */ name) => stores.reduce((total, store) => total + store[name], 0);
  const figures = [
    ...(stores.length > 1 ? [[texts.pageStores, whole(stores.length)]] : []),
    [texts.boardBays, whole(sum("bays"))],
    [texts.boardLowest, rates.length ? percent(Math.round(Math.min(...rates) * 100) / 100) : "–"],
    [texts.boardAlerts, whole(sum("open_alerts"))],
  ];
  return make(
    "dl",
    { class: "tiles board__totals" },
    ...figures.map(([name, value]) => make("div", { class: "tile" }, make("dt", {}, name), make("dd", {}, value))),
  );
}

/** @param {Filter} filter  changed in place @param {() => void} changed */
function controls(filter, changed) {
  const search = make("input", { class: "field board__search", id: "board-search", type: "search", value: filter.words, placeholder: texts.boardSearch });
  search.addEventListener("input", () => {
    filter.words = search.value.trim();
    changed();
  });
  const alerts = make("input", { type: "checkbox", id: "board-alerts", checked: filter.alerts });
  alerts.addEventListener("change", () => {
    filter.alerts = alerts.checked;
    changed();
  });
  const below = make(
    "select",
    { class: "field board__below", id: "board-below" },
    make("option", { value: "1" }, texts.boardAny),
    ...[0.95, 0.9, 0.8, 0.7, 0.5].map((rate) => make("option", { value: rate }, phrases.below(percent(rate)))),
  );
  if (![...below.options].some(({ value }) => Number(value) === filter.below)) {
    below.append(make("option", { value: filter.below }, phrases.below(percent(filter.below))));
  }
  below.value = String(filter.below);
  below.addEventListener("change", () => {
    filter.below = Number(below.value);
    changed();
  });
  return make(
    "div",
    { class: "board__controls", role: "search" },
    make("label", { class: "visually-hidden", for: "board-search" }, texts.boardSearch),
    search,
    make("label", { class: "visually-hidden", for: "board-below" }, texts.fillRate),
    below,
    make("label", { class: "closer board__check", for: "board-alerts" }, alerts, make("span", {}, texts.boardOnlyAlerts)),
  );
}

const nothing = () =>
  make(
    "div",
    { class: "empty" },
    icon("store"),
    make("p", { class: "empty__title" }, texts.boardEmpty),
    make("p", {}, texts.boardEmptyText),
    make("a", { class: "button button--primary", href: link() }, icon("camera"), texts.takePhoto),
  );

const missing = () =>
  make(
    "div",
    { class: "empty" },
    icon("store"),
    make("p", { class: "empty__title" }, texts.boardMissing),
    make("a", { class: "button", href: link("stores") }, texts.pageStores),
  );
