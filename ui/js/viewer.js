/** The stage: a photo and its boxes, drawn sharp at any zoom, moved by mouse, fingers and keys. */

import { prefersStill } from "./dom.js";
import { drawBoxes, drawGaps } from "./draw.js";
import { EDGE, colourOfGap, colouring } from "./palette.js";
import { clamp, fit, onPhoto, onStage, zoomAt } from "./view.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Detection} Detection */
/** @typedef {import("./types.js").Gap} Gap */
/** @typedef {import("./palette.js").Colouring} Colouring */
/** @typedef {import("./types.js").Size} Size */
/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./photo.js").Photo} Photo */

const GLIDE_MS = 200;
const REVEAL_MS = 700;
const KEY_STEP = 60;
const KEY_ZOOM = 1.3;
const DOUBLE_TAP_ZOOM = 2.5;
/** Less travel than this is a tap, in CSS pixels. */
const TAP_SLOP = 6;
const DOUBLE_TAP_MS = 320;
/** Drawing beyond the screen's own density costs time and shows nothing. */
const MOST_DENSITY = 3;
const LINE = 1.75;
const BLANK = "#8a928f";

export class Viewer {
  /**
   * @param {{stage: HTMLElement, photoCanvas: HTMLCanvasElement, boxesCanvas: HTMLCanvasElement}} elements
   * @param {{picked: (item: Detection | Gap | null, at: Point, how: "pointer" | "key") => void, viewed: (percent: number) => void}} hooks
   */
  constructor({ stage, photoCanvas, boxesCanvas }, hooks) {
    this.stage = stage;
    this.photoCanvas = photoCanvas;
    this.boxesCanvas = boxesCanvas;
    this.hooks = hooks;
    /** @type {Photo | null} */
    this.photo = null;
    /** @type {Size} */
    this.photoSize = { width: 1, height: 1 };
    /** @type {readonly Detection[]} */
    this.boxes = [];
    /** Empty places, drawn below the boxes. @type {readonly Gap[]} */
    this.gaps = [];
    /** @type {Detection | Gap | null} */
    this.picked = null;
    /** A part of the photo that stands out while the rest is dimmed. @type {Box | null} */
    this.marked = null;
    this.boxesShown = true;
    /** @type {Colouring} */
    this.colouring = "kind";
    /** The boxes in reading order, and what they were made from. @type {{of: readonly Detection[], boxes: Detection[]}} */
    this.reading = { of: this.boxes, boxes: [] };
    this.density = 1;
    /** @type {Size} */
    this.size = { width: 0, height: 0 };
    /** @type {View} */
    this.view = { x: 0, y: 0, scale: 1 };
    this.fitted = true;
    this.revealed = 1;
    this.frame = 0;
    this.glideFrame = 0;
    this.revealFrame = 0;
    this.photoStale = true;

    new ResizeObserver(() => this.resize()).observe(stage);
    this.listenPointers();
    stage.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    stage.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** @param {Photo | null} photo @param {Size} [size]  the size to assume when the browser cannot decode it */
  setPhoto(photo, size) {
    this.photo = photo;
    this.boxes = [];
    this.gaps = [];
    this.marked = null;
    this.pick(null);
    this.setSize(photo?.full ?? size ?? { width: 4, height: 3 });
  }

  /** @param {Size} size */
  setSize({ width, height }) {
    this.photoSize = { width, height };
    this.stage.style.setProperty("--photo-ratio", String(height / width));
    this.fit(false);
  }

  /** @param {readonly Detection[]} boxes @param {boolean} [reveal]  let them appear from left to right */
  setBoxes(boxes, reveal = false) {
    this.boxes = boxes;
    if (this.picked && !("severity" in this.picked) && !boxes.includes(this.picked)) this.pick(null);
    cancelAnimationFrame(this.revealFrame);
    this.revealed = 1;
    if (reveal && !prefersStill() && !document.hidden) {
      const start = performance.now();
      /** @param {number} now */
      const step = (now) => {
        this.revealed = Math.min(Math.max((now - start) / REVEAL_MS, 0), 1);
        this.draw();
        if (this.revealed < 1) this.revealFrame = requestAnimationFrame(step);
      };
      this.revealed = 0;
      this.revealFrame = requestAnimationFrame(step);
    }
    this.draw();
  }

  /** @param {readonly Gap[]} gaps */
  setGaps(gaps) {
    this.gaps = gaps;
    if (this.picked && "severity" in this.picked && !gaps.includes(this.picked)) this.pick(null);
    this.draw();
  }

  /** @param {Box | null} box  a row, say, that a table beside the stage points at */
  mark(box) {
    this.marked = box;
    this.draw();
  }

  /** @param {Colouring} by */
  colourBy(by) {
    this.colouring = by;
    this.draw();
  }

  /** @param {boolean} shown */
  showBoxes(shown) {
    this.boxesShown = shown;
    if (!shown) this.pick(null);
    this.draw();
  }

  get margin() {
    return Number.parseFloat(getComputedStyle(this.stage).getPropertyValue("--stage-margin")) || 0;
  }

  get fittedView() {
    return fit(this.size, this.photoSize, this.margin);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !height) return;
    const centre = onPhoto(this.view, { x: this.size.width / 2, y: this.size.height / 2 });
    this.size = { width, height };
    const density = Math.min(devicePixelRatio || 1, MOST_DENSITY);
    for (const canvas of [this.photoCanvas, this.boxesCanvas]) {
      canvas.width = Math.round(width * density);
      canvas.height = Math.round(height * density);
    }
    this.density = density;
    const { scale } = this.view;
    if (this.fitted) this.setView(this.fittedView, true);
    else this.setView({ scale, x: width / 2 - centre.x * scale, y: height / 2 - centre.y * scale }, false);
    // Resizing a canvas wipes it; waiting for the next frame would let an empty one be seen.
    this.paint();
  }

