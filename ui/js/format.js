/** Numbers as people read them. */

import { LOCALE } from "./texts.js";

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
