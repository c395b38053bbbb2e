/** Two registered photos on one stage: left of the line the earlier one, right of it the later one. */

import { make } from "./dom.js";
import { sharpen } from "./draw.js";
import { clamp, fit, onStage, zoomAt } from "./view.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Size} Size */
/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./view.js").View} View */
/** @typedef {ImageBitmap | HTMLCanvasElement} Picture */

export const LEFT = "#ff5d5d";
export const CAME = "#2ee6a8";
const EDGE = "rgb(4 16 12 / 65%)";
/** So near to the line it is the line that is dragged; CSS pixels. */
const GRIP = 22;
const KEY_STEP = 60;
const KEY_ZOOM = 1.3;

export class Wipe {
  /** @param {string} label @param {{moved: (share: number) => void}} hooks */
  constructor(label, hooks) {
    this.hooks = hooks;
    this.canvas = make("canvas", { class: "wipe__canvas", "aria-hidden": "true" });
    this.element = make("div", { class: "wipe", role: "application", tabindex: 0, "aria-label": label }, this.canvas);
    /** In pixels of the later photo, as all boxes are. @type {Size} */
    this.size = { width: 4, height: 3 };
    /** @type {{earlier: Picture | null, later: Picture | null}} */
    this.pictures = { earlier: null, later: null };
    /** @type {readonly Box[]} */
    this.left = [];
    /** @type {readonly Box[]} */
    this.came = [];
    /** @type {Box | null} */
    this.marked = null;
    /** Share of the stage that shows the earlier photo. */
    this.share = 0.5;
    /** @type {View} */
    this.view = { x: 0, y: 0, scale: 1 };
    this.fitted = true;
    this.frame = 0;
    new ResizeObserver(() => this.resize()).observe(this.canvas);
    this.listen();
  }

