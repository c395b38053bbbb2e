/** What is shown of an answer: pure functions over detections that are sorted by confidence, highest first. */

/** @typedef {import("./types.js").Detection} Detection */

/**
 * How many lead the list with at least this confidence. Binary search: the slider asks at every pixel it moves.
 *
 * @param {readonly Detection[]} sorted
 * @param {number} confidence
 */
export function countAtLeast(sorted, confidence) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle].confidence >= confidence) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * @param {readonly Detection[]} sorted
 * @param {number} confidence
 * @param {ReadonlySet<number>} hidden  class ids that are switched off
 */
export function visible(sorted, confidence, hidden) {
  const sure = sorted.slice(0, countAtLeast(sorted, confidence));
  return hidden.size ? sure.filter((detection) => !hidden.has(detection.class_id)) : sure;
}

/**
 * Count per class id.
 *
 * @param {readonly Detection[]} detections
 * @returns {Map<number, number>}
 */
export function countByClass(detections) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const { class_id } of detections) counts.set(class_id, (counts.get(class_id) ?? 0) + 1);
  return counts;
}

/**
 * How the confidences are spread over `bins` equal steps from `low` to 1.
 *
 * @param {readonly Detection[]} detections
 * @param {number} low
 * @param {number} bins
 */
export function spread(detections, low, bins) {
  const counts = new Array(bins).fill(0);
  for (const { confidence } of detections) {
    const bin = Math.floor(((confidence - low) / (1 - low)) * bins);
    counts[Math.min(Math.max(bin, 0), bins - 1)] += 1;
  }
  return /** @type {number[]} */ (counts);
}
