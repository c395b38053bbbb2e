/** To do: what staff work from. The most urgent first, one tap each, also where the network is not. */

import { getJson } from "../api.js";
import { icon, make } from "../dom.js";
import { whole } from "../format.js";
import { openTasks } from "../open-tasks.js";
import { person } from "../person.js";
import { link } from "../router.js";
import { announce, isAbort, notice, problemCard, setTitle } from "../shell.js";
import { ANSWERS, taskCard, taskTitle } from "../task-card.js";
import { startTaskKeys } from "../task-keys.js";
import { phrases, texts } from "../texts.js";
import { describe } from "../errors.js";
import { verdicts } from "../verdicts.js";

/** @typedef {import("../types.js").Task} Task */
/** @typedef {import("../verdicts.js").Verdict} Verdict */

const PAGE = 30;
const KINDS = ["", "gap", "alert"];

/** @param {import("../app.js").Place} place */
export async function open({ root, query, signal }) {
  setTitle(texts.pageTodo);
  const feed = new Feed(query, signal);
  root.replaceChildren(head(feed), feed.waiting, feed.list, feed.end);
  startTaskKeys(feed.list, signal);
  feed.watch();
  await feed.load();
}

class Feed {
  /** @param {URLSearchParams} query @param {AbortSignal} signal */
  constructor(query, signal) {
    this.signal = signal;
    this.store = query.get("store") ?? "";
    this.bay = query.get("bay") ?? "";
    this.kind = KINDS.includes(query.get("kind") ?? "") ? (query.get("kind") ?? "") : "";
    /** In order, answered ones too, so that they find their place again. @type {Task[]} */
    this.tasks = [];
    /** @type {Map<string, {card: HTMLElement, end: AbortController}>} */
    this.cards = new Map();
    /** Notices of what was just said, by task. @type {Map<string, () => void>} */
    this.notices = new Map();
    /** @type {string | null} */
    this.cursor = null;
    this.loading = new AbortController();
    this.busy = false;
    this.lead = make("p", { class: "todo__lead" });
    this.waiting = make("p", { class: "todo__waiting", hidden: true });
    this.list = make("ul", { class: "todo__list", "aria-label": texts.pageTodo });
    this.end = make("div", { class: "todo__end" });
  }

  watch() {
    const { signal } = this;
    verdicts.addEventListener("change", () => this.showWaiting(), { signal });
    verdicts.addEventListener(
      "refused",
      (event) => event instanceof CustomEvent && this.refused(event.detail.task, event.detail.problem),
      { signal },
    );
    signal.addEventListener("abort", () => this.loading.abort());
    this.showWaiting();
  }

  /** From the top, as the filter is now. */
  async load() {
    this.loading.abort();
    this.loading = new AbortController();
    for (const { end } of this.cards.values()) end.abort();
    this.cards.clear();
    this.tasks = [];
    this.cursor = null;
    this.busy = false;
    this.list.replaceChildren();
    this.end.replaceChildren(
      make("div", { class: "skeleton", role: "status", "aria-label": texts.loading }, ...[1, 2, 3].map(() => make("span", { class: "skeleton__block" }))),
    );
    await this.more();
  }

  async more() {
    if (this.busy) return;
    this.busy = true;
    const { signal } = this.loading;
    const query = new URLSearchParams({ limit: String(PAGE) });
    for (const name of /** @type {const} */ (["store", "bay", "kind"])) if (this[name]) query.set(name, this[name]);
    if (this.cursor) query.set("cursor", this.cursor);
    try {
      const { items, next_cursor } = await getJson(`/tasks?${query}`, signal);
      if (signal.aborted) return;
      this.cursor = next_cursor;
      // What moved while one scrolled may come twice.
      const known = new Set(this.tasks.map(({ id }) => id));
      for (const task of items) {
        if (known.has(task.id)) continue;
        this.tasks.push(task);
        if (!verdicts.covers(task.id)) this.list.append(this.card(task));
      }
      this.showEnd();
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      this.end.replaceChildren(problemCard(error, () => void (this.tasks.length ? this.more() : this.load())));
    } finally {
      if (!signal.aborted) this.busy = false;
    }
  }

