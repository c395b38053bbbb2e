/** Several photos at once: which there are, what came of each, and the counting of those nobody looks at yet. */

import { Problem } from "./errors.js";
import { asProblem, isAbort } from "./shell.js";

/** @typedef {import("./types.js").Prediction} Prediction */
/** @typedef {"waiting" | "counting" | "done" | "failed"} State */
/**
 * @typedef {object} Shot
 * @property {File} file
 * @property {string} key  of the audit that may be made of it
 * @property {string} model  that answered; empty before
 * @property {State} state
 * @property {Prediction | null} answer
 * @property {Problem | null} problem
 * @property {boolean} saved
 * @property {number} tries
 */

/** After this many refusals a photo waits for a person. */
const MOST_TRIES = 5;

/** Events: `change` when a photo is added, taken away or another step on. */
export class Batch extends EventTarget {
  /** @param {(file: File, signal: AbortSignal) => Promise<Prediction>} count */
  constructor(count) {
    super();
    this.count = count;
    /** @type {Shot[]} */
    this.shots = [];
    /** The one on the stage, which the page itself counts. @type {Shot | null} */
    this.shown = null;
    this.working = false;
    this.stopping = new AbortController();
  }

  /** @param {readonly File[]} files @returns {Shot[]} */
  add(files) {
    const added = files.map((file) => ({
      file,
      key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`,
      model: "",
      state: /** @type {State} */ ("waiting"),
      answer: null,
      problem: null,
      saved: false,
      tries: 0,
    }));
    this.shots.push(...added);
    this.changed();
    return added;
  }

  /** Forget all of them. */
  clear() {
    this.stopping.abort();
    this.stopping = new AbortController();
    this.shots = [];
    this.shown = null;
    this.changed();
  }

  /** @param {Shot} shot @returns {Shot | null}  its neighbour */
  remove(shot) {
    const at = this.shots.indexOf(shot);
    this.shots = this.shots.filter((other) => other !== shot);
    this.changed();
    return this.shots[Math.min(at, this.shots.length - 1)] ?? null;
  }

  /** @param {Shot} shot @param {Partial<Shot>} news */
  set(shot, news) {
    Object.assign(shot, news);
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** Count what waits, one after the other, beside the one on the stage. */
  async work() {
    if (this.working) return;
    this.working = true;
    const { signal } = this.stopping;
    for (;;) {
      const shot = this.shots.find((one) => one.state === "waiting" && one !== this.shown);
      if (!shot || signal.aborted) break;
      await this.countOne(shot, signal);
    }
    this.working = false;
    // Cleared and filled anew meanwhile.
    if (signal.aborted && this.shots.length) void this.work();
  }

  /** @param {Shot} shot @param {AbortSignal} signal */
  async countOne(shot, signal) {
    this.set(shot, { state: "counting", problem: null });
    try {
      if (!shot.file.size) throw new Problem("empty-file");
      const answer = await this.count(shot.file, signal);
      if (shot.state === "counting") this.set(shot, { state: "done", answer, model: answer.model.name });
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      const problem = asProblem(error);
      shot.tries += 1;
      if (problem.retryAfter && shot.tries < MOST_TRIES) {
        this.set(shot, { state: "waiting" });
        await new Promise((resolve) => setTimeout(resolve, problem.retryAfter * 1000));
      } else if (shot.state === "counting") this.set(shot, { state: "failed", problem });
    }
  }
}
