/** Prometheus' text format and the sums people make of it. Pure: nothing here knows the page. */

/** @typedef {{name: string, labels: Record<string, string>, value: number}} Sample */
/** A histogram's buckets, upper bounds rising, each holding all that is not above it. @typedef {[bound: number, count: number][]} Buckets */

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;
const LABEL = /([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?\s*/y;
/** @type {Record<string, string>} */
const ESCAPED = { n: "\n", '"': '"', "\\": "\\" };
/** @type {Record<string, number>} */
const WORDS = { "+Inf": Infinity, Inf: Infinity, "-Inf": -Infinity, NaN: NaN };

/**
 * Every sample of an answer; comments and lines of no sample are left out.
 *
 * @param {string} text
 * @returns {Sample[]}
 */
export function parse(text) {
  const samples = [];
  for (const line of text.split("\n")) {
    const match = line.startsWith("#") ? null : LINE.exec(line.trim());
    if (!match) continue;
    const [, name, inside = "", number] = match;
    const value = WORDS[number] ?? Number(number);
    if (Number.isNaN(value) && number !== "NaN") continue;
    samples.push({ name, labels: labelsOf(inside), value });
  }
  return samples;
}

/** @param {string} text  between the braces */
function labelsOf(text) {
  /** @type {Record<string, string>} */
  const labels = {};
  LABEL.lastIndex = 0;
  for (let match = LABEL.exec(text); match; match = LABEL.exec(text)) {
    labels[match[1]] = match[2].replace(/\\(.)/g, (_, character) => ESCAPED[character] ?? `\\${character}`);
  }
  return labels;
}

/** @param {Sample} sample @returns {string}  the same for the same series in every answer */
export const seriesOf = ({ name, labels }) =>
  `${name}{${Object.keys(labels)
    .sort()
    .map((key) => `${key}=${JSON.stringify(labels[key])}`)
    .join()}}`;

/**
 * How far each counter came from one answer to the next. One that fell began anew, so all it shows is new; so is one that
 * was not there before.
 *
 * @param {Sample[]} before
 * @param {Sample[]} after
 * @returns {Sample[]}
 */
export function increase(before, after) {
  const known = new Map(before.map((sample) => [seriesOf(sample), sample.value]));
  return after.map((sample) => {
    const from = known.get(seriesOf(sample)) ?? 0;
    return { ...sample, value: sample.value < from ? sample.value : sample.value - from };
  });
}

/** @typedef {(labels: Record<string, string>) => boolean} Match */

/** Over all series of a name. @param {Sample[]} samples @param {string} name @param {Match} [match] @returns {number} */
export function sum(samples, name, match = () => true) {
  let all = 0;
  for (const sample of samples) if (sample.name === name && match(sample.labels)) all += sample.value;
  return all;
}

/** Buckets of a histogram, over all its series. @param {Sample[]} samples @param {string} name  without `_bucket` @param {Match} [match] @returns {Buckets} */
export function bucketsOf(samples, name, match = () => true) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const { name: own, labels, value } of samples) {
    if (own !== `${name}_bucket` || !match(labels)) continue;
    const bound = WORDS[labels.le] ?? Number(labels.le);
    counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  return [...counts].sort(([a], [b]) => a - b);
}

/**
 * The value that a share of all observations does not exceed, as Prometheus' `histogram_quantile` estimates it: within the
 * bucket where it lies, evenly spread; beyond the last finite bound, that bound.
 *
 * @param {number} share  0 to 1
 * @param {Buckets} buckets
 * @returns {number}  NaN where nothing was observed
 */
export function quantile(share, buckets) {
  const all = buckets.at(-1)?.[1] ?? 0;
  if (buckets.length < 2 || buckets.at(-1)?.[0] !== Infinity || !(all > 0)) return NaN;
  if (share < 0) return -Infinity;
  if (share > 1) return Infinity;
  const rank = share * all;
  const at = buckets.findIndex(([, count]) => count >= rank);
  const [bound, count] = buckets[at];
  if (bound === Infinity) return buckets[at - 1][0];
  if (at === 0 && bound <= 0) return bound;
  const [low, below] = at === 0 ? [0, 0] : buckets[at - 1];
  return low + ((bound - low) * (rank - below)) / (count - below);
}
