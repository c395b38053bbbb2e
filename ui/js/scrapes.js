/** The last minutes of the service's metrics, and the figures that come of them. */

import { bucketsOf, increase, quantile, sum } from "./prometheus.js";

/** @typedef {import("./prometheus.js").Sample} Sample */
/** @typedef {import("./prometheus.js").Match} Match */
/** One answer: when (ms), how long after the one before (ms; 0 for the first), what it shows, what was added. */
/** @typedef {{at: number, span: number, samples: Sample[], added: Sample[]}} Scrape */
/** A figure at a time; NaN where there is none. @typedef {{at: number, value: number}} Point */

export const KEPT_MS = 5 * 60_000;
/** A rate is taken over so long: shorter, it jumps; longer, it lags. */
const RATE_MS = 10_000;
/** And quantiles over so long, as they need more photos. */
const QUANTILE_MS = 60_000;

/** Gauges and the like are not needed from old answers but for these. */
const WANTED =
  /^(shelfwatch_(requests_total|request_seconds_bucket|detections_per_image_(sum|count)|queue_depth|in_flight_requests|rejected_total|model_info)|process_(resident_memory_bytes|cpu_seconds_total|start_time_seconds))$/;

/** What this page itself asks for would drown what others do. @type {Match} */
const others = ({ endpoint }) => endpoint !== "/metrics";
/** @type {Match} */
const predictions = ({ endpoint }) => endpoint === "/predict";

export class Scrapes {
  constructor() {
    /** Oldest first. @type {Scrape[]} */
    this.list = [];
  }

  /** @param {Sample[]} all @param {number} at  ms */
  add(all, at) {
    const samples = all.filter(({ name }) => WANTED.test(name));
    const before = this.list.at(-1);
    const added = before ? increase(before.samples, samples) : [];
    this.list.push({ at, span: before ? at - before.at : 0, samples, added });
    while (this.list[0].at < at - KEPT_MS) this.list.shift();
  }

  get latest() {
    return this.list.at(-1);
  }

  /** For how long figures are here. */
  get span() {
    return this.list.length ? this.list[this.list.length - 1].at - this.list[0].at : 0;
  }

  /** The steps that end in the time before the scrape at `index`; the first kept one has none within it. @param {number} index @param {number} length  ms */
  within(index, length) {
    const since = this.list[index].at - length;
    let first = index;
    while (first > 1 && this.list[first - 1].at > since) first -= 1;
    return index === 0 ? [] : this.list.slice(first, index + 1);
  }

  /** @param {number} index @param {string} name @param {Match} [match] @param {number} [length]  ms @returns {number}  a second */
  rate(index, name, match, length = RATE_MS) {
    const steps = this.within(index, length);
    const seconds = steps.reduce((all, { span }) => all + span, 0) / 1000;
    return seconds ? steps.reduce((all, { added }) => all + sum(added, name, match), 0) / seconds : NaN;
  }

  /** @param {number} index @param {number} share @param {number} [length]  ms @returns {number}  seconds */
  latency(index, share, length = QUANTILE_MS) {
    const added = this.within(index, length).flatMap((step) => step.added);
    return quantile(share, bucketsOf(added, "shelfwatch_request_seconds", predictions));
  }

  /** Products in a photo, on average. @param {number} index @param {number} [length]  ms */
  products(index, length = QUANTILE_MS) {
    const added = this.within(index, length).flatMap((step) => step.added);
    return sum(added, "shelfwatch_detections_per_image_sum") / sum(added, "shelfwatch_detections_per_image_count");
  }

  /** @param {(index: number) => number} figure @returns {Point[]} */
  points(figure) {
    return this.list.map(({ at }, index) => ({ at, value: figure(index) }));
  }

  /** @param {string} name  of a gauge */
  gauge(name) {
    return this.points((index) => sum(this.list[index].samples, name));
  }

  /** @param {string} first  digit of the status */
  answers(first) {
    const match = (/** @type {Record<string, string>} */ labels) => others(labels) && labels.status.startsWith(first);
    return this.points((index) => this.rate(index, "shelfwatch_requests_total", match));
  }

  photos() {
    return this.points((index) => this.rate(index, "shelfwatch_detections_per_image_count"));
  }

  /** 1 is one core. */
  cpu() {
    return this.points((index) => this.rate(index, "process_cpu_seconds_total"));
  }

  rejected() {
    return this.points((index) => this.rate(index, "shelfwatch_rejected_total"));
  }

  /** Over all that is kept. */
  rejectedReasons() {
    /** @type {Map<string, number>} */
    const reasons = new Map();
    for (const { added } of this.list) {
      for (const { name, labels, value } of added) {
        if (name !== "shelfwatch_rejected_total" || !value) continue;
        reasons.set(labels.reason, (reasons.get(labels.reason) ?? 0) + value);
      }
    }
    return reasons;
  }

  /** @returns {string[]}  name, version and precision of what is served */
  models() {
    const infos = this.latest?.samples.filter(({ name, value }) => name === "shelfwatch_model_info" && value) ?? [];
    return infos.map(({ labels: { name, version, precision } }) => `${name} ${version} ${precision.toUpperCase()}`).sort();
  }

  /** Of the process that is up longest; NaN where the system does not tell. @returns {number}  ms */
  started() {
    const starts = this.latest?.samples.filter(({ name }) => name === "process_start_time_seconds") ?? [];
    return starts.length ? Math.min(...starts.map(({ value }) => value * 1000)) : NaN;
  }
}
