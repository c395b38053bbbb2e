/** Status: what the service's metrics tell while one looks, and of the minutes before. */

import { getText, health } from "../api.js";
import { icon, make } from "../dom.js";
import { Problem } from "../errors.js";
import { agoText, bytesText, durationText, figure, momentText, percent, timeText, whole } from "../format.js";
import { MetricTile, summaryOf } from "../metric-tile.js";
import { parse } from "../prometheus.js";
import { KEPT_MS, Scrapes } from "../scrapes.js";
import { announce, asProblem, isAbort, problemCard, setTitle } from "../shell.js";
import { status } from "../status.js";
import { phrases, texts } from "../texts.js";

const EVERY_MS = 2000;

/** Outlives the page, so that whoever comes back within minutes finds them. */
const scrapes = new Scrapes();

const perSecond = (/** @type {number} */ value) => phrases.perSecond(figure(value));
const seconds = (/** @type {number} */ value) => durationText(value * 1000);

/** @param {import("../app.js").Place} place */
export async function open({ root, signal }) {
  setTitle(texts.pageStatus);
  const tiles = makeTiles();
  const state = make("p", { class: "status-page__state" });
  const pause = make("button", { type: "button", class: "button", "aria-pressed": "false" }, texts.statusPause);
  const trouble = make("div", { class: "status-page__trouble" });
  const facts = make("dl", { class: "status-page__facts card" });
  const table = make("tbody");
  const details = make(
    "details",
    { class: "status-page__table", ontoggle: () => fillTable() },
    make("summary", {}, icon("chevron", "icon json__chevron"), texts.statusAsTable),
    make(
      "section",
      { class: "table-scroll", tabindex: 0, "aria-label": texts.statusAsTable },
      make(
        "table",
        { class: "table" },
        make("thead", {}, make("tr", {}, ...tableHeads())),
        table,
      ),
    ),
  );
  const body = make(
    "div",
    { class: "status-page__body", hidden: true },
    facts,
    make("div", { class: "metrics" }, ...Object.values(tiles).map((tile) => tile.root)),
    details,
  );
  const head = make(
    "div",
    { class: "page__head" },
    make("div", {}, make("h1", { class: "page__title" }, texts.pageStatus), state),
    make("div", { class: "page__actions" }, pause),
  );
  let paused = false;
  let timer = 0;
  let asking = false;

  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? texts.statusResume : texts.statusPause;
    announce(paused ? texts.statusPaused : texts.statusGoesOn);
    tell();
    if (!paused) void poll();
  });
  document.addEventListener("visibilitychange", () => !document.hidden && void poll(), { signal });
  document.addEventListener("themechange", () => Object.values(tiles).forEach((tile) => tile.draw()), { signal });
  addEventListener("resize", () => Object.values(tiles).forEach((tile) => tile.draw()), { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));

  async function poll() {
    clearTimeout(timer);
    if (paused || asking || document.hidden || signal.aborted) return;
    asking = true;
    const begun = Date.now();
    let wait = EVERY_MS;
    try {
      const samples = parse(await getText("/metrics", signal));
      if (!samples.length) throw new Problem("unexpected"); // something else answered
      scrapes.add(samples, Date.now());
      trouble.replaceChildren();
      show();
    } catch (error) {
      if (isAbort(error)) return;
      const problem = asProblem(error);
      wait = Math.max(EVERY_MS, problem.retryAfter * 1000);
      showTrouble(problem);
      if (problem.slug === "unauthorized") return; // only a key helps
    } finally {
      asking = false;
    }
    if (!signal.aborted) timer = window.setTimeout(() => void poll(), Math.max(0, wait - (Date.now() - begun)));
  }

  /** @param {import("../errors.js").Problem} problem */
  function showTrouble(problem) {
    body.classList.add("status-page__body--old");
    tell();
    // The same again would be read out every two seconds, and would take a half-typed key away.
    if (trouble.firstElementChild?.getAttribute("data-problem") === problem.slug) return;
    trouble.replaceChildren(problemCard(problem, () => void (trouble.replaceChildren(), poll())));
  }

  function tell() {
    const { latest } = scrapes;
    const when = latest ? phrases.statusAt(timeText(latest.at)) : "";
    state.textContent = paused ? `${texts.statusPaused}. ${when}` : trouble.childElementCount ? when : phrases.statusLive(when);
    state.dataset.tone = paused ? "busy" : trouble.childElementCount ? "bad" : "good";
  }

  function show() {
    const scrape = scrapes.latest;
    if (!scrape) return;
    body.hidden = false;
    body.classList.remove("status-page__body--old");
    tell();
    showTiles(tiles, scrape.at);
    showFacts(facts);
    fillTable();
  }

  function fillTable() {
    if (!details.open) return;
    const rows = Object.values(tiles).flatMap((tile) =>
      tile.series.map(({ name, points }) => {
        const { now, least, mean, most } = summaryOf(points);
        const cells = [now, least, mean, most].map((value) => make("td", { class: "table__number" }, tile.text(value)));
        const title = name === tile.title ? name : `${tile.title}, ${name}`;
        return make("tr", {}, make("th", { scope: "row" }, title), ...cells);
      }),
    );
    table.replaceChildren(...rows);
  }

  root.replaceChildren(head, trouble, body);
  tell();
  if (scrapes.latest) show();
  else body.hidden = true;
  await poll();
}

