/** The stage of a review: boxes are drawn, moved and pulled on it, by mouse, finger and keys. */

import { make } from "./dom.js";
import { drawBoxes } from "./draw.js";
import { moved, pulled, tidy } from "./edit.js";
import { drawHandles, outline, strokeTwice } from "./hand.js";
import { boxUnder, handleAt, idsWithin } from "./hit.js";
import { fit, onPhoto, onStage } from "./view.js";
import { Viewer } from "./viewer.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./edit.js").EditBox} EditBox */
/** @typedef {import("./edit.js").Edits} Edits */
/** @typedef {import("./edit.js").Handle} Handle */
/** What dragging does: work on boxes, draw anywhere, frame several. @typedef {"edit" | "add" | "several"} Tool */
/**
 * What a pointer is at.
 *
 * @typedef {object} Drag
 * @property {"press" | "draw" | "move" | "pull" | "frame" | "pan"} kind  press: not yet known whether it will move
 * @property {Point} from  on the photo
 * @property {Point} start  on the stage
 * @property {Point} now  on the photo
 * @property {EditBox | null} hit
 * @property {Handle | null} handle
 * @property {boolean} more  adds to what is selected
 */
/**
 * @typedef {object} EditorHooks
 * @property {() => void} edited
 * @property {() => void} selected
 * @property {(tool: Tool) => void} tooled
 * @property {(box: EditBox) => {colour: string, seen: boolean}} look
 * @property {() => string} label  of a box that is drawn now
 */

/** Less travel than this is a tap, in CSS pixels. */
const SLOP = { mouse: 3, touch: 8 };
const REACH = { mouse: 7, touch: 18 };
/** Anything smaller was not meant as a box, in CSS pixels. */
const LEAST_DRAWN = 5;
const HANDLE = { mouse: 8, touch: 12 };
/** A box that is stepped to is shown at least this large, in CSS pixels. */
const LEAST_SHOWN = 26;
const GOOD_SHOWN = 72;

/** @type {Record<Handle, string>} */
const CURSORS = { n: "ns", s: "ns", e: "ew", w: "ew", nw: "nwse", se: "nwse", ne: "nesw", sw: "nesw" };

export class Editor extends Viewer {
  /**
   * @param {ConstructorParameters<typeof Viewer>[0]} elements
   * @param {ConstructorParameters<typeof Viewer>[1]} hooks
   * @param {Edits} edits
   * @param {EditorHooks} editing
   */
  constructor(elements, hooks, edits, editing) {
    super(elements, hooks);
    this.edits = edits;
    this.editing = editing;
    /** @type {Set<number>} */
    this.selection = new Set();
    /** @type {Tool} */
    this.tool = "edit";
    /** @type {EditBox | null} */
    this.hovered = null;
    /** What is drawn dashed, to compare: the model's answer. @type {readonly Box[]} */
    this.ghosts = [];
    /** @type {"mouse" | "touch"} */
    this.hand = "mouse";
    // What changes with every frame of a drag lies on a canvas of its own; the boxes below are drawn once.
    this.handCanvas = make("canvas", { class: "stage__canvas", "aria-hidden": "true" });
    this.boxesCanvas.after(this.handCanvas);
    this.boxesStale = true;
    this.viewDrawn = this.view;
  }

  /** @param {Iterable<number>} ids */
  select(ids) {
    this.selection = new Set([...ids].filter((id) => this.edits.boxes.has(id)));
    this.draw();
    this.editing.selected();
  }

  /** @param {Tool} tool */
  use(tool) {
    this.tool = tool;
    this.stage.dataset.tool = tool;
    this.cursor("");
    this.editing.tooled(tool);
  }

  /** After boxes were changed. @param {Iterable<number>} [select] */
  changed(select) {
    this.boxesStale = true;
    this.hovered = null;
    this.select(select ?? this.selection);
    this.editing.edited();
  }

  /** @param {readonly Box[]} boxes */
  compareWith(boxes) {
    this.ghosts = boxes;
    this.redraw();
  }

  /** The look of boxes has changed. */
  redraw() {
    this.boxesStale = true;
    this.draw();
  }

  /** @param {boolean} shown @override */
  showBoxes(shown) {
    this.boxesShown = shown;
    this.redraw();
  }