  /** @param {Task} task */
  card(task) {
    const end = new AbortController();
    const card = taskCard(task, (verdict) => this.answer(task, verdict), AbortSignal.any([this.signal, end.signal]));
    this.cards.set(task.id, { card, end });
    return card;
  }

  /** It goes at once; the service is told behind its back. @param {Task} task @param {Verdict} verdict */
  answer(task, verdict) {
    const made = this.cards.get(task.id);
    if (!made) return;
    const heir = made.card.nextElementSibling ?? made.card.previousElementSibling;
    const held = made.card.contains(document.activeElement);
    this.drop(task.id);
    if (held) this.focus(heir);
    openTasks.set(task.id, false);
    void verdicts.give(task.id, verdict, person());
    const { said } = ANSWERS.find((one) => one.verdict === verdict) ?? ANSWERS[0];
    for (const close of this.notices.values()) close();
    this.notices.clear();
    this.notices.set(task.id, notice(phrases.taskSaid(said, taskTitle(task)), { label: texts.undo, run: () => this.undo(task) }));
    this.showEnd();
    if (this.cursor && this.cards.size < PAGE / 3) void this.more();
  }

  /** @param {Task} task */
  undo(task) {
    void verdicts.takeBack(task.id);
    openTasks.set(task.id, true);
    this.restore(task)?.focus();
    announce(texts.taskBack);
  }

  /** @param {string} id @param {import("../errors.js").Problem} problem */
  refused(id, problem) {
    this.notices.get(id)?.();
    this.notices.delete(id);
    if (problem.slug === "not-found") {
      notice(texts.taskGone); // a newer photo has settled it
      return;
    }
    const task = this.tasks.find((one) => one.id === id);
    if (task) this.restore(task);
    openTasks.set(id, true);
    const { title, detail } = describe(problem, false);
    notice(phrases.taskRefused([title, detail].filter(Boolean).join(". ")));
  }

  /** Back to where it was. @param {Task} task */
  restore(task) {
    if (this.cards.has(task.id)) return this.cards.get(task.id)?.card;
    const after = this.tasks.slice(this.tasks.indexOf(task) + 1).find(({ id }) => this.cards.has(id));
    const card = this.card(task);
    this.list.insertBefore(card, (after && this.cards.get(after.id)?.card) ?? null);
    this.showEnd();
    return card;
  }

  /** @param {string} id */
  drop(id) {
    const made = this.cards.get(id);
    made?.end.abort();
    made?.card.remove();
    this.cards.delete(id);
  }

  /** @param {Element | null} card */
  focus(card) {
    if (card instanceof HTMLElement) card.focus();
    else this.end.querySelector("h2")?.focus();
  }

  showEnd() {
    const count = this.cards.size;
    const filtered = Boolean(this.store || this.bay || this.kind);
    // What is loaded is fewer than there are; the navigation has counted further.
    const all = !this.cursor ? whole(count) : (!filtered && openTasks.text) || `${whole(count)}+`;
    this.lead.textContent = count ? phrases.openTasks(this.cursor ? count + 1 : count, all) : "";
    this.list.hidden = !count;
    if (this.cursor) {
      const button = make("button", { type: "button", class: "button", onclick: () => void this.more() }, texts.more);
      this.end.replaceChildren(button);
      // Whoever scrolls there need not press it.
      const watch = new IntersectionObserver((entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        watch.disconnect();
        void this.more();
      });
      watch.observe(button);
      this.loading.signal.addEventListener("abort", () => watch.disconnect(), { once: true });
    } else if (count) this.end.replaceChildren();
    else this.end.replaceChildren(empty(filtered));
  }

