/** Stores with their bays, the emptiest first; a store's bays are fetched when it comes into view. */

import { getJson } from "./api.js";
import { bayCard } from "./bay-card.js";
import { icon, make } from "./dom.js";
import { momentTag, percent, whole } from "./format.js";
import { link } from "./router.js";
import { isAbort, problemCard } from "./shell.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./types.js").Bay} Bay */
/** @typedef {{store: string, bays: number, latest_taken_at: string | null, worst_fill_rate: number | null, open_alerts: number}} Store */
/** What someone looks for. @typedef {{words: string, alerts: boolean, below: number}} Filter  below: 0 to 1, 1 for any */

const MOST_REQUESTS = 4;
const TREND = 20;

/** How many requests run, and who waits. @type {(() => void)[]} */
const waiting = [];
let running = 0;

/** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
async function inTurn(work) {
  if (running >= MOST_REQUESTS) await new Promise((resolve) => waiting.push(() => resolve(null)));
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

/** Emptiest first; stores without a figure come last. @param {Store} a @param {Store} b */
const emptier = (a, b) => (a.worst_fill_rate ?? 2) - (b.worst_fill_rate ?? 2) || a.store.localeCompare(b.store);

/** @param {string} text */
const folded = (text) => text.toLocaleLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");

export class StoreBlock {
  /** @param {Store} store @param {AbortSignal} signal */
  constructor(store, signal) {
    this.store = store;
    this.signal = signal;
    /** Null until they were asked for. @type {Bay[] | null} */
    this.bays = null;
    /** @type {Promise<void> | null} */
    this.loading = null;
    /** @type {Map<Bay, HTMLElement>} */
    this.cards = new Map();
    this.list = make("ul", { class: "bays" });
    const { store: name, bays, worst_fill_rate, latest_taken_at, open_alerts } = store;
    this.element = make(
      "section",
      { class: "store", "aria-label": name },
      make(
        "header",
        { class: "store__head" },
        make("h2", { class: "store__name" }, make("a", { href: link("stores", name), title: name }, name)),
        make("span", { class: "store__facts" }, phrases.bayCount(bays), latest_taken_at ? " · " : "", latest_taken_at ? momentTag(latest_taken_at) : ""),
        open_alerts > 0 &&
          make(
            "span",
            { class: "badge", "data-tone": "bad" },
            icon("alert", "badge__icon"),
            phrases.openAlerts(whole(open_alerts), open_alerts),
          ),
        make("span", { class: "store__worst" }, worst_fill_rate === null ? "" : phrases.lowest(percent(Math.round(worst_fill_rate * 100) / 100))),
      ),
      this.list,
    );
  }

  load() {
    this.loading ??= this.fetch();
    return this.loading;
  }

  async fetch() {
    this.list.replaceChildren(make("li", { class: "bays__loading" }, texts.loading));
    try {
      const path = `/stores/${encodeURIComponent(this.store.store)}/bays?trend=${TREND}`;
      const { items } = await inTurn(() => getJson(path, this.signal));
      this.bays = items;
      this.list.replaceChildren();
    } catch (error) {
      if (isAbort(error)) return;
      this.loading = null;
      this.list.replaceChildren(make("li", {}, problemCard(error, () => void this.load().then(() => this.filter(this.last)))));
    }
  }

  /** Whether anything of the store may be shown. @param {Filter} filter */
  matches({ words, alerts, below }) {
    const { store, open_alerts, worst_fill_rate } = this.store;
    if (alerts && !open_alerts) return false;
    if (below < 1 && (worst_fill_rate === null || worst_fill_rate >= below)) return false;
    return !words || folded(store).includes(folded(words)) || this.bays === null || this.bays.some(({ bay }) => folded(bay).includes(folded(words)));
  }

  /** @type {Filter} */
  last = { words: "", alerts: false, below: 1 };

  /** Show what the filter lets through; whether that is anything. @param {Filter} filter */
  filter(filter) {
    this.last = filter;
    const { words, alerts, below } = filter;
    const own = folded(this.store.store).includes(folded(words));
    const shown = (this.bays ?? []).filter(
      ({ bay, open_alerts, stock }) =>
        (own || folded(bay).includes(folded(words))) && (!alerts || open_alerts > 0) && (below >= 1 || (stock !== null && stock < below)),
    );
    if (this.bays) {
      const cards = shown.map((bay) => {
        const card = this.cards.get(bay) ?? bayCard(bay, this.signal);
        this.cards.set(bay, card);
        return card;
      });
      // Only where something changes: a card that is taken out and put back loses the tap that is under way on it.
      const kept = this.list.children;
      if (cards.length !== kept.length || cards.some((card, i) => card !== kept[i])) this.list.replaceChildren(...cards);
    }
    this.element.hidden = !this.matches(filter) || (this.bays !== null && !shown.length);
    return !this.element.hidden;
  }
}

/** @param {Store[]} stores @param {AbortSignal} signal */
export const blocks = (stores, signal) => [...stores].sort(emptier).map((store) => new StoreBlock(store, signal));
