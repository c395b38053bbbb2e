/** Axes: where their marks go. Pure functions. */

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Steps of a time axis; beyond the last one, months. */
const STEPS_MS = [HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, DAY_MS, 2 * DAY_MS, 7 * DAY_MS, 14 * DAY_MS, 30 * DAY_MS];

/**
 * Round values that cover a range: steps of 1, 2 or 5 times a power of ten.
 *
 * @param {number} least @param {number} most @param {number} count  about how many
 * @returns {number[]}
 */
export function ticks(least, most, count) {
  const span = most - least || Math.abs(most) || 1;
  const rough = span / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const first = Math.floor(least / step + 1e-9);
  const last = Math.ceil(most / step - 1e-9);
  return Array.from({ length: Math.max(last - first, 1) + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/**
 * Moments at whole hours or days of the person's own clock.
 *
 * @param {number} from  ms @param {number} to  ms @param {number} count  at most so many
 * @returns {{moments: number[], step: number}}  step: ms
 */
export function timeTicks(from, to, count) {
  const step = STEPS_MS.find((one) => (to - from) / one <= count) ?? Math.ceil((to - from) / count / (30 * DAY_MS)) * 30 * DAY_MS;
  const start = new Date(from);
  start.setHours(0, 0, 0, 0);
  const moments = [];
  // By the calendar, since a day is not always 24 hours.
  for (let index = 0; moments.length <= count + 1; index += 1) {
    const at = new Date(start);
    if (step >= DAY_MS) at.setDate(start.getDate() + Math.round((index * step) / DAY_MS));
    else at.setTime(start.getTime() + index * step);
    if (at.getTime() > to) break;
    if (at.getTime() >= from) moments.push(at.getTime());
  }
  return { moments, step };
}
