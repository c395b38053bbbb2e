/** One bay: how full it is, how that went, its photos, its alerts, and what is expected of it. */

import { getJson, send } from "../api.js";
import { showAlerts } from "../bay-alerts.js";
import { toneOf } from "../bay-card.js";
import { bayForm, bayPath } from "../bay-form.js";
import { icon, make } from "../dom.js";
import { describe } from "../errors.js";
import { momentTag, percent, whole } from "../format.js";
import { listExport } from "../list-export.js";
import { link } from "../router.js";
import { segments } from "../segments.js";
import { asProblem, go, isAbort, notice, setTitle } from "../shell.js";
import { phrases, texts } from "../texts.js";
import { historyTable, timeline } from "../timeline.js";
import { Trend } from "../trend.js";

/** @typedef {import("../types.js").Bay} Bay */
/** @typedef {import("../types.js").HistoryPoint} HistoryPoint */
/** @typedef {import("../trend.js").Series} Series */

const DAY_MS = 86_400_000;
/** Rows of the table; the export has all. */
const MOST_ROWS = 500;

/** @param {import("../app.js").Place} place */
export async function open({ root, params: [store, name], signal }) {
  const path = bayPath(store, name);
  /** @type {[Bay, {points: HistoryPoint[], truncated: boolean}]} */
  const [bay, history] = await Promise.all([getJson(path, signal), getJson(`${path}/history`, signal)]);
  if (signal.aborted) return;
  setTitle(phrases.storeAndBay(store, name));
  const tiles = make("dl", { class: "tiles board__totals" });
  const alerts = make("section", { class: "section", hidden: true, "aria-label": texts.boardAlerts });
  const chart = new Chart(bay, history.points, signal);
  /** @param {Bay} now */
  const show = (now) => {
    Object.assign(bay, now);
    tiles.replaceChildren(...figures(bay));
    chart.draw();
    void showAlerts(store, name, alerts, signal);
  };
  const limits = make("div", {});
  /** The form anew, with what the service has now. */
  const showForm = () => limits.replaceChildren(bayForm(bay, signal, show));
  const asNow = bay.latest && expectNewest(bay, signal, (now) => (show(now), showForm()));
  root.replaceChildren(
    make(
      "nav",
      { class: "crumbs", "aria-label": texts.crumbs },
      make("a", { href: link("stores") }, texts.pageStores),
      make("span", { class: "crumbs__next" }, make("a", { href: link("stores", store) }, store)),
    ),
    make(
      "header",
      { class: "page__head" },
      make("h1", { class: "page__title" }, name),
      make("div", { class: "page__actions" }, bay.latest && listExport(signal, store, name)),
    ),
    tiles,
    alerts,
    history.points.length ? chart.element : empty(),
    ...(history.points.length ? [historyTable(history.points.slice(-MOST_ROWS)), timeline(store, name, signal)] : []),
    make("section", { class: "section card", "aria-labelledby": "limits-title" }, make("h2", { class: "section__title", id: "limits-title" }, texts.bayExpectations), asNow, limits),
  );
  show(bay);
  showForm();
}

/** @param {Bay} bay */
function figures(bay) {
  const { latest, stock, expected_facings } = bay;
  const when = latest ? momentTag(latest.taken_at) : "–";
  /** @type {[string, Node | string][]} */
  const items = [
    [texts.bayStock, stock === null ? "–" : percent(stock)],
    [texts.facings, latest ? (expected_facings === null ? whole(latest.facings) : phrases.outOf(whole(latest.facings), whole(expected_facings))) : "–"],
    [texts.gaps, latest ? whole(latest.gaps) : "–"],
    [texts.bayLastPhoto, when],
  ];
  return items.map(([term, value], index) =>
    make("div", { class: "tile", "data-tone": index ? null : toneOf(bay) }, make("dt", {}, term), make("dd", {}, value)),
  );
}

class Chart {
  /** @param {Bay} bay @param {HistoryPoint[]} points @param {AbortSignal} signal */
  constructor(bay, points, signal) {
    this.bay = bay;
    this.points = points;
    /** @type {Series} */
    this.series = "fill_rate";
    /** Days; 0 for all. */
    this.days = 0;
    this.trend = new Trend({ opened: ({ id }) => id && go(link("audits", id)) }, signal);
    this.none = make("p", { class: "trend__none", hidden: true }, texts.trendNone);
    this.element = make(
      "section",
      { class: "section card", "aria-labelledby": "trend-title" },
      make(
        "header",
        { class: "trend__head" },
        make("h2", { class: "section__title", id: "trend-title" }, texts.trend),
        segments(
          "series",
          texts.trendSeries,
          [
            ["fill_rate", texts.fillRate],
            ["facings", texts.facings],
            ["gaps", texts.gaps],
          ],
          this.series,
          (value) => {
            this.series = /** @type {Series} */ (value);
            this.draw();
          },
        ),
        segments(
          "range",
          texts.trendRange,
          [
            ["7", phrases.days(7)],
            ["30", phrases.days(30)],
            ["90", phrases.days(90)],
            ["0", texts.trendAll],
          ],
          "0",
          (value) => {
            this.days = Number(value);
            this.draw();
          },
        ),
      ),
      this.trend.element,
      this.none,
    );
  }

  draw() {
    if (!this.points.length) return;
    const { min_fill_rate, min_facings, max_gaps } = this.bay;
    const threshold = { fill_rate: min_fill_rate, facings: min_facings, gaps: max_gaps }[this.series];
    const times = this.points.map(({ taken_at }) => Date.parse(taken_at));
    const to = this.days ? Date.now() : Math.max(...times);
    const from = this.days ? to - this.days * DAY_MS : Math.min(...times);
    // A single moment has no width of its own.
    const room = Math.max((to - from) * 0.02, 30 * 60_000);
    this.trend.show(this.points, this.series, threshold, { from: from - room, to: to + room });
    this.none.hidden = this.trend.points.length > 0;
  }
}

/** @param {Bay} bay @param {AbortSignal} signal @param {(now: Bay) => void} saved */
function expectNewest(bay, signal, saved) {
  const facings = bay.latest?.facings ?? 0;
  const take = async () => {
    const { min_fill_rate, min_facings, max_gaps, alert_after } = bay;
    try {
      const body = { expected_facings: facings, min_fill_rate, min_facings, max_gaps, alert_after };
      saved(await send("PUT", bayPath(bay.store, bay.bay), body, signal));
      notice(phrases.baySaved(bay.bay));
    } catch (error) {
      if (!isAbort(error)) notice(describe(asProblem(error), false).title);
    }
  };
  return make(
    "p",
    { class: "bay__as-now" },
    make("button", { type: "button", class: "button button--small", onclick: () => void take() }, phrases.expectNow(whole(facings))),
  );
}

const empty = () =>
  make(
    "div",
    { class: "empty" },
    icon("camera"),
    make("p", { class: "empty__title" }, texts.bayEmpty),
    make("p", {}, texts.bayEmptyText),
    make("a", { class: "button button--primary", href: link() }, texts.takePhoto),
  );
