/** How a bay went: one of its figures over time on a canvas, read by pointer, finger and keys. */

import { make, token } from "./dom.js";
import { sharpen } from "./draw.js";
import { momentText, percent, whole } from "./format.js";
import { ticks, timeTicks } from "./scale.js";
import { announce } from "./shell.js";
import { LOCALE, phrases, texts } from "./texts.js";

/** @typedef {import("./types.js").HistoryPoint} HistoryPoint */
/** @typedef {"fill_rate" | "facings" | "gaps"} Series */

const LEFT = 48;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 28;
/** More dots than this are a band; the line alone is clearer. */
const MOST_DOTS = 120;
const DAY_MS = 86_400_000;
const HOURS = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });
const DAYS = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });

/** @param {Series} series @param {number} value */
export const valueText = (series, value) => (series === "fill_rate" ? percent(value) : whole(value));

export class Trend {
  /** @param {{opened: (point: HistoryPoint) => void}} hooks @param {AbortSignal} signal */
  constructor(hooks, signal) {
    /** @type {HistoryPoint[]} */
    this.points = [];
    /** @type {Series} */
    this.series = "fill_rate";
    /** @type {number | null} */
    this.threshold = null;
    this.from = 0;
    this.to = 1;
    /** Index of the point under the crosshair; -1 for none. */
    this.at = -1;
    this.canvas = make("canvas", { class: "trend__canvas", "aria-hidden": "true" });
    this.tip = make("p", { class: "trend__tip", hidden: true });
    this.element = make(
      "div",
      { class: "trend", role: "application", tabindex: 0, "aria-label": texts.trendLabel },
      this.canvas,
      this.tip,
    );
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    document.addEventListener("themechange", () => this.draw(), { signal });
    this.element.addEventListener("pointermove", (event) => this.point(event));
    this.element.addEventListener("pointerdown", (event) => this.point(event));
    this.element.addEventListener("pointerleave", () => this.cross(-1));
    this.element.addEventListener("blur", () => this.cross(-1));
    this.element.addEventListener("click", () => this.at >= 0 && hooks.opened(this.points[this.at]));
    this.element.addEventListener("keydown", (event) => this.onKey(event, hooks.opened));
  }

  /**
   * @param {HistoryPoint[]} points  oldest first @param {Series} series @param {number | null} threshold
   * @param {{from: number, to: number}} range  ms
   */
  show(points, series, threshold, { from, to }) {
    this.points = points.filter((point) => {
      const time = Date.parse(point.taken_at);
      return point[series] !== null && time >= from && time <= to;
    });
    this.series = series;
    this.threshold = threshold;
    this.from = from;
    this.to = Math.max(to, from + 1);
    this.cross(-1);
    this.draw();
  }

  /** @param {number} index @returns {number} */
  value(index) {
    return this.points[index][this.series] ?? 0;
  }

