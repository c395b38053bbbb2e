/** Numbers as people read them. */

import { make } from "./dom.js";
import { preference } from "./preferences.js";
import { LOCALE, phrases } from "./texts.js";

const WHOLE = new Intl.NumberFormat(LOCALE);
const PERCENT = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 1 });
const SECONDS = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const TENTHS = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });

/** @param {number} value */
export const whole = (value) => WHOLE.format(value);

/** @param {number} value  0 to 1 */
export const percent = (value) => PERCENT.format(value);

/** A duration as a number and its unit, so that the two can be set in different sizes. @param {number} ms */
export function duration(ms) {
  if (ms >= 1000) return { value: SECONDS.format(ms / 1000), unit: "s" };
  return { value: ms < 10 ? TENTHS.format(ms) : WHOLE.format(Math.round(ms)), unit: "ms" };
}

/** @param {number} ms */
export function durationText(ms) {
  const { value, unit } = duration(ms);
  return `${value} ${unit}`;
}

/** The size of a photo, in pixels or megapixels as someone prefers. @param {{width: number, height: number}} size */
export function photoSize({ width, height }) {
  if (preference("size") === "px") return phrases.size(whole(width), whole(height));
  return phrases.megapixels(TENTHS.format((width * height) / 1e6));
}

/** A number with as many decimals as its size deserves. @param {number} value */
export const figure = (value) => (Math.abs(value) < 100 ? TENTHS : WHOLE).format(value);

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** @param {number} bytes */
export function bytesText(bytes) {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), BYTE_UNITS.length - 1);
  const unit = BYTE_UNITS[power];
  const value = bytes / 1000 ** power;
  const digits = power && value < 100 ? 1 : 0;
  return new Intl.NumberFormat(LOCALE, { style: "unit", unit, maximumFractionDigits: digits }).format(value);
}

/** Day and time of day, in the reader's time zone. @param {string | number} moment  ISO 8601, or milliseconds */
export function momentText(moment) {
  const clock = preference("clock");
  const hourCycle = clock === "locale" ? undefined : clock;
  return new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short", hourCycle }).format(new Date(moment));
}

/** The time of day with seconds. @param {number} moment  milliseconds */
export function timeText(moment) {
  const clock = preference("clock");
  return new Intl.DateTimeFormat(LOCALE, { timeStyle: "medium", hourCycle: clock === "locale" ? undefined : clock }).format(moment);
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const AGES = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** How long ago: "3 hours ago". @param {string | number} moment @param {number} [now] */
export function agoText(moment, now = Date.now()) {
  const seconds = (new Date(moment).getTime() - now) / 1000;
  const words = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
  for (const [unit, length] of AGES) {
    if (Math.abs(seconds) >= length) return words.format(Math.trunc(seconds / length), unit);
  }
  return words.format(0, "second");
}

/**
 * A moment as someone prefers to read it; the other way stands in the tip.
 *
 * @param {string} moment  ISO 8601
 */
export function momentTag(moment) {
  const relative = preference("when") === "relative";
  const [text, title] = relative ? [agoText(moment), momentText(moment)] : [momentText(moment), agoText(moment)];
  return make("time", { datetime: moment, title }, text);
}