const tableHeads = () =>
  [texts.metric, texts.metricNow, texts.metricLeast, texts.metricMean, texts.metricMost].map((name, index) =>
    make("th", { scope: "col", class: index ? "table__number" : "" }, name),
  );

function makeTiles() {
  return {
    requests: new MetricTile({ id: "requests", title: texts.metricRequests, note: texts.metricRequestsNote, width: "wide", text: perSecond }),
    latency: new MetricTile({ id: "latency", title: texts.metricLatency, width: "wide", text: seconds }),
    photos: new MetricTile({ id: "photos", title: texts.metricPhotos, note: texts.metricPhotosNote, text: perSecond }),
    products: new MetricTile({ id: "products", title: texts.metricProducts, note: texts.metricProductsNote, text: figure }),
    rejected: new MetricTile({ id: "rejected", title: texts.metricRejected, text: perSecond }),
    queue: new MetricTile({ id: "queue", title: texts.metricQueue, note: texts.metricQueueNote, least: 5, text: whole }),
    flight: new MetricTile({ id: "in-flight", title: texts.metricInFlight, note: texts.metricInFlightNote, width: "third", least: 5, text: whole }),
    memory: new MetricTile({ id: "memory", title: texts.metricMemory, note: texts.metricMemoryNote, width: "third", text: bytesText }),
    cpu: new MetricTile({ id: "cpu", title: texts.metricCpu, note: texts.metricCpuNote, width: "third", least: 1, text: percent }),
  };
}

/** @param {ReturnType<typeof makeTiles>} tiles @param {number} to */
function showTiles(tiles, to) {
  const from = to - KEPT_MS;
  const last = scrapes.list.length - 1;
  /** @param {MetricTile} tile @param {import("../scrapes.js").Point[]} points @param {string} color @param {string} [note] */
  const single = (tile, points, color, note) => {
    const value = tile.text(points[points.length - 1].value);
    tile.show({ value, note, series: [{ name: tile.title, color, points, fill: true }], from, to });
  };
  const answers = [
    { name: texts.answersGood, color: "--accent-strong", points: scrapes.answers("2"), fill: true },
    { name: texts.answersRefused, color: "--busy", points: scrapes.answers("4") },
    { name: texts.answersFailed, color: "--bad", points: scrapes.answers("5") },
  ];
  const all = answers.reduce((sumOf, { points }) => sumOf + points[last].value, 0);
  tiles.requests.show({ value: tiles.requests.text(all), series: answers, from, to });
  const shares = /** @type {const} */ ([["p50", 0.5, "--accent-strong"], ["p95", 0.95, "--busy"], ["p99", 0.99, "--bad"]]);
  tiles.latency.show({
    value: shares.map(([name, share]) => `${name} ${tiles.latency.text(scrapes.latency(last, share, KEPT_MS))}`).join("  ·  "),
    note: phrases.metricLatencyNote(durationWords(Math.min(scrapes.span, KEPT_MS))),
    series: shares.map(([name, share, color]) => ({ name, color, points: scrapes.points((at) => scrapes.latency(at, share)) })),
    from,
    to,
  });
  single(tiles.photos, scrapes.photos(), "--accent-strong");
  single(tiles.queue, scrapes.gauge("shelfwatch_queue_depth"), "--accent-strong");
  single(tiles.flight, scrapes.gauge("shelfwatch_in_flight_requests"), "--accent-strong");
  const reasons = [...scrapes.rejectedReasons()].map(([reason, count]) => `${reason} ${whole(count)}`);
  single(tiles.rejected, scrapes.rejected(), "--busy", reasons.join(", ") || texts.metricRejectedNone);
  single(tiles.memory, scrapes.gauge("process_resident_memory_bytes"), "--accent-strong");
  single(tiles.cpu, scrapes.cpu(), "--accent-strong");
  single(tiles.products, scrapes.points((at) => scrapes.products(at)), "--accent-strong");
}

/** @param {number} ms */
const durationWords = (ms) => (ms < 60_000 ? phrases.secondsLong(Math.round(ms / 1000)) : phrases.minutesLong(Math.round(ms / 60_000)));

let version = "";

/** @param {HTMLElement} facts */
function showFacts(facts) {
  if (!version) {
    version = "–";
    void health().then((answer) => (version = answer.version || "–"));
  }
  const started = scrapes.started();
  const runtime = status.models[0]?.runtime;
  /** @type {[string, string][]} */
  const entries = [
    [texts.statusModels, scrapes.models().join(", ") || texts.statusFailed],
    [texts.statusVersion, version],
    [texts.statusUp, Number.isFinite(started) ? `${agoText(started)} (${momentText(started)})` : texts.metricNone],
  ];
  if (runtime) entries.push([texts.runtime, runtime]);
  const fact = (/** @type {[string, string]} */ [name, value]) =>
    make("div", { class: "status-page__fact" }, make("dt", {}, name), make("dd", {}, make("bdi", {}, value)));
  facts.replaceChildren(...entries.map(fact));
}
