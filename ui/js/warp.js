/** One photo drawn as another one sees it: a homography, in small triangles that a canvas can draw. */

/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./types.js").Size} Size */
/** A 3 × 3 homography, row by row. @typedef {number[][]} Transform */

/** Cells a side. Within one, an affine step strays from the homography of a usual photo by under a pixel. */
const CELLS = 24;
/** Neighbouring triangles overlap by so much, or their edges would show; pixels of the result. */
const SEAM = 0.6;

/** @param {Transform} transform @param {Point} point @returns {Point} */
export function apply([a, b, c], { x, y }) {
  const w = c[0] * x + c[1] * y + c[2];
  return { x: (a[0] * x + a[1] * y + a[2]) / w, y: (b[0] * x + b[1] * y + b[2]) / w };
}

/**
 * @param {ImageBitmap} source  the whole earlier photo, at any scale
 * @param {Size} from  the earlier photo's own size, which `transform` starts in
 * @param {Transform} transform  to pixels of the later photo
 * @param {Size} to  the later photo's own size
 * @param {number} ratio  pixels of the result per pixel of the later photo
 * @returns {HTMLCanvasElement}  the earlier photo as the later one sees it; transparent where it shows nothing
 */
export function warp(source, from, transform, to, ratio) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(Math.round(to.width * ratio), 1);
  canvas.height = Math.max(Math.round(to.height * ratio), 1);
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  /** @param {number} column @param {number} row */
  const corner = (column, row) => {
    const at = { x: (column / CELLS) * from.width, y: (row / CELLS) * from.height };
    const { x, y } = apply(transform, at);
    return { source: { x: (at.x / from.width) * source.width, y: (at.y / from.height) * source.height }, x: x * ratio, y: y * ratio };
  };
  for (let row = 0; row < CELLS; row += 1) {
    for (let column = 0; column < CELLS; column += 1) {
      const [nw, ne, sw, se] = [corner(column, row), corner(column + 1, row), corner(column, row + 1), corner(column + 1, row + 1)];
      triangle(context, source, nw, ne, sw);
      triangle(context, source, se, sw, ne);
    }
  }
  return canvas;
}

/** @typedef {Point & {source: Point}} Corner */

/** @param {CanvasRenderingContext2D} context @param {ImageBitmap} picture @param {Corner} a @param {Corner} b @param {Corner} c */
function triangle(context, picture, a, b, c) {
  const { x: ax, y: ay } = a.source;
  const [bx, by] = [b.source.x - ax, b.source.y - ay];
  const [cx, cy] = [c.source.x - ax, c.source.y - ay];
  const area = bx * cy - cx * by;
  if (!area) return;
  // The affine map that takes the three corners of the source to those of the result.
  const [ux, uy, vx, vy] = [b.x - a.x, b.y - a.y, c.x - a.x, c.y - a.y];
  const m11 = (ux * cy - vx * by) / area;
  const m21 = (vx * bx - ux * cx) / area;
  const m12 = (uy * cy - vy * by) / area;
  const m22 = (vy * bx - uy * cx) / area;
  const middle = { x: (a.x + b.x + c.x) / 3, y: (a.y + b.y + c.y) / 3 };
  context.save();
  context.beginPath();
  for (const { x, y } of [a, b, c]) {
    const length = Math.hypot(x - middle.x, y - middle.y) || 1;
    context.lineTo(x + ((x - middle.x) / length) * SEAM, y + ((y - middle.y) / length) * SEAM);
  }
  context.clip();
  context.transform(m11, m12, m21, m22, a.x - m11 * ax - m21 * ay, a.y - m12 * ax - m22 * ay);
  context.drawImage(picture, 0, 0);
  context.restore();
}