  showWaiting() {
    const count = verdicts.waiting;
    const { obstacle } = verdicts;
    this.waiting.hidden = !count || !obstacle;
    if (!count || !obstacle) return;
    const next =
      obstacle.slug === "unauthorized"
        ? make("a", { class: "link-button", href: link("settings") }, texts.taskEnterKey)
        : make("button", { type: "button", class: "link-button", onclick: () => void verdicts.flush() }, texts.taskSendNow);
    this.waiting.replaceChildren(icon("cloud"), make("span", {}, phrases.taskWaiting(count, describe(obstacle, false).title)), next);
  }
}

/** @param {boolean} filtered */
const empty = (filtered) =>
  make(
    "section",
    { class: "empty" },
    icon("check"),
    make("h2", { class: "empty__title", tabindex: -1 }, filtered ? texts.todoNoneHere : texts.todoNone),
    make("p", {}, filtered ? texts.todoNoneHereText : texts.todoNoneText),
    make("a", { class: "button", href: filtered ? link("todo") : link("stores") }, filtered ? texts.todoAll : texts.todoStores),
  );

/** @param {Feed} feed */
function head(feed) {
  const name = person();
  const change = () => {
    const query = new URLSearchParams();
    for (const key of /** @type {const} */ (["store", "bay", "kind"])) if (feed[key]) query.set(key, feed[key]);
    // The page stays, and so does what has the focus; the address still leads here again.
    history.replaceState(null, "", query.size ? `${link("todo")}?${query}` : link("todo"));
    void feed.load();
  };
  const store = make("select", {
    class: "field todo__store",
    "aria-label": texts.todoStore,
    onchange: () => {
      feed.store = store.value;
      feed.bay = "";
      change();
    },
  });
  store.append(new Option(texts.todoEveryStore, ""));
  if (feed.store) store.append(new Option(feed.store, feed.store, true, true));
  void fillStores(store, feed);
  const kinds = KINDS.map((kind) => {
    const label = { gap: texts.todoGaps, alert: texts.todoAlerts }[kind] ?? texts.todoEvery;
    const input = make("input", { type: "radio", name: "todo-kind", value: kind, onchange: () => ((feed.kind = kind), change()) });
    input.checked = feed.kind === kind;
    return make("label", { class: "segment" }, input, make("span", {}, label));
  });
  return make(
    "div",
    { class: "page__head todo__head" },
    make("div", { class: "todo__words" }, make("h1", { class: "page__title" }, texts.pageTodo), feed.lead),
    make(
      "div",
      { class: "page__actions todo__filter" },
      store,
      make("fieldset", { class: "segments" }, make("legend", { class: "visually-hidden" }, texts.todoKind), ...kinds),
      make("button", { type: "button", class: "icon-button", "aria-label": texts.todoReload, title: texts.todoReload, onclick: () => void feed.load() }, icon("reload")),
    ),
    make(
      "p",
      { class: "todo__who" },
      name ? phrases.todoWho(name) : texts.todoNobody,
      " ",
      make("a", { class: "todo__link", href: link("settings") }, name ? texts.todoChangeName : texts.todoAddName),
      make("span", { class: "todo__keys" }, ...hint()),
    ),
  );
}

/** The keys, where there is a keyboard to speak of. */
const hint = () => [keys("JK", texts.todoKeysMove), keys("123", texts.todoKeysAnswer)];

/** @param {string} letters @param {string} what  they do */
const keys = (letters, what) => make("span", {}, ...[...letters].map((letter) => make("kbd", { class: "key" }, letter)), ` ${what}`);

/** @param {HTMLSelectElement} select @param {Feed} feed */
async function fillStores(select, feed) {
  try {
    const { items } = await getJson("/stores", feed.signal);
    const names = items.map((/** @type {{store: string}} */ { store }) => store);
    if (feed.store && !names.includes(feed.store)) names.unshift(feed.store);
    select.replaceChildren(new Option(texts.todoEveryStore, ""), ...names.map((/** @type {string} */ name) => new Option(name, name)));
    select.value = feed.store;
  } catch {
    // The list says what is the matter.
  }
}