  get stage() {
    return { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
  }

  resize() {
    if (this.fitted) this.view = fit(this.stage, this.size, 0);
    this.paint();
  }

  /** @param {Size} size @param {Picture | null} earlier @param {Picture | null} later */
  setPictures(size, earlier, later) {
    this.size = size;
    this.pictures = { earlier, later };
    this.element.style.setProperty("--photo-ratio", String(size.height / size.width));
    this.fitted = true;
    this.resize();
  }

  /** @param {readonly Box[]} left @param {readonly Box[]} came */
  setBoxes(left, came) {
    this.left = left;
    this.came = came;
    this.draw();
  }

  /** @param {number} share */
  setShare(share) {
    this.share = Math.min(Math.max(share, 0), 1);
    this.draw();
  }

  /** Bring a box into the middle, large enough to be judged. @param {Box} box */
  show(box) {
    this.marked = box;
    const { width, height } = this.stage;
    const [x1, y1, x2, y2] = box;
    const least = fit(this.stage, this.size, 0).scale;
    const scale = Math.max(Math.min(width / (x2 - x1), height / (y2 - y1)) / 4, least);
    this.go({ scale, x: width / 2 - ((x1 + x2) / 2) * scale, y: height / 2 - ((y1 + y2) / 2) * scale });
  }

  /** @param {View} view */
  go(view) {
    const least = fit(this.stage, this.size, 0);
    this.fitted = view.scale <= least.scale * 1.001;
    this.view = this.fitted ? least : clamp(view, this.stage, this.size, 0);
    this.element.dataset.zoomed = String(!this.fitted);
    this.draw();
  }

  /** @param {number} factor @param {Point} [point] */
  zoomBy(factor, point = { x: this.stage.width / 2, y: this.stage.height / 2 }) {
    this.go(zoomAt(this.view, factor, point, fit(this.stage, this.size, 0).scale));
  }

  draw() {
    this.frame ||= requestAnimationFrame(() => this.paint());
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const sharp = sharpen(this.canvas);
    if (!sharp) return;
    const { context, width, height } = sharp;
    const line = this.share * width;
    this.paintSide(context, this.pictures.later, this.came, CAME, line, width, height);
    this.paintSide(context, this.pictures.earlier, this.left, LEFT, 0, line, height);
    context.fillStyle = "#fff";
    context.fillRect(line - 1, 0, 2, height);
    context.beginPath();
    context.roundRect(line - 14, height / 2 - 14, 28, 28, 14);
    context.fill();
    context.strokeStyle = "#101513";
    context.lineWidth = 2;
    context.beginPath();
    for (const side of [-1, 1]) {
      context.moveTo(line + side * 4, height / 2 - 5);
      context.lineTo(line + side * 9, height / 2);
      context.lineTo(line + side * 4, height / 2 + 5);
    }
    context.stroke();
    this.canvas.dataset.view = `${this.view.x} ${this.view.y} ${this.view.scale}`;
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {Picture | null} picture @param {readonly Box[]} boxes @param {string} colour
   * @param {number} from @param {number} to @param {number} height
   */
  paintSide(context, picture, boxes, colour, from, to, height) {
    context.save();
    context.beginPath();
    context.rect(from, 0, Math.max(to - from, 0), height);
    context.clip();
    const { x, y, scale } = this.view;
    context.imageSmoothingQuality = "high";
    if (picture) context.drawImage(picture, x, y, this.size.width * scale, this.size.height * scale);
    for (const box of boxes) {
      const [x1, y1, x2, y2] = onStage(this.view, box);
      const line = box === this.marked ? 4 : 2;
      context.strokeStyle = EDGE;
      context.lineWidth = line + 2;
      context.strokeRect(x1, y1, x2 - x1, y2 - y1);
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.strokeRect(x1, y1, x2 - x1, y2 - y1);
    }
    context.restore();
  }

  listen() {
    /** @type {Map<number, Point>} */
    const down = new Map();
    let onLine = false;
    /** @param {{clientX: number, clientY: number}} event */
    const place = (event) => {
      const { left, top } = this.canvas.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    /** @param {number} x */
    const wipeTo = (x) => {
      this.setShare(x / this.stage.width);
      this.hooks.moved(this.share);
    };
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      const at = place(event);
      if (!down.size) onLine = this.fitted || Math.abs(at.x - this.share * this.stage.width) < GRIP;
      down.set(event.pointerId, at);
      this.element.setPointerCapture(event.pointerId);
      if (onLine && down.size === 1) wipeTo(at.x);
    });
    this.element.addEventListener("pointermove", (event) => {
      const before = down.get(event.pointerId);
      if (!before) return;
      const now = place(event);
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      down.set(event.pointerId, now);
      if (other) {
        const apart = Math.max(Math.hypot(before.x - other.x, before.y - other.y), 1);
        this.zoomBy(Math.hypot(now.x - other.x, now.y - other.y) / apart, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
      } else if (onLine) wipeTo(now.x);
      else this.go({ ...this.view, x: this.view.x + now.x - before.x, y: this.view.y + now.y - before.y });
    });
    for (const kind of ["pointerup", "pointercancel"]) {
      this.element.addEventListener(kind, (event) => down.delete(/** @type {PointerEvent} */ (event).pointerId));
    }
    this.element.addEventListener(
      "wheel",
      (event) => {
        // The page scrolls where one only passes by.
        if (this.fitted && !event.ctrlKey && document.activeElement !== this.element) return;
        event.preventDefault();
        this.zoomBy(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), place(event));
      },
      { passive: false },
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const { x, y } = this.view;
      /** @type {Record<string, () => void>} */
      const keys = {
        "+": () => this.zoomBy(KEY_ZOOM),
        "=": () => this.zoomBy(KEY_ZOOM),
        "-": () => this.zoomBy(1 / KEY_ZOOM),
        0: () => this.zoomBy(0),
        ArrowLeft: () => this.go({ ...this.view, x: x + KEY_STEP }),
        ArrowRight: () => this.go({ ...this.view, x: x - KEY_STEP }),
        ArrowUp: () => this.go({ ...this.view, y: y + KEY_STEP }),
        ArrowDown: () => this.go({ ...this.view, y: y - KEY_STEP }),
      };
      if (!(event.key in keys) || (this.fitted && event.key.startsWith("Arrow"))) return;
      event.preventDefault();
      keys[event.key]();
    });
  }
}
