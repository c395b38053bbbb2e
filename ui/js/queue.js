/** Which box is looked at next: the least sure ones first, what people drew last. Pure. */

/** @typedef {import("./edit.js").EditBox} EditBox */
/** @typedef {import("./types.js").Detection} Detection */
/** @typedef {{filter: string, seen: ReadonlySet<number>, detections: readonly Detection[]}} Sieve  filter: "", "unseen", "changed" or "label:…" */

/** @param {EditBox} one @param {readonly Detection[]} detections @returns {number | null}  null: a person drew it */
export const confidenceOf = ({ source }, detections) => (source === null ? null : (detections[source]?.confidence ?? null));

/** @param {Iterable<EditBox>} boxes @param {readonly Detection[]} detections @returns {EditBox[]} */
export function inOrder(boxes, detections) {
  const rank = (/** @type {EditBox} */ one) => confidenceOf(one, detections) ?? 2;
  return [...boxes].sort((a, b) => rank(a) - rank(b) || a.id - b.id);
}

/** Whether a box is no longer what the model said. @param {EditBox} one @param {readonly Detection[]} detections */
export function isChanged({ source, label, box }, detections) {
  const found = source === null ? undefined : detections[source];
  return !found || found.label !== label || found.box.some((value, index) => Math.abs(value - box[index]) > 0.05);
}

/** @param {EditBox} one @param {Sieve} sieve */
export function passes(one, { filter, seen, detections }) {
  if (filter === "unseen") return !seen.has(one.id);
  if (filter === "changed") return isChanged(one, detections);
  return !filter.startsWith("label:") || one.label === filter.slice(6);
}

/**
 * The next one from where one is; where that is in the list no more, from where it would be.
 *
 * @param {readonly EditBox[]} order  all, in order @param {number | undefined} from  id @param {1 | -1} step
 * @param {(one: EditBox) => boolean} wanted
 * @returns {EditBox | null}
 */
export function nextOf(order, from, step, wanted) {
  const at = order.findIndex(({ id }) => id === from);
  const start = at < 0 && step < 0 ? 0 : at;
  for (let count = 1; count <= order.length; count += 1) {
    const one = order[(start + step * count + order.length * 2) % order.length];
    if (one.id !== from && wanted(one)) return one;
  }
  return null;
}