  /** @param {boolean} [glide] */
  fit(glide = true) {
    if (!this.size.width) this.resize();
    this.go(this.fittedView, true, glide);
  }

  /** @param {number} factor @param {Point} [point] @param {boolean} [glide] */
  zoomBy(factor, point = { x: this.size.width / 2, y: this.size.height / 2 }, glide = true) {
    const least = this.fittedView.scale;
    const view = zoomAt(this.view, factor, point, least);
    this.go(view, view.scale <= least * 1.001, glide);
  }

  /** @param {number} x @param {number} y @param {boolean} [glide] */
  panBy(x, y, glide = false) {
    this.go({ ...this.view, x: this.view.x + x, y: this.view.y + y }, this.fitted, glide);
  }

  /** @param {View} target @param {boolean} fitted @param {boolean} glide */
  go(target, fitted, glide) {
    cancelAnimationFrame(this.glideFrame);
    const to = fitted ? this.fittedView : clamp(target, this.size, this.photoSize, this.margin);
    if (!glide || prefersStill()) {
      this.setView(to, fitted);
      return;
    }
    const from = this.view;
    const start = performance.now();
    /** @param {number} now */
    const step = (now) => {
      const t = Math.min(Math.max((now - start) / GLIDE_MS, 0), 1);
      const ease = 1 - (1 - t) ** 3;
      /** @param {number} a @param {number} b */
      const mix = (a, b) => a + (b - a) * ease;
      const view = t < 1 ? { x: mix(from.x, to.x), y: mix(from.y, to.y), scale: mix(from.scale, to.scale) } : to;
      this.setView(view, fitted);
      if (t < 1) this.glideFrame = requestAnimationFrame(step);
    };
    this.glideFrame = requestAnimationFrame(step);
  }

  /** @param {View} view @param {boolean} fitted */
  setView(view, fitted) {
    this.view = view;
    this.fitted = fitted;
    this.photoStale = true;
    // At rest one finger scrolls the page past the photo; zoomed in, it moves the photo.
    this.stage.dataset.zoomed = String(!fitted);
    this.draw();
    this.hooks.viewed(view.scale);
    if (this.picked) this.tellPicked("key");
  }

  /** @param {Point} at @returns {Detection | Gap | null}  the smallest box there: small ones lie on large ones */
  boxAt(at) {
    if (!this.boxesShown) return null;
    const { x, y } = onPhoto(this.view, at);
    let found = null;
    let least = Infinity;
    for (const detection of this.boxes) {
      const [x1, y1, x2, y2] = detection.box;
      if (x < x1 || x > x2 || y < y1 || y > y2) continue;
      const area = (x2 - x1) * (y2 - y1);
      if (area < least) [found, least] = [detection, area];
    }
    found ??= this.gaps.find(({ box: [x1, y1, x2, y2] }) => x >= x1 && x <= x2 && y >= y1 && y <= y2) ?? null;
    return found;
  }

  /** @param {Detection | Gap | null} item @param {"pointer" | "key"} [how] */
  pick(item, how = "pointer") {
    if (item === this.picked) return;
    this.picked = item;
    this.tellPicked(how);
    this.draw();
  }

  /** @param {"pointer" | "key"} how */
  tellPicked(how) {
    if (!this.picked) {
      this.hooks.picked(null, { x: 0, y: 0 }, how);
      return;
    }
    const [x1, y1, x2] = onStage(this.view, this.picked.box);
    this.hooks.picked(this.picked, { x: (x1 + x2) / 2, y: y1 }, how);
  }

