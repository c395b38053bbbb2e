/** One figure of the service with its last minutes as a line, in words too. */

import { drawLines } from "./chart.js";
import { make } from "./dom.js";
import { timeText } from "./format.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./scrapes.js").Point} Point */
/** @typedef {{name: string, color: string, points: Point[], fill?: boolean}} Series */
/** @typedef {{least: number, mean: number, most: number, now: number}} Summary  NaN where nothing is known */

/** @param {Point[]} points @returns {Summary} */
export function summaryOf(points) {
  const values = points.map(({ value }) => value).filter(Number.isFinite);
  if (!values.length) return { least: NaN, mean: NaN, most: NaN, now: NaN };
  const mean = values.reduce((all, value) => all + value, 0) / values.length;
  return { least: Math.min(...values), mean, most: Math.max(...values), now: points[points.length - 1].value };
}

export class MetricTile {
  /**
   * @param {object} what
   * @param {string} what.id  for those who look for it
   * @param {string} what.title
   * @param {string} [what.note]  what the figure is
   * @param {"" | "wide" | "third"} [what.width]  of the row; without one, a quarter
   * @param {number} [what.least]  of the top of the scale
   * @param {(value: number) => string} what.text  a value with its unit
   */
  constructor({ id, title, note = "", width = "", least, text }) {
    this.title = title;
    this.text = (/** @type {number} */ value) => (Number.isFinite(value) ? text(value) : texts.metricNone);
    this.least = least;
    /** @type {Series[]} */
    this.series = [];
    this.from = 0;
    this.to = 1;
    // Apart from what surrounds it, so that a unit stays behind its number where one reads from the right.
    this.value = make("bdi", {}, texts.metricNone);
    this.note = make("dd", { class: "metric__note" }, note);
    this.top = make("bdi", { class: "metric__top", "aria-hidden": true });
    this.canvas = make("canvas", { class: "metric__chart", role: "img", "aria-label": title });
    this.legend = make("dd", { class: "metric__legend" });
    this.root = make(
      "div",
      { class: width ? `metric card metric--${width}` : "metric card", "data-metric": id },
      make(
        "dl",
        { class: "metric__words" },
        make("dt", { class: "metric__title" }, title),
        make("dd", { class: "metric__value" }, this.value),
        this.note,
        this.legend,
      ),
      make("div", { class: "metric__plot" }, this.canvas, this.top),
    );
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => this.rest());
  }

  /** @param {{value: string, note?: string, series: Series[], from: number, to: number}} figures */
  show({ value, note, series, from, to }) {
    Object.assign(this, { series, from, to });
    this.value.textContent = value;
    if (note !== undefined) this.note.textContent = note;
    this.draw();
    const words = series.map(({ name, points }) => {
      const { least, most, now } = summaryOf(points);
      return phrases.metricSummary(name, this.text(now), this.text(least), this.text(most));
    });
    this.canvas.setAttribute("aria-label", `${this.title}. ${words.join(" ")}`);
    if (!this.pointed) this.rest();
  }

  draw() {
    const lines = this.series.map(({ points, color, fill }) => ({ points, color, fill }));
    this.top.textContent = this.text(drawLines(this.canvas, { lines, from: this.from, to: this.to, least: this.least }));
  }

  /** What the lines are, now. */
  rest() {
    this.pointed = false;
    this.write((points) => points[points.length - 1], "");
  }

  /** What they were, under the pointer. @param {PointerEvent} event */
  point(event) {
    this.pointed = true;
    const box = this.canvas.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    const back = getComputedStyle(this.canvas).direction === "rtl" ? 1 - share : share;
    const at = this.from + back * (this.to - this.from);
    const nearest = (/** @type {Point[]} */ points) =>
      points.reduce((best, one) => (Math.abs(one.at - at) < Math.abs(best.at - at) ? one : best), points[0]);
    const moment = nearest(this.series[0]?.points ?? []);
    this.write(nearest, moment ? timeText(moment.at) : "");
  }

  /** @param {(points: Point[]) => Point | undefined} pick @param {string} when */
  write(pick, when) {
    const entries = this.series.map(({ name, color, points }) => {
      const swatch = make("span", { class: "metric__swatch", "data-color": color.replace("--", ""), "aria-hidden": true });
      return make("span", { class: "metric__line" }, swatch, `${name} `, make("bdi", { class: "metric__now" }, this.text(pick(points)?.value ?? NaN)));
    });
    // A single line needs its value only while another moment is looked at.
    const shown = this.series.length > 1 || when ? entries : [];
    this.legend.replaceChildren(...shown, when && make("span", { class: "metric__when" }, when));
  }
}