  get size() {
    return { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
  }

  /** @param {number} time  ms */
  x(time) {
    return LEFT + ((time - this.from) / (this.to - this.from)) * (this.size.width - LEFT - RIGHT);
  }

  /** The values the axis has to hold: rates down to what is there, counts from zero. */
  get marks() {
    const values = this.points.map((_, index) => this.value(index));
    if (this.threshold !== null) values.push(this.threshold);
    if (this.series === "fill_rate") return ticks(Math.min(...values, 0.9), 1, 4);
    return ticks(0, Math.max(...values, 4), 4);
  }

  /** @param {number} value @param {number[]} marks */
  y(value, marks) {
    const [least, most] = [marks[0], marks[marks.length - 1]];
    return TOP + (1 - (value - least) / (most - least || 1)) * (this.size.height - TOP - BOTTOM);
  }

  draw() {
    const sharp = sharpen(this.canvas);
    if (!sharp) return;
    const { context, width, height } = sharp;
    const marks = this.marks;
    const { moments, step } = timeTicks(this.from, this.to, Math.max(Math.floor((width - LEFT) / 90), 2));
    context.font = `12px ${token("--font")}`;
    context.fillStyle = token("--text-3");
    context.strokeStyle = token("--line");
    context.lineWidth = 1;
    context.textBaseline = "middle";
    context.textAlign = "right";
    context.beginPath();
    for (const mark of marks) {
      const y = Math.round(this.y(mark, marks)) + 0.5;
      context.moveTo(LEFT, y);
      context.lineTo(width - RIGHT, y);
      context.fillText(valueText(this.series, mark), LEFT - 8, y);
    }
    context.stroke();
    context.textAlign = "center";
    for (const moment of moments) {
      const x = this.x(moment);
      if (x < LEFT + 14 || x > width - RIGHT - 14) continue;
      context.fillText((step >= DAY_MS ? DAYS : HOURS).format(moment), x, height - BOTTOM / 2);
    }
    if (this.threshold !== null) this.drawThreshold(context, this.y(this.threshold, marks), width);
    this.drawLine(context, marks);
    if (this.at >= 0) this.drawCross(context, marks, height);
    // For whoever needs to know where a point lies.
    this.canvas.dataset.points = String(this.points.length);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} y @param {number} width */
  drawThreshold(context, y, width) {
    context.save();
    context.strokeStyle = token("--bad");
    context.fillStyle = token("--bad");
    context.setLineDash([5, 4]);
    context.beginPath();
    context.moveTo(LEFT, y);
    context.lineTo(width - RIGHT, y);
    context.stroke();
    context.textAlign = "right";
    context.fillText(texts.trendThreshold, width - RIGHT, y < TOP + 14 ? y + 9 : y - 9);
    context.restore();
  }

  /** @param {CanvasRenderingContext2D} context @param {number[]} marks */
  drawLine(context, marks) {
    context.strokeStyle = token("--accent-strong");
    context.fillStyle = token("--accent-strong");
    context.lineWidth = 2;
    context.lineJoin = "round";
    context.beginPath();
    this.points.forEach(({ taken_at }, index) => context.lineTo(this.x(Date.parse(taken_at)), this.y(this.value(index), marks)));
    context.stroke();
    if (this.points.length > MOST_DOTS) return;
    for (const [index, { taken_at }] of this.points.entries()) {
      context.beginPath();
      context.arc(this.x(Date.parse(taken_at)), this.y(this.value(index), marks), 3, 0, 7);
      context.fill();
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {number[]} marks @param {number} height */
  drawCross(context, marks, height) {
    const x = this.x(Date.parse(this.points[this.at].taken_at));
    context.strokeStyle = token("--text-3");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(Math.round(x) + 0.5, TOP);
    context.lineTo(Math.round(x) + 0.5, height - BOTTOM);
    context.stroke();
    context.beginPath();
    context.arc(x, this.y(this.value(this.at), marks), 5, 0, 7);
    context.fillStyle = token("--surface");
    context.fill();
    context.lineWidth = 2.5;
    context.strokeStyle = token("--accent-strong");
    context.stroke();
  }

  /** The nearest point in time. @param {PointerEvent} event */
  point(event) {
    const x = event.clientX - this.canvas.getBoundingClientRect().left;
    let nearest = -1;
    let least = Infinity;
    this.points.forEach(({ taken_at }, index) => {
      const away = Math.abs(this.x(Date.parse(taken_at)) - x);
      if (away < least) [nearest, least] = [index, away];
    });
    this.cross(nearest);
  }

  /** @param {KeyboardEvent} event @param {(point: HistoryPoint) => void} opened */
  onKey(event, opened) {
    const last = this.points.length - 1;
    /** @type {Record<string, number>} */
    const to = {
      ArrowLeft: this.at < 0 ? last : Math.max(this.at - 1, 0),
      ArrowRight: this.at < 0 ? 0 : Math.min(this.at + 1, last),
      Home: 0,
      End: last,
      Escape: -1,
    };
    if (event.key === "Enter" && this.at >= 0) opened(this.points[this.at]);
    else if (event.key in to && last >= 0) {
      event.preventDefault();
      this.cross(to[event.key]);
      if (this.at >= 0) announce(this.words);
    }
  }

  get words() {
    const { taken_at } = this.points[this.at];
    return phrases.trendPoint(momentText(taken_at), valueText(this.series, this.value(this.at)));
  }

  /** @param {number} index */
  cross(index) {
    if (index === this.at) return;
    this.at = index;
    this.draw();
    this.tip.hidden = index < 0;
    if (index < 0) return;
    this.tip.textContent = this.words;
    const x = this.x(Date.parse(this.points[index].taken_at));
    const left = Math.min(Math.max(x - this.tip.offsetWidth / 2, 0), this.size.width - this.tip.offsetWidth);
    this.tip.style.translate = `${Math.round(left)}px 0`;
  }
}