  /** Boxes as one reads: from the top row, left to right. */
  get readingOrder() {
    if (this.reading.of !== this.boxes) {
      const heights = this.boxes.map(({ box }) => box[3] - box[1]).sort((a, b) => a - b);
      const row = heights[heights.length >> 1] || 1;
      /** @param {Detection} detection */
      const rank = ({ box }) => Math.floor(box[3] / row);
      const boxes = [...this.boxes].sort((a, b) => rank(a) - rank(b) || a.box[0] - b.box[0]);
      this.reading = { of: this.boxes, boxes };
    }
    return this.reading.boxes;
  }

  /** @param {1 | -1} direction */
  step(direction) {
    const order = this.readingOrder;
    if (!order.length || !this.boxesShown) return;
    const from = this.picked && !("severity" in this.picked) ? order.indexOf(this.picked) : -1;
    const at = from < 0 && direction < 0 ? 0 : from;
    const next = order[(at + direction + order.length) % order.length];
    const [x1, y1, x2, y2] = onStage(this.view, next.box);
    const { width, height } = this.size;
    if (x1 < 0 || y1 < 0 || x2 > width || y2 > height) this.panBy(width / 2 - (x1 + x2) / 2, height / 2 - (y1 + y2) / 2);
    this.pick(next, "key");
  }

