/**
 * What people said of the tasks, on its way to the service: kept in this browser until it has arrived there.
 *
 * For each task only the newest word counts, and saying it twice does no harm, so whatever is unsure is sent again.
 */

import { send } from "./api.js";
import { keep, kept } from "./kept.js";
import { asProblem } from "./shell.js";

/** @typedef {"done" | "false_alarm" | "not_workable"} Verdict */
/**
 * @typedef {object} Word
 * @property {Verdict | null} verdict  null takes back what was said
 * @property {string} who
 * @property {number} stamp  tells a newer word for the same task
 * @property {boolean} [tried]  it may have arrived
 */

const STORE = "verdicts";
const AGAIN_MS = 15_000;

/** These pass; anything else is an answer. */
const PASSING = new Set([
  "network",
  "overloaded",
  "draining",
  "rate-limited",
  "slow-upload",
  "storage-unavailable",
  "storage-full",
  "unauthorized",
]);

/** Events: `change` when something is kept or has arrived, `refused` with the task and the problem. */
class Verdicts extends EventTarget {
  constructor() {
    super();
    /** @type {Promise<void> | null} */
    this.sending = null;
    this.timer = 0;
    /** What stands in the way of what is kept; null when nothing does. @type {import("./errors.js").Problem | null} */
    this.obstacle = null;
  }

  /** @returns {Record<string, Word>}  by task; read anew, as other tabs write too */
  get words() {
    try {
      const words = JSON.parse(kept(STORE) || "{}");
      return words && typeof words === "object" ? words : {};
    } catch {
      return {};
    }
  }

  /** How many have not arrived yet. */
  get waiting() {
    return Object.keys(this.words).length;
  }

  /** Whether the task has a verdict that the service does not know yet. @param {string} task */
  covers(task) {
    return Boolean(this.words[task]?.verdict);
  }

  /** @param {string} task @param {Verdict} verdict @param {string} who */
  give(task, verdict, who) {
    return this.say(task, { verdict, who, stamp: Date.now() + Math.random() });
  }

  /** @param {string} task */
  takeBack(task) {
    const word = this.words[task];
    if (word?.verdict && !word.tried) {
      this.put(task, null); // it never left
      return Promise.resolve();
    }
    return this.say(task, { verdict: null, who: "", stamp: Date.now() + Math.random() });
  }

  /** @param {string} task @param {Word} word */
  say(task, word) {
    this.put(task, word);
    return this.flush();
  }

  /** @param {string} task @param {Word | null} word */
  put(task, word) {
    const words = this.words;
    if (word) words[task] = word;
    else delete words[task];
    keep(STORE, Object.keys(words).length ? JSON.stringify(words) : "");
    this.dispatchEvent(new Event("change"));
  }

  /** Send what is kept, one after the other. */
  flush() {
    this.sending ??= this.drain().finally(() => {
      this.sending = null;
      if (this.waiting && !this.obstacle) void this.flush(); // said while the last one was going out
    });
    return this.sending;
  }

  async drain() {
    clearTimeout(this.timer);
    for (;;) {
      const [task, word] = Object.entries(this.words)[0] ?? [];
      if (!task || !word) break;
      if (!word.tried) this.put(task, { ...word, tried: true });
      const problem = await deliver(task, word);
      if (problem && PASSING.has(problem.slug)) {
        this.obstacle = problem;
        this.dispatchEvent(new Event("change"));
        this.timer = window.setTimeout(() => void this.flush(), Math.max(AGAIN_MS, problem.retryAfter * 1000));
        return;
      }
      // Someone may have said something newer meanwhile; that stays.
      if (this.words[task]?.stamp === word.stamp) this.put(task, null);
      if (problem) this.dispatchEvent(new CustomEvent("refused", { detail: { task, problem } }));
    }
    this.obstacle = null;
    this.dispatchEvent(new Event("change"));
  }

  /** Whenever it may work again. */
  start() {
    addEventListener("online", () => void this.flush());
    addEventListener("storage", ({ key }) => key?.endsWith(STORE) && this.dispatchEvent(new Event("change")));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.waiting) void this.flush();
    });
    if (this.waiting) void this.flush();
  }
}

/** @param {string} task @param {Word} word @returns {Promise<import("./errors.js").Problem | null>}  null: it has arrived */
async function deliver(task, { verdict, who }) {
  const path = `/tasks/${encodeURIComponent(task)}/feedback`;
  try {
    if (verdict) await send("POST", path, { verdict, who: who || null, note: null });
    else await send("DELETE", path);
    return null;
  } catch (error) {
    const problem = asProblem(error);
    // What was never said, or is gone, needs no taking back.
    return !verdict && problem.slug === "not-found" ? null : problem;
  }
}

export const verdicts = new Verdicts();