  /** Bring a box into sight, and near enough to judge it. @param {number} id */
  focusOn(id) {
    const found = this.edits.boxes.get(id);
    if (!found) return;
    const [x1, y1, x2, y2] = onStage(this.view, found.box);
    const { width, height } = this.size;
    const side = Math.min(x2 - x1, y2 - y1);
    const inside = x1 >= 0 && y1 >= 0 && x2 <= width && y2 <= height;
    const tooLarge = x2 - x1 > width || y2 - y1 > height;
    if (inside && side >= LEAST_SHOWN) return;
    const [left, top, right, bottom] = found.box;
    const around = fit(this.size, { width: right - left, height: bottom - top }, Math.min(width, height) / 4).scale;
    const scale =
      side < LEAST_SHOWN ? Math.min((this.view.scale * GOOD_SHOWN) / side, Math.max(around, this.fittedView.scale)) :
      tooLarge ? Math.max(around, this.fittedView.scale) : this.view.scale;
    const middle = { x: (left + right) / 2, y: (top + bottom) / 2 };
    const view = { scale, x: width / 2 - middle.x * scale, y: height / 2 - middle.y * scale };
    this.go(view, scale <= this.fittedView.scale * 1.001, true);
  }

  /** Draw a box of the usual size in the middle, for those who have no pointer. */
  addInMiddle() {
    const { x, y } = onPhoto(this.view, { x: this.size.width / 2, y: this.size.height / 2 });
    /** @param {0 | 1} axis */
    const usual = (axis) => {
      const sides = this.edits.list.map(({ box }) => box[axis + 2] - box[axis]).sort((a, b) => a - b);
      return sides[sides.length >> 1] ?? this.photoSize[axis ? "height" : "width"] / 10;
    };
    const [width, height] = [usual(0), usual(1)];
    this.changed(this.edits.add([x - width / 2, y - height / 2, x + width / 2, y + height / 2], this.editing.label()));
  }

  /** End a drag without a change; true if there was one. */
  cancel() {
    const was = Boolean(this.drag);
    this.drag = null;
    this.redraw();
    return was;
  }

  // Pointers

  /** @override */
  listenPointers() {
    this.drag = /** @type {Drag | null} */ (null);
    /** @type {Map<number, Point>} */
    const down = new Map();
    const { stage } = this;
    /** @param {PointerEvent} event */
    const place = (event) => {
      const { left, top } = stage.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    /** @param {Event} event */
    const onControl = (event) => event.target instanceof Element && event.target.closest("button") !== null;

    stage.addEventListener("pointerdown", (event) => {
      if (onControl(event) || event.button > 1) return;
      if (event.button === 1) event.preventDefault();
      this.hand = event.pointerType === "mouse" ? "mouse" : "touch";
      down.set(event.pointerId, place(event));
      stage.setPointerCapture(event.pointerId);
      cancelAnimationFrame(this.glideFrame);
      // A second finger means the view: what the first one began is taken back.
      if (down.size > 1) this.cancel();
      else this.press(place(event), event.button === 1, event.shiftKey || event.ctrlKey || event.metaKey);
    });
    stage.addEventListener("pointermove", (event) => {
      const before = down.get(event.pointerId);
      const now = place(event);
      if (!before) {
        if (event.pointerType === "mouse") this.hover(onControl(event) ? null : now);
        return;
      }
      down.set(event.pointerId, now);
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const apart = Math.max(Math.hypot(before.x - other.x, before.y - other.y), 1);
        const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
        this.zoomBy(Math.hypot(now.x - other.x, now.y - other.y) / apart, middle, false);
        this.panBy((now.x - before.x) / 2, (now.y - before.y) / 2);
      } else if (this.drag?.kind === "pan") this.panBy(now.x - before.x, now.y - before.y);
      else this.pullTo(now);
    });
    /** @param {PointerEvent} event */
    const lift = (event) => {
      if (!down.delete(event.pointerId)) return;
      if (event.type === "pointercancel") this.cancel();
      else if (this.drag) this.release();
    };
    stage.addEventListener("pointerup", lift);
    stage.addEventListener("pointercancel", lift);
    stage.addEventListener("pointerleave", () => this.hover(null));
  }

