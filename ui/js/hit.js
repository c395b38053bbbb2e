/** What lies under a point or in a frame of the photo: pure geometry over the boxes of a review. */

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./edit.js").EditBox} EditBox */
/** @typedef {import("./edit.js").Handle} Handle */

/** @param {Box} box @param {Point} point */
export const holds = ([x1, y1, x2, y2], { x, y }) => x >= x1 && x <= x2 && y >= y1 && y <= y2;

/**
 * The smallest box at a point, those that are selected first: what one works on is not lost to what lies over it.
 *
 * @param {Iterable<EditBox>} boxes @param {Point} point @param {ReadonlySet<number>} selected
 * @returns {EditBox | null}
 */
export function boxUnder(boxes, point, selected) {
  let found = null;
  let least = Infinity;
  for (const one of boxes) {
    if (!holds(one.box, point)) continue;
    const [x1, y1, x2, y2] = one.box;
    const area = (x2 - x1) * (y2 - y1) - (selected.has(one.id) ? 1e12 : 0);
    if (area < least) [found, least] = [one, area];
  }
  return found;
}

/** Boxes whose middle is in the frame. @param {Iterable<EditBox>} boxes @param {Box} frame @returns {number[]} */
export function idsWithin(boxes, frame) {
  const ids = [];
  for (const { id, box } of boxes) {
    if (holds(frame, { x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2 })) ids.push(id);
  }
  return ids;
}

/**
 * The handle at a point: corners and whole edges. Inside it takes a quarter of the box at most, so that a small box can
 * still be moved.
 *
 * @param {Box} box @param {Point} point @param {number} reach  in the units of the box
 * @returns {Handle | null}
 */
export function handleAt([x1, y1, x2, y2], { x, y }, reach) {
  if (x < x1 - reach || x > x2 + reach || y < y1 - reach || y > y2 + reach) return null;
  const [inX, inY] = [Math.min(reach, (x2 - x1) / 4), Math.min(reach, (y2 - y1) / 4)];
  const vertical = y <= y1 + inY ? "n" : y >= y2 - inY ? "s" : "";
  const horizontal = x <= x1 + inX ? "w" : x >= x2 - inX ? "e" : "";
  return /** @type {Handle} */ (vertical + horizontal) || null;
}
