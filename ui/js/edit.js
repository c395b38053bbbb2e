/** The boxes of a review and what can be done to them, with undo without end. Pure: knows no page and no service. */

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Size} Size */
/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./types.js").Changes} Changes */
/** @typedef {import("./types.js").CorrectedBox} CorrectedBox */
/** @typedef {import("./types.js").Detection} Detection */
/** @typedef {"nw" | "n" | "ne" | "e" | "se" | "s" | "sw" | "w"} Handle */
/**
 * One box; never changed, only replaced.
 *
 * @typedef {object} EditBox
 * @property {number} id
 * @property {Box} box
 * @property {string} label
 * @property {number | null} source  index of the model's detection it descends from; null if drawn by hand
 */
/** What undo takes back at once: each box before and after, null where there was none. */
/** @typedef {{changes: Map<number, [before: EditBox | null, after: EditBox | null]>, merge: string}} Step */

/** The service takes no box that is thinner, in photo pixels. */
const THINNEST = 1;

/** Tenths of a pixel are finer than anyone draws. @param {number} value */
const round = (value) => Math.round(value * 10) / 10;

/** Corners in order, within the photo, and not too thin. @param {Box} box @param {Size} size @returns {Box} */
export function tidy([xa, ya, xb, yb], { width, height }) {
  /** @param {number} a @param {number} b @param {number} most @returns {[number, number]} */
  const span = (a, b, most) => {
    const low = Math.min(Math.max(round(Math.min(a, b)), 0), most - THINNEST);
    const high = Math.min(round(Math.max(a, b)), most);
    return high - low < THINNEST ? [low, low + THINNEST] : [low, high];
  };
  const [x1, x2] = span(xa, xb, width);
  const [y1, y2] = span(ya, yb, height);
  return [x1, y1, x2, y2];
}

/**
 * As it is, if the service takes it so: what nobody touched is not moved by rounding.
 *
 * @param {Box} box @param {Size} size @returns {Box}
 */
export function sound(box, size) {
  const [x1, y1, x2, y2] = box;
  const fits = x1 >= 0 && y1 >= 0 && x2 <= size.width && y2 <= size.height && x2 - x1 >= THINNEST && y2 - y1 >= THINNEST;
  return fits ? box : tidy(box, size);
}

/**
 * How far boxes can go together without leaving the photo.
 *
 * @param {readonly Box[]} boxes @param {Point} by @param {Size} size @returns {Point}
 */
export function reach(boxes, by, { width, height }) {
  const [left, top] = [Math.min(...boxes.map((box) => box[0])), Math.min(...boxes.map((box) => box[1]))];
  const [right, bottom] = [Math.max(...boxes.map((box) => box[2])), Math.max(...boxes.map((box) => box[3]))];
  return { x: Math.min(Math.max(by.x, -left), width - right), y: Math.min(Math.max(by.y, -top), height - bottom) };
}

/** @param {Box} box @param {Point} by @returns {Box} */
export const moved = ([x1, y1, x2, y2], { x, y }) => [x1 + x, y1 + y, x2 + x, y2 + y];

/** Pull at one handle; past the other side the box turns over. @param {Box} box @param {Handle} handle @param {Point} by @returns {Box} */
export const pulled = ([x1, y1, x2, y2], handle, { x, y }) => [
  handle.includes("w") ? x1 + x : x1,
  handle.includes("n") ? y1 + y : y1,
  handle.includes("e") ? x2 + x : x2,
  handle.includes("s") ? y2 + y : y2,
];

/** @param {Box} a @param {Box} b */
const same = (a, b) => a.every((value, index) => Math.abs(value - b[index]) < 0.05);

export class Edits {
  /** @param {Size} size  of the photo @param {readonly CorrectedBox[]} boxes */
  constructor(size, boxes) {
    this.size = size;
    /** @type {Map<number, EditBox>} */
    this.boxes = new Map();
    this.nextId = 0;
    /** @type {Step[]} */
    this.past = [];
    /** @type {Step[]} */
    this.future = [];
    /** The step after which all was saved. @type {Step | null} */
    this.saved = null;
    for (const box of boxes) {
      const made = this.fresh(box);
      this.boxes.set(made.id, made);
    }
  }

  get dirty() {
    return (this.past.at(-1) ?? null) !== this.saved;
  }

  get canUndo() {
    return this.past.length > 0;
  }

  get canRedo() {
    return this.future.length > 0;
  }

  /** Oldest first. */
  get list() {
    return [...this.boxes.values()].sort((a, b) => a.id - b.id);
  }

  /** As the service takes them. @returns {CorrectedBox[]} */
  get detections() {
    return this.list.map(({ box, label, source }) => ({ box, label, source }));
  }

  markSaved() {
    this.saved = this.seal();
  }

  /** What was done so far is one thing: no later step goes on with it. */
  seal() {
    const last = this.past.at(-1);
    if (last) last.merge = "";
    return last ?? null;
  }