  listenPointers() {
    /** @type {Map<number, Point>} */
    const down = new Map();
    let travelled = 0;
    let lastTap = 0;
    /** @param {{clientX: number, clientY: number}} event */
    const place = (event) => {
      const { left, top } = this.stage.getBoundingClientRect();
      return { x: event.clientX - left - this.stage.clientLeft, y: event.clientY - top - this.stage.clientTop };
    };
    /** @param {Event} event */
    const onControl = (event) => event.target instanceof Element && event.target.closest("button") !== null;

    this.stage.addEventListener("pointerdown", (event) => {
      if (onControl(event) || event.button > 0) return;
      if (!down.size) travelled = 0;
      down.set(event.pointerId, place(event));
      this.stage.setPointerCapture(event.pointerId);
      cancelAnimationFrame(this.glideFrame);
    });

    this.stage.addEventListener("pointermove", (event) => {
      const before = down.get(event.pointerId);
      const now = place(event);
      if (!before) {
        if (event.pointerType === "mouse" && !onControl(event)) this.pick(this.boxAt(now));
        return;
      }
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      down.set(event.pointerId, now);
      travelled += Math.hypot(now.x - before.x, now.y - before.y);
      if (other) {
        const factor =
          Math.hypot(now.x - other.x, now.y - other.y) / Math.max(Math.hypot(before.x - other.x, before.y - other.y), 1);
        const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
        this.zoomBy(factor, middle, false);
        this.panBy((now.x - before.x) / 2, (now.y - before.y) / 2);
      } else if (travelled > TAP_SLOP) {
        this.stage.dataset.dragging = "true";
        if (!this.fitted) this.panBy(now.x - before.x, now.y - before.y);
      }
    });

    /** @param {PointerEvent} event */
    const lift = (event) => {
      if (!down.delete(event.pointerId)) return;
      if (!down.size) delete this.stage.dataset.dragging;
      if (event.type === "pointercancel" || travelled > TAP_SLOP) return;
      const at = place(event);
      const doubled = event.timeStamp - lastTap < DOUBLE_TAP_MS;
      lastTap = doubled ? 0 : event.timeStamp;
      if (!doubled) this.pick(this.boxAt(at));
      else if (this.fitted) this.zoomBy(DOUBLE_TAP_ZOOM, at);
      else this.fit();
    };
    this.stage.addEventListener("pointerup", lift);
    this.stage.addEventListener("pointercancel", lift);
    this.stage.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse" && !down.size) this.pick(null);
    });
  }

  /** @param {WheelEvent} event */
  onWheel(event) {
    // Where the page itself scrolls, a plain wheel belongs to the page until the photo is zoomed.
    const pageScrolls = document.documentElement.scrollHeight > innerHeight + 1;
    if (pageScrolls && this.fitted && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    // A pinch on a touchpad arrives as small steps with ctrlKey set.
    const speed = event.ctrlKey ? 0.01 : 0.0016;
    const { left, top } = this.stage.getBoundingClientRect();
    this.zoomBy(Math.exp(-event.deltaY * lines * speed), { x: event.clientX - left, y: event.clientY - top }, false);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.target !== this.stage || event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => void>} */
    const keys = {
      "+": () => this.zoomBy(KEY_ZOOM),
      "=": () => this.zoomBy(KEY_ZOOM),
      "-": () => this.zoomBy(1 / KEY_ZOOM),
      0: () => this.fit(),
      ArrowLeft: () => this.panBy(KEY_STEP, 0, true),
      ArrowRight: () => this.panBy(-KEY_STEP, 0, true),
      ArrowUp: () => this.panBy(0, KEY_STEP, true),
      ArrowDown: () => this.panBy(0, -KEY_STEP, true),
      n: () => this.step(1),
      p: () => this.step(-1),
      Escape: () => this.pick(null, "key"),
    };
    const action = keys[event.key];
    // At rest the arrows belong to the page, as they do everywhere else.
    if (!action || (this.fitted && event.key.startsWith("Arrow"))) return;
    event.preventDefault();
    action();
  }

  draw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => this.paint());
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.photoStale) this.paintPhoto();
    this.paintBoxes();
    // Where the photo lies, for whoever needs to find a photo pixel on the canvas.
    const { x, y, scale } = this.view;
    this.boxesCanvas.dataset.view = `${x} ${y} ${scale}`;
  }

  /** @param {HTMLCanvasElement} canvas */
  begin(canvas) {
    const context = canvas.getContext("2d");
    const density = this.density;
    context?.setTransform(density, 0, 0, density, 0, 0);
    context?.clearRect(0, 0, this.size.width, this.size.height);
    return context;
  }

  paintPhoto() {
    this.photoStale = false;
    const context = this.begin(this.photoCanvas);
    if (!context || !this.photo) return;
    const { x, y, scale } = this.view;
    const { width, height } = this.photoSize;
    const { full, preview } = this.photo;
    if (!full) {
      context.globalAlpha = 0.25;
      context.fillStyle = BLANK;
      context.fillRect(x, y, width * scale, height * scale);
      context.globalAlpha = 1;
      return;
    }
    const enough = preview && scale * this.density <= preview.width / full.width;
    context.imageSmoothingQuality = "high";
    // Beyond a few screen pixels per photo pixel, smoothing only blurs what one zoomed in to see.
    context.imageSmoothingEnabled = scale * this.density < 4;
    context.drawImage(enough ? preview : full, x, y, width * scale, height * scale);
  }

  paintBoxes() {
    const context = this.begin(this.boxesCanvas);
    if (!context || !this.boxesShown || !(this.boxes.length || this.gaps.length)) return;
    const { width, height } = this.size;
    const colour = colouring(this.colouring);
    const placed = [];
    for (const detection of this.boxes) {
      const at = onStage(this.view, detection.box);
      if (at[2] >= 0 && at[3] >= 0 && at[0] <= width && at[1] <= height) placed.push({ colour: colour(detection), box: at });
    }
    const gaps = this.gaps.map(({ severity, box }) => ({ severity, box: onStage(this.view, box) }));
    const density = this.density;
    // Small boxes get thinner lines, or a dense shelf turns into a mesh.
    const sides = placed.map(({ box }) => Math.min(box[2] - box[0], box[3] - box[1])).sort((a, b) => a - b);
    const side = sides[sides.length >> 1] ?? 0;
    const line = LINE * Math.min(Math.max(side / 36, 0.6), 1.15);

    const edge = this.view.x + this.photoSize.width * this.view.scale * this.revealed;
    context.save();
    if (this.revealed < 1) {
      context.beginPath();
      context.rect(0, 0, edge, height);
      context.clip();
    }
    drawGaps(context, gaps, LINE);
    drawBoxes(context, placed, { line, fill: this.picked ? 0.04 : 0.1, snap: density });
    context.restore();
    if (this.marked) this.paintMarked(context, this.marked);
    if (this.picked) this.paintPicked(context, this.picked);
  }

  /** @param {CanvasRenderingContext2D} context @param {Box} box */
  paintMarked(context, box) {
    const [x1, y1, x2, y2] = onStage(this.view, box);
    context.beginPath();
    context.rect(0, 0, this.size.width, this.size.height);
    context.rect(x1, y1, x2 - x1, y2 - y1);
    context.fillStyle = EDGE;
    context.fill("evenodd");
    context.lineWidth = 2;
    context.strokeStyle = "#fff";
    context.strokeRect(x1, y1, x2 - x1, y2 - y1);
  }

  /** @param {CanvasRenderingContext2D} context @param {Detection | Gap} item */
  paintPicked(context, item) {
    const [x1, y1, x2, y2] = onStage(this.view, item.box);
    context.beginPath();
    context.roundRect(x1, y1, x2 - x1, y2 - y1, 3);
    context.lineWidth = 5;
    context.strokeStyle = EDGE;
    context.stroke();
    context.globalAlpha = 0.22;
    context.fillStyle = "severity" in item ? colourOfGap(item.severity) : colouring(this.colouring)(item);
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = 2.5;
    context.strokeStyle = "#fff";
    context.stroke();
  }
}