  /** @param {Point} at @param {boolean} pan @param {boolean} more */
  press(at, pan, more) {
    const from = onPhoto(this.view, at);
    const alone = this.selection.size === 1 && this.tool === "edit" && !more ? this.edits.pick(this.selection)[0] : null;
    const handle = alone ? handleAt(alone.box, from, REACH[this.hand] / this.view.scale) : null;
    const hit = handle ? alone : this.boxesShown ? boxUnder(this.edits.boxes.values(), from, this.selection) : null;
    /** @type {Drag} */
    const drag = { kind: pan ? "pan" : "press", from, start: at, now: from, hit, handle, more };
    this.drag = drag;
  }

  /** @param {Point} at */
  pullTo(at) {
    const drag = /** @type {Drag | null} */ (this.drag);
    if (!drag) return;
    drag.now = onPhoto(this.view, at);
    if (drag.kind === "press") {
      if (Math.hypot(at.x - drag.start.x, at.y - drag.start.y) < SLOP[this.hand]) return;
      if (this.tool === "several" || (drag.more && this.tool === "edit")) drag.kind = "frame";
      else if (this.tool === "add" || !drag.hit) drag.kind = "draw";
      else {
        drag.kind = drag.handle ? "pull" : "move";
        if (!this.selection.has(drag.hit.id)) this.select([drag.hit.id]);
      }
      this.boxesStale = true;
    }
    this.draw();
  }

  release() {
    const drag = /** @type {Drag} */ (this.drag);
    this.drag = null;
    this.boxesStale = true;
    const by = { x: drag.now.x - drag.from.x, y: drag.now.y - drag.from.y };
    const { scale } = this.view;
    if (drag.kind === "press") this.tap(drag);
    else if (drag.kind === "move") this.changed(this.keep(this.edits.move(this.selection, by)));
    else if (drag.kind === "pull" && drag.hit && drag.handle) {
      this.changed(this.keep(this.edits.reshape(drag.hit.id, pulled(drag.hit.box, drag.handle, by))));
    } else if (drag.kind === "draw") {
      const meant = Math.abs(by.x) * scale >= LEAST_DRAWN && Math.abs(by.y) * scale >= LEAST_DRAWN;
      if (meant) this.changed(this.edits.add([drag.from.x, drag.from.y, drag.now.x, drag.now.y], this.editing.label()));
    } else if (drag.kind === "frame") {
      const framed = idsWithin(this.edits.boxes.values(), this.frameOf(drag));
      this.select(drag.more || this.tool === "several" ? [...this.selection, ...framed] : framed);
    }
    this.draw();
  }

  /** A move that went nowhere leaves the selection. @param {number[]} ids */
  keep(ids) {
    return ids.length ? ids : this.selection;
  }

  /** @param {Drag} drag */
  tap({ hit, more }) {
    if (!hit) {
      if (!more && this.tool !== "several") this.select([]);
    } else if (more || this.tool === "several") {
      const ids = new Set(this.selection);
      if (!ids.delete(hit.id)) ids.add(hit.id);
      this.select(ids);
    } else this.select([hit.id]);
  }

  /** @param {Drag} drag @returns {Box} */
  frameOf = ({ from, now }) => [
    Math.min(from.x, now.x),
    Math.min(from.y, now.y),
    Math.max(from.x, now.x),
    Math.max(from.y, now.y),
  ];

  /** @param {Point | null} at */
  hover(at) {
    const point = at && onPhoto(this.view, at);
    const found = point && this.boxesShown ? boxUnder(this.edits.boxes.values(), point, this.selection) : null;
    if (found !== this.hovered) {
      this.hovered = found;
      this.draw();
    }
    const alone = point && this.tool === "edit" && this.selection.size === 1 ? this.edits.pick(this.selection)[0] : null;
    const handle = alone && point ? handleAt(alone.box, point, REACH.mouse / this.view.scale) : null;
    if (handle) this.cursor(`${CURSORS[handle]}-resize`);
    else this.cursor(this.tool === "edit" && found ? "move" : "");
  }

  /** @param {string} name */
  cursor(name) {
    if (this.stage.style.cursor !== name) this.stage.style.cursor = name;
  }

