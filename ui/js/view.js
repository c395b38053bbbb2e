/** Where the photo lies on the stage: pure geometry, in CSS pixels. */

/** @typedef {import("./types.js").Size} Size */
/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./types.js").Box} Box */
/** A photo pixel p lies at `x + p.x * scale`, `y + p.y * scale`. @typedef {{x: number, y: number, scale: number}} View */

/** CSS pixels per photo pixel; at 8, single pixels are plain to see. */
const DEEPEST = 8;

/** @param {Size} stage @param {Size} photo @param {number} margin @returns {View} */
export function fit(stage, photo, margin) {
  const scale = Math.max(
    Math.min((stage.width - 2 * margin) / photo.width, (stage.height - 2 * margin) / photo.height),
    0.001,
  );
  return {
    scale,
    x: (stage.width - photo.width * scale) / 2,
    y: (stage.height - photo.height * scale) / 2,
  };
}

/**
 * Keep the photo reachable: centred while it is smaller than the stage, else without a gap at the edges.
 *
 * @param {View} view @param {Size} stage @param {Size} photo @param {number} margin @returns {View}
 */
export function clamp(view, stage, photo, margin) {
  /** @param {number} offset @param {number} room @param {number} length */
  const hold = (offset, room, length) =>
    length <= room - 2 * margin
      ? (room - length) / 2
      : Math.min(margin, Math.max(room - margin - length, offset));
  return {
    scale: view.scale,
    x: hold(view.x, stage.width, photo.width * view.scale),
    y: hold(view.y, stage.height, photo.height * view.scale),
  };
}

/**
 * Zoom so that what lies under `point` stays there.
 *
 * @param {View} view @param {number} factor @param {Point} point @param {number} least @returns {View}
 */
export function zoomAt(view, factor, point, least) {
  const scale = Math.min(Math.max(view.scale * factor, least), Math.max(DEEPEST, least));
  const ratio = scale / view.scale;
  return { scale, x: point.x - (point.x - view.x) * ratio, y: point.y - (point.y - view.y) * ratio };
}

/** @param {View} view @param {Box} box @returns {Box} */
export function onStage({ x, y, scale }, [x1, y1, x2, y2]) {
  return [x + x1 * scale, y + y1 * scale, x + x2 * scale, y + y2 * scale];
}

/** @param {View} view @param {Point} point @returns {Point}  in photo pixels */
export function onPhoto({ x, y, scale }, point) {
  return { x: (point.x - x) / scale, y: (point.y - y) / scale };
}