  /** @param {CorrectedBox} from @returns {EditBox} */
  fresh({ box, label, source }) {
    return { id: this.nextId++, box: sound(box, this.size), label, source };
  }

  /** @param {Iterable<number>} ids @returns {EditBox[]}  those that are there */
  pick(ids) {
    return [...ids].flatMap((id) => this.boxes.get(id) ?? []);
  }

  /** @param {Box} box @param {string} label @returns {number[]}  the ids of what was touched, as from every command */
  add(box, label) {
    return this.addAll([{ box: tidy(box, this.size), label, source: null }]);
  }

  /** @param {readonly CorrectedBox[]} boxes */
  addAll(boxes) {
    return this.run(boxes.map((box) => [null, this.fresh(box)]));
  }

  /** @param {Iterable<number>} ids @param {Point} by @param {string} [merge]  steps in a row with this name are one to undo */
  move(ids, by, merge = "") {
    const found = this.pick(ids);
    if (!found.length) return [];
    const held = reach(found.map(({ box }) => box), by, this.size);
    return this.run(found.map((one) => [one, { ...one, box: tidy(moved(one.box, held), this.size) }]), merge);
  }

  /** @param {number} id @param {Box} box @param {string} [merge] */
  reshape(id, box, merge = "") {
    return this.run(this.pick([id]).map((one) => [one, { ...one, box: tidy(box, this.size) }]), merge);
  }

  /** @param {Iterable<number>} ids @param {string} label */
  relabel(ids, label) {
    return this.run(this.pick(ids).map((one) => [one, { ...one, label }]));
  }

  /** @param {Iterable<number>} ids */
  remove(ids) {
    return this.run(this.pick(ids).map((one) => [one, null]));
  }

  /** Copies descend from nothing: what the model found is still found once. @param {readonly EditBox[]} boxes @param {Point} by */
  copy(boxes, by) {
    if (!boxes.length) return [];
    const held = reach(boxes.map(({ box }) => box), by, this.size);
    return this.addAll(boxes.map(({ box, label }) => ({ box: tidy(moved(box, held), this.size), label, source: null })));
  }

  /** Other boxes in place of all. What stays as it was keeps its id. @param {readonly CorrectedBox[]} boxes */
  replace(boxes) {
    const left = new Map(this.boxes);
    /** @type {[EditBox | null, EditBox | null][]} */
    const pairs = [];
    for (const wanted of boxes) {
      const box = sound(wanted.box, this.size);
      let heir = null;
      for (const one of left.values()) {
        if (one.source !== wanted.source || (one.source === null && !same(one.box, box))) continue;
        heir = one;
        break;
      }
      if (heir) left.delete(heir.id);
      pairs.push(heir ? [heir, { ...heir, box, label: wanted.label }] : [null, this.fresh(wanted)]);
    }
    for (const one of left.values()) pairs.push([one, null]);
    return this.run(pairs);
  }

  undo() {
    return this.travel(this.past, this.future, 0);
  }

  redo() {
    return this.travel(this.future, this.past, 1);
  }

  /** @param {Step[]} from @param {Step[]} to @param {0 | 1} side */
  travel(from, to, side) {
    const step = from.pop();
    if (!step) return [];
    to.push(step);
    for (const [id, pair] of step.changes) this.put(id, pair[side]);
    return [...step.changes.keys()];
  }

  /** @param {number} id @param {EditBox | null} box */
  put(id, box) {
    if (box) this.boxes.set(id, box);
    else this.boxes.delete(id);
  }

  /** @param {[EditBox | null, EditBox | null][]} pairs @param {string} [merge] @returns {number[]} */
  run(pairs, merge = "") {
    const real = pairs.filter(([a, b]) => !a || !b || a.label !== b.label || !same(a.box, b.box));
    if (!real.length) return [];
    /** @type {Step["changes"]} */
    const changes = new Map();
    for (const [before, after] of real) {
      const id = (after ?? before)?.id ?? 0;
      changes.set(id, [before, after]);
      this.put(id, after);
    }
    const last = this.past.at(-1);
    const goesOn = merge && last?.merge === merge && !this.future.length;
    if (goesOn && [...changes.keys()].every((id) => last.changes.has(id)) && last.changes.size === changes.size) {
      for (const [id, [, after]] of changes) last.changes.set(id, [last.changes.get(id)?.[0] ?? null, after]);
    } else this.past.push({ changes, merge });
    this.future.length = 0;
    return [...changes.keys()];
  }

  /** What was done to the model's answer in all. @param {readonly Detection[]} detections @returns {Changes} */
  changes(detections) {
    const changes = { added: 0, removed: detections.length, moved: 0, relabelled: 0 };
    for (const { box, label, source } of this.boxes.values()) {
      const found = source === null ? undefined : detections[source];
      if (!found) {
        changes.added += 1;
        continue;
      }
      changes.removed -= 1;
      if (!same(box, found.box)) changes.moved += 1;
      if (label !== found.label) changes.relabelled += 1;
    }
    return changes;
  }
}
