/** ShelfWatch in the browser: finds the page for an address, and holds what all pages share. */

import { applyTexts, byId, make } from "./dom.js";
import { openTasks } from "./open-tasks.js";
import { Problem } from "./errors.js";
import * as analyse from "./pages/analyse.js";
import { link, routeOf } from "./router.js";
import { isAbort, problemCard, setTitle } from "./shell.js";
import { status } from "./status.js";
import { DIRECTION, LOCALE, texts } from "./texts.js";
import { startTheme } from "./theme.js";
import { startWaitingList } from "./waiting-list.js";
import { verdicts } from "./verdicts.js";

/** @typedef {import("./router.js").Route} Route */
/**
 * What a page gets. It fills `root`; what it starts ends with `signal`; what it throws is shown with "try again".
 *
 * @typedef {object} Place
 * @property {HTMLElement} root
 * @property {string[]} params  from the address, decoded
 * @property {URLSearchParams} query
 * @property {AbortSignal} signal  aborted when the page is left
 */
/** @typedef {{open: (place: Place) => void | Promise<void>}} PageModule */

/** Loaded when first asked for, but for the one that listens for photos: they are dropped or shot on any page. @type {Record<Route["page"], () => Promise<PageModule>>} */
const PAGES = {
  analyse: async () => analyse,
  stores: () => import("./pages/stores.js"),
  bay: () => import("./pages/bay.js"),
  compare: () => import("./pages/compare.js"),
  audit: () => import("./pages/audit.js"),
  review: () => import("./pages/review.js"),
  todo: () => import("./pages/todo.js"),
  status: () => import("./pages/status.js"),
  settings: () => import("./pages/settings.js"),
};

/** Which entry of the navigation is lit. @type {Partial<Record<Route["page"], Route["page"]>>} */
const BELONGS = { bay: "stores", compare: "stores", audit: "stores", review: "stores" };

/** A page that takes longer than this shows that it is on its way. */
const PATIENCE_MS = 150;

let leaving = new AbortController();
let opened = false;

async function navigate() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const route = routeOf(location.hash);
  const root = byId("page", HTMLElement);
  const page = route?.page ?? "missing";
  document.body.dataset.page = page;
  byId("analyse", HTMLElement).hidden = page !== "analyse";
  root.hidden = page === "analyse";
  root.className = `page page--${page}`;
  for (const entry of document.querySelectorAll("[data-page-link]")) {
    const lit = route && entry.getAttribute("data-page-link") === (BELONGS[route.page] ?? route.page);
    if (lit) entry.setAttribute("aria-current", "page");
    else entry.removeAttribute("aria-current");
  }
  root.replaceChildren();
  if (page !== "analyse") scrollTo({ top: 0 });
  if (!route) showMissing(root);
  else await open(route, root, signal);
  if (!signal.aborted) focusHeading(root, page);
}

/** @param {Route} route @param {HTMLElement} root @param {AbortSignal} signal */
async function open({ page, params, query }, root, signal) {
  const waiting = setTimeout(() => {
    if (!signal.aborted && !root.childElementCount) root.append(skeleton());
  }, PATIENCE_MS);
  try {
    const module = await PAGES[page]().catch(() => {
      throw new Problem("network"); // the page's own script did not come
    });
    if (!signal.aborted) await module.open({ root, params, query, signal });
  } catch (error) {
    if (signal.aborted || isAbort(error)) return;
    root.replaceChildren(problemCard(error, () => void navigate()));
    if (page === "analyse") root.hidden = false;
  } finally {
    clearTimeout(waiting);
  }
}

/** Whoever came by keyboard or listens goes on at the new page's heading. @param {HTMLElement} root @param {string} page */
function focusHeading(root, page) {
  const first = !opened;
  opened = true;
  if (first || page === "analyse") return;
  const heading = root.querySelector("h1");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

const skeleton = () =>
  make(
    "div",
    { class: "skeleton", role: "status", "aria-label": texts.loading },
    make("span", { class: "skeleton__line skeleton__line--big" }),
    make("span", { class: "skeleton__block" }),
    make("span", { class: "skeleton__block" }),
  );

/** @param {HTMLElement} root */
function showMissing(root) {
  setTitle(texts.pageMissing);
  root.append(
    make("h1", { class: "page__title" }, texts.pageMissing),
    make("p", { class: "page__lead" }, texts.pageMissingText),
    make("a", { class: "button button--primary", href: link() }, texts.pageMissingNext),
  );
}

document.documentElement.lang = LOCALE;
document.documentElement.dir = DIRECTION;
applyTexts(document);
startTheme();
startWaitingList();
void status.refresh();
verdicts.start();
openTasks.start();
addEventListener("hashchange", () => void navigate());
void navigate();
// Without it the page only needs a network; some browsers forbid it in private windows.
navigator.serviceWorker?.register("/sw.js").catch(() => {});
