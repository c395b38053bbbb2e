/** Where the work of a review goes: to this device after every step, to the service when it is saved. */

import { make } from "./dom.js";
import { download } from "./download.js";
import { keepDraft, readDraft } from "./draft.js";
import { askWho, saveCorrection, showHistory } from "./review-save.js";
import { announce, asProblem, isAbort, notice, problemCard } from "./shell.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./review.js").Review} Review */

export class Keeper {
  /** @param {Review} review */
  constructor(review) {
    this.review = review;
    this.saving = false;
    this.warned = false;
    /** While work that was not saved is offered, nothing is written over it. */
    this.offering = false;
    /** What went wrong stands here, with what to do about it. */
    this.trouble = make("div", {});
  }

  /** What is not saved is kept here. */
  keep() {
    const { audit, base, edits, order, seen } = this.review;
    if (this.offering) return;
    const sources = order.flatMap(({ id, source }) => (source !== null && seen.has(id) ? source : []));
    const { dirty } = edits;
    if (!dirty && !sources.length && !readDraft(audit.id)) return;
    const boxes = dirty ? edits.detections : [];
    const kept = keepDraft(audit.id, { base, boxes, seen: sources, dirty, at: Date.now() });
    if (kept || this.warned || !dirty) return;
    this.warned = true;
    notice(texts.draftNotKept);
  }

  /** What was looked at before. @param {import("./draft.js").Draft} draft */
  remember({ seen }) {
    const { review } = this;
    const sources = new Set(seen);
    for (const { id, source } of review.edits.boxes.values()) {
      if (source !== null && sources.has(source)) review.seen.add(id);
    }
    review.editor.redraw();
    review.refresh();
  }

  /** Go on with work that was not saved. @param {import("./draft.js").Draft} draft */
  takeUp(draft) {
    const { review } = this;
    review.base = draft.base;
    review.editor.changed(review.edits.replace(draft.boxes));
    review.editor.select([]);
    this.remember(draft);
    announce(texts.draftTakenUp);
  }

  /** @returns {Promise<boolean>}  whether all is saved now */
  async save() {
    const { review } = this;
    if (this.saving) return false;
    const who = await askWho(review.signal);
    if (!who || review.signal.aborted) return false;
    this.saving = true;
    this.trouble.replaceChildren();
    review.refresh();
    const mark = review.edits.seal();
    try {
      const { audit, base, edits, signal } = review;
      const outcome = await saveCorrection({ audit: audit.id, who, base, detections: edits.detections, signal });
      if (!outcome) return false;
      if ("theirs" in outcome) {
        review.base = outcome.theirs.id;
        review.editor.changed(review.edits.replace(outcome.theirs.detections ?? []));
        review.editor.select([]);
        review.edits.markSaved();
        notice(texts.conflictTaken, { label: texts.undo, run: () => review.run("undo") });
      } else {
        review.base = outcome.saved.id;
        // What was done while it was on its way is not saved.
        review.edits.saved = mark;
        notice(phrases.reviewSavedAs(outcome.saved.who));
      }
      this.keep();
      return !review.edits.dirty;
    } catch (error) {
      if (!isAbort(error)) this.showTrouble(error, () => void this.save());
      return false;
    } finally {
      this.saving = false;
      if (!review.signal.aborted) review.refresh();
    }
  }

  /** @param {unknown} error @param {() => void} again */
  showTrouble(error, again) {
    this.trouble.replaceChildren(problemCard(error, again));
    announce(asProblem(error).message);
  }

  async history() {
    const { review } = this;
    try {
      const answer = await showHistory(review.audit.id, review.signal);
      if (!answer || review.signal.aborted) return;
      const boxes = answer.take === "model" ? review.model : (answer.take.detections ?? []);
      review.editor.changed(review.edits.replace(boxes));
      review.editor.select([]);
      notice(texts.historyTaken, { label: texts.undo, run: () => review.run("undo") });
    } catch (error) {
      if (!isAbort(error)) this.showTrouble(error, () => void this.history());
    }
  }

  /** @param {"yolo" | "coco"} format */
  async trainingSet(format) {
    const { review } = this;
    try {
      const how = { large: true, signal: review.signal };
      await download(`/corrections.zip?format=${format}`, `corrections-${format}.zip`, how);
    } catch (error) {
      if (!isAbort(error)) this.showTrouble(error, () => void this.trainingSet(format));
    }
  }
}
