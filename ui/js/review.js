/** One review at work: what is selected, what was looked at, and what a command does. */

import { percent, whole } from "./format.js";
import { colourOf, colourOfConfidence } from "./palette.js";
import { confidenceOf, inOrder, isChanged, nextOf, passes } from "./queue.js";
import { meaning, showShortcuts } from "./review-keys.js";
import { askLabel } from "./review-label.js";
import { ReviewPanel } from "./review-panel.js";
import { Keeper } from "./review-keeper.js";
import { askWho, changesText } from "./review-save.js";
import { makeTools } from "./review-tools.js";
import { announce, notice } from "./shell.js";
import { status } from "./status.js";
import { phrases, texts } from "./texts.js";
import { sizeText } from "./tip.js";

/** @typedef {import("./types.js").Audit} Audit */
/** @typedef {import("./types.js").CorrectedBox} CorrectedBox */
/** @typedef {import("./edit.js").EditBox} EditBox */
/** @typedef {import("./review-keys.js").Command} Command */

/** Copies lie a little aside, in photo pixels relative to the photo's width. */
const ASIDE = 0.006;
const ZOOM = 1.3;

export class Review {
  /**
   * @param {object} work
   * @param {Audit} work.audit
   * @param {CorrectedBox[]} work.model  its answer, as a correction has it
   * @param {import("./edit.js").Edits} work.edits
   * @param {{element: HTMLElement, viewer: import("./editor.js").Editor}} work.stage
   * @param {string | null} work.base
   * @param {AbortSignal} work.signal
   */
  constructor({ audit, model, edits, stage, base, signal }) {
    this.audit = audit;
    this.model = model;
    this.edits = edits;
    this.stage = stage.element;
    this.editor = stage.viewer;
    /** The correction the work went on from; null: the model's answer. */
    this.base = base;
    this.signal = signal;
    this.keeper = new Keeper(this);
    /** Boxes that were looked at and left as they are. @type {Set<number>} */
    this.seen = new Set();
    /** The box one is at in the list. @type {number | undefined} */
    this.current = undefined;
    /** Whether one goes through the list; then deleting goes on to the next. */
    this.stepping = false;
    this.comparing = false;
    this.filter = "";
    /** @type {"confidence" | "kind"} */
    this.colours = "confidence";
    /** @type {EditBox[]} */
    this.clipboard = [];
    /** @type {string[]} */
    this.labels = [];
    this.newLabel = model[0]?.label ?? status.models[0]?.classes[0] ?? "product";
    /** Of the boxes, as the list shows them. @type {EditBox[]} */
    this.order = [];
    this.frame = 0;

    this.tools = makeTools((command) => this.run(command));
    this.panel = new ReviewPanel({
      goTo: (id) => this.goTo(id),
      filtered: (filter) => {
        this.filter = filter;
        this.refresh();
      },
      coloured: (by) => {
        this.colours = by;
        this.editor.redraw();
        this.refresh();
      },
      save: () => void this.keeper.save(),
      menu: [
        { label: texts.reviewHistory, run: () => void this.keeper.history() },
        { label: texts.reviewWho, run: () => void askWho(this.signal, true).then(() => this.refresh()) },
        { label: texts.reviewShortcuts, run: () => void showShortcuts(this.signal) },
        { label: texts.trainingYolo, run: () => void this.keeper.trainingSet("yolo") },
        { label: texts.trainingCoco, run: () => void this.keeper.trainingSet("coco") },
      ],
    });
    signal.addEventListener("abort", () => cancelAnimationFrame(this.frame));
  }

  /** @param {HTMLElement} root  of the page: keys pressed elsewhere are not ours */
  start(root) {
    const here = (/** @type {EventTarget | null} */ target) =>
      target === document.body || (target instanceof Node && root.contains(target));
    document.addEventListener("keydown", (event) => here(event.target) && this.onKey(event), { signal: this.signal });
    addEventListener("pagehide", () => this.keeper.keep(), { signal: this.signal });
    status.addEventListener("models", () => this.refresh(), { signal: this.signal });
    this.editor.use("edit");
    this.refresh();
  }

  // What happened

  edited() {
    this.keeper.keep();
    this.refreshSoon();
  }

  selected() {
    const { selection } = this.editor;
    this.stepping = false;
    if (selection.size === 1) [this.current] = selection;
    this.refreshSoon();
  }

  /** @param {import("./editor.js").Tool} tool */
  tooled(tool) {
    for (const one of /** @type {const} */ (["edit", "add", "several"])) this.tools.press(one, one === tool);
    announce({ edit: texts.reviewEdit, add: texts.reviewAdd, several: texts.reviewSeveral }[tool]);
  }