  /** The wheel is the photo's here; the page hardly scrolls. @param {WheelEvent} event @override */
  onWheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const { left, top } = this.stage.getBoundingClientRect();
    const speed = event.ctrlKey ? 0.01 : 0.0016;
    this.zoomBy(Math.exp(-event.deltaY * lines * speed), { x: event.clientX - left, y: event.clientY - top }, false);
  }

  /** Keys are the page's, so that they work from the list too. @override */
  onKey() {}

  // Drawing

  /** @override */
  resize() {
    super.resize();
    if (!this.handCanvas) return;
    this.handCanvas.width = this.boxesCanvas.width;
    this.handCanvas.height = this.boxesCanvas.height;
    this.boxesStale = true;
    this.paint();
  }

  /** @override */
  paintBoxes() {
    if (!this.edits) return;
    if (this.boxesStale || this.viewDrawn !== this.view) this.paintAll();
    this.paintHand();
  }

  /** The ids that a drag has in hand; they are drawn with it and not with the others. @returns {ReadonlySet<number>} */
  get inHand() {
    const { drag } = this;
    return drag && (drag.kind === "move" || drag.kind === "pull") ? this.selection : new Set();
  }

  paintAll() {
    this.boxesStale = false;
    this.viewDrawn = this.view;
    const context = this.begin(this.boxesCanvas);
    if (!context || !this.boxesShown) return;
    const { width, height } = this.size;
    const { inHand } = this;
    /** @type {{colour: string, box: Box}[][]} */
    const [fresh, seen] = [[], []];
    const sides = [];
    for (const one of this.edits.boxes.values()) {
      if (inHand.has(one.id)) continue;
      const box = onStage(this.view, one.box);
      if (box[2] < 0 || box[3] < 0 || box[0] > width || box[1] > height) continue;
      const look = this.editing.look(one);
      (look.seen ? seen : fresh).push({ colour: look.colour, box });
      sides.push(Math.min(box[2] - box[0], box[3] - box[1]));
    }
    const side = sides.sort((a, b) => a - b)[sides.length >> 1] ?? 0;
    const line = 1.75 * Math.min(Math.max(side / 36, 0.6), 1.15);
    drawBoxes(context, seen, { line, fill: 0, snap: this.density });
    drawBoxes(context, fresh, { line, fill: 0.14, snap: this.density });
    if (!this.ghosts.length) return;
    context.beginPath();
    for (const ghost of this.ghosts) {
      const [x1, y1, x2, y2] = onStage(this.view, ghost);
      context.rect(x1, y1, x2 - x1, y2 - y1);
    }
    strokeTwice(context, 1.5, [5, 4]);
  }

  paintHand() {
    const context = this.begin(this.handCanvas);
    if (!context) return;
    const drag = /** @type {Drag | null} */ (this.drag);
    const by = drag ? { x: drag.now.x - drag.from.x, y: drag.now.y - drag.from.y } : null;
    if (this.hovered && !drag && !this.selection.has(this.hovered.id)) {
      outline(context, [onStage(this.view, this.hovered.box)]);
      strokeTwice(context, 1.5, []);
    }
    const chosen = this.edits.pick(this.selection);
    let boxes = this.boxesShown ? chosen.map(({ box }) => box) : [];
    if (by && drag?.kind === "move") boxes = boxes.map((box) => moved(box, by));
    const handle = drag?.kind === "pull" ? drag.handle : null;
    if (by && handle) boxes = boxes.map((box) => tidy(pulled(box, handle, by), this.edits.size));
    if (drag?.kind === "draw") boxes = [tidy([drag.from.x, drag.from.y, drag.now.x, drag.now.y], this.edits.size)];
    const placed = boxes.map((box) => onStage(this.view, box));
    if (placed.length) {
      outline(context, placed);
      context.fillStyle = "rgb(255 255 255 / 16%)";
      context.fill();
      strokeTwice(context, 2.25, []);
    }
    if (placed.length === 1 && this.tool === "edit" && drag?.kind !== "draw") drawHandles(context, placed[0], HANDLE[this.hand]);
    if (drag?.kind === "frame") {
      outline(context, [onStage(this.view, this.frameOf(drag))]);
      strokeTwice(context, 1.25, [4, 4]);
    }
    // Where what is selected lies, for whoever needs to find it on the canvas.
    this.handCanvas.dataset.boxes = placed.length <= 8 ? JSON.stringify(placed) : String(placed.length);
  }
}