  /** @param {EditBox} one */
  isSeen(one) {
    return this.seen.has(one.id) || isChanged(one, this.audit.detections);
  }

  /** @param {EditBox} one */
  look(one) {
    const sure = confidenceOf(one, this.audit.detections) ?? 1;
    const colour = this.colours === "kind" ? colourOf(Math.max(this.labels.indexOf(one.label), 0)) : colourOfConfidence(sure);
    return { colour, seen: this.isSeen(one) };
  }

  /** Once a frame at most, however fast the changes come. */
  refreshSoon() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => this.refresh());
  }

  refresh() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { detections } = this.audit;
    const { edits, panel } = this;
    const all = inOrder(edits.boxes.values(), detections);
    this.order = all;
    const classes = status.model(this.audit.model.name)?.classes ?? [];
    this.labels = [...new Set([...classes, ...detections.map(({ label }) => label), ...all.map(({ label }) => label)])];
    this.filter = panel.offerLabels(this.labels, this.filter);
    const { sieve } = this;
    const shown = all.filter((one) => passes(one, sieve));
    const chosen = this.editor.selection.size === 1 && this.editor.selection.has(this.current ?? -1);
    const lines = shown.map((one) => ({
      id: one.id,
      label: one.label,
      detail: this.sureness(one),
      colour: this.look(one).colour,
      seen: sieve.seen.has(one.id),
    }));
    panel.showList(lines, chosen ? (this.current ?? null) : null, this.filter);
    panel.showProgress(sieve.seen.size, all.length);
    panel.showAbout(this.aboutText());
    const selected = this.editor.selection.size > 0;
    for (const command of /** @type {const} */ (["duplicate", "remove"])) this.tools.enable(command, selected);
    this.tools.enable("undo", edits.canUndo);
    this.tools.enable("redo", edits.canRedo);
    const usual = this.base === null ? texts.reviewUntouched : texts.reviewSaved;
    panel.showState(edits.dirty, edits.dirty ? changesText(edits.changes(detections)) : usual);
    panel.allowSave(!this.keeper.saving && (edits.dirty || this.base === null));
  }

  /** @returns {import("./queue.js").Sieve} */
  get sieve() {
    const seen = new Set(this.order.filter((one) => this.isSeen(one)).map(({ id }) => id));
    return { filter: this.filter, seen, detections: this.audit.detections };
  }

  /** @param {EditBox} one */
  sureness(one) {
    const sure = confidenceOf(one, this.audit.detections);
    return sure === null ? texts.reviewByHand : percent(sure);
  }

  aboutText() {
    const boxes = this.edits.pick(this.editor.selection);
    const [one] = boxes;
    if (!one) return phrases.reviewNewLabel(this.newLabel);
    if (boxes.length > 1) return phrases.reviewSelected(boxes.length, whole(boxes.length));
    return [one.label, this.sureness(one), sizeText(one)].join(" · ");
  }

  // Going through the list

  /** @param {number} id */
  goTo(id) {
    this.editor.select([id]);
    this.editor.focusOn(id);
    this.stepping = true;
    const one = this.edits.boxes.get(id);
    if (!one) return;
    const [index, count] = [whole(this.order.indexOf(one) + 1), whole(this.order.length)];
    announce(phrases.announceBox(one.label, this.sureness(one), sizeText(one), index, count));
  }

  /** @param {1 | -1} step @param {boolean} [unseen]  only what was not looked at yet */
  step(step, unseen = false) {
    const { sieve } = this;
    const next = nextOf(this.order, this.current, step, (one) => passes(one, sieve) && !(unseen && sieve.seen.has(one.id)));
    if (next) this.goTo(next.id);
    return next !== null;
  }

  accept() {
    const boxes = this.edits.pick(this.editor.selection);
    for (const { id } of boxes) this.seen.add(id);
    this.editor.redraw();
    this.keeper.keep();
    const more = this.step(1, true);
    this.refresh();
    if (more) return;
    this.editor.select([]);
    if (this.order.every((one) => this.isSeen(one))) notice(texts.reviewAllSeen);
  }

  remove() {
    const ids = [...this.editor.selection];
    const goOn = this.stepping && ids.length === 1;
    const { sieve } = this;
    const next = goOn ? nextOf(this.order, ids[0], 1, (one) => passes(one, sieve) && !sieve.seen.has(one.id)) : null;
    const removed = this.edits.remove(ids);
    if (!removed.length) return;
    this.editor.changed([]);
    announce(phrases.reviewRemoved(removed.length, whole(removed.length)));
    if (next) this.goTo(next.id);
  }

  async askLabel() {
    const boxes = this.edits.pick(this.editor.selection);
    const labels = new Set(boxes.map(({ label }) => label));
    const current = boxes.length ? (labels.size === 1 ? boxes[0].label : "") : this.newLabel;
    const label = await askLabel(this.labels, current, this.signal);
    if (label && !this.signal.aborted) this.relabel(label);
  }

  /** @param {string} label */
  relabel(label) {
    this.newLabel = label;
    const ids = [...this.editor.selection];
    if (this.edits.relabel(ids, label).length) this.editor.changed(ids);
    else this.refresh();
  }

  // Commands

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const meant = document.querySelector("dialog[open]") ? null : meaning(event);
    if (!meant) return;
    if ("digit" in meant) {
      const label = this.labels[meant.digit - 1];
      if (label) this.relabel(label);
      return;
    }
    event.preventDefault();
    if ("command" in meant) this.run(meant.command);
    else this.nudge(meant.arrow, meant.pull);
  }

  /** @param {{x: number, y: number}} by @param {boolean} pull  the far corner, not the box */
  nudge(by, pull) {
    const boxes = this.edits.pick(this.editor.selection);
    if (!boxes.length) {
      this.editor.panBy(-60 * Math.sign(by.x), -60 * Math.sign(by.y), true);
      return;
    }
    // A row of presses is one thing to undo.
    if (!pull) this.edits.move(this.editor.selection, by, "nudge");
    else if (boxes.length === 1) {
      const [x1, y1, x2, y2] = boxes[0].box;
      this.edits.reshape(boxes[0].id, [x1, y1, Math.max(x2 + by.x, x1 + 1), Math.max(y2 + by.y, y1 + 1)], "pull");
    }
    const { stepping } = this;
    this.editor.changed();
    this.stepping = stepping;
  }

  /** @param {Command} command */
  run(command) {
    // Two commands may come within one frame.
    if (this.frame) this.refresh();
    const { editor, edits } = this;
    const aside = { x: this.audit.image.width * ASIDE, y: this.audit.image.width * ASIDE };
    /** @type {Record<Command, () => void>} */
    const commands = {
      next: () => this.step(1),
      previous: () => this.step(-1),
      accept: () => this.accept(),
      remove: () => this.remove(),
      edit: () => editor.use("edit"),
      add: () => editor.use("add"),
      several: () => editor.use("several"),
      addInMiddle: () => editor.addInMiddle(),
      label: () => void this.askLabel(),
      nextToo: () => {
        const { sieve } = this;
        const next = nextOf(this.order, this.current, 1, (one) => passes(one, sieve));
        if (!next) return;
        editor.select([...editor.selection, next.id]);
        editor.focusOn(next.id);
        this.current = next.id;
      },
      all: () => editor.select(edits.boxes.keys()),
      copy: () => {
        this.clipboard = edits.pick(editor.selection);
        if (this.clipboard.length) announce(phrases.reviewCopied(this.clipboard.length, whole(this.clipboard.length)));
      },
      paste: () => {
        if (this.clipboard.length) editor.changed(edits.copy(this.clipboard, aside));
        this.clipboard = edits.pick(editor.selection);
      },
      duplicate: () => {
        if (editor.selection.size) editor.changed(edits.copy(edits.pick(editor.selection), aside));
      },
      undo: () => this.travel(edits.undo(), texts.reviewUndone),
      redo: () => this.travel(edits.redo(), texts.reviewRedone),
      save: () => void this.keeper.save(),
      zoomIn: () => editor.zoomBy(ZOOM),
      zoomOut: () => editor.zoomBy(1 / ZOOM),
      fit: () => editor.fit(),
      help: () => void showShortcuts(this.signal),
      compare: () => {
        this.comparing = !this.comparing;
        editor.compareWith(this.comparing ? this.model.map(({ box }) => box) : []);
        this.tools.press("compare", this.comparing);
        announce(this.comparing ? texts.reviewCompareOn : texts.reviewCompareOff);
      },
      escape: () => {
        if (editor.cancel()) return;
        if (editor.tool !== "edit") editor.use("edit");
        else editor.select([]);
      },
    };
    commands[command]();
  }

  /** @param {number[]} ids @param {string} words */
  travel(ids, words) {
    if (!ids.length) return;
    this.editor.changed(ids);
    announce(words);
  }
}
