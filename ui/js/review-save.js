/** Saving a review: who it is by, and what happens when someone else saved meanwhile. */

import { getJson, send } from "./api.js";
import { ask } from "./dialog.js";
import { make } from "./dom.js";
import { keepWho, readWho } from "./draft.js";
import { Problem } from "./errors.js";
import { phrases, texts } from "./texts.js";
import { momentText } from "./when.js";

/** @typedef {import("./types.js").Correction} Correction */
/** @typedef {import("./types.js").CorrectedBox} CorrectedBox */
/** @typedef {import("./types.js").Changes} Changes */

const LONGEST_NAME = 200;

/** @param {string} audit  its id @param {string} [more] */
export const correctionsPath = (audit, more = "") => `/audits/${encodeURIComponent(audit)}/corrections${more}`;

/**
 * The newest correction in full; null if there is none.
 *
 * @param {string} audit @param {AbortSignal} signal
 * @returns {Promise<Correction | null>}
 */
export async function newestCorrection(audit, signal) {
  try {
    return await getJson(correctionsPath(audit, "/latest"), signal);
  } catch (error) {
    if (error instanceof Problem && error.slug === "not-found") return null;
    throw error;
  }
}

/**
 * Ask for the name if it is not known yet, or always.
 *
 * @param {AbortSignal} signal @param {boolean} [always]
 * @returns {Promise<string>}  empty: thought better of it
 */
export async function askWho(signal, always = false) {
  const known = readWho();
  if (known && !always) return known;
  const field = make("input", {
    class: "field",
    id: "review-who",
    name: "who",
    autocomplete: "name",
    maxlength: LONGEST_NAME,
    required: true,
    value: known,
  });
  const answer = await ask({
    title: texts.reviewWhoTitle,
    body: [
      make(
        "div",
        { class: "form__row" },
        make("label", { for: "review-who" }, texts.reviewWhoLabel),
        field,
        make("p", { class: "form__hint" }, texts.reviewWhoHint),
      ),
    ],
    answers: [
      { value: "", label: texts.cancel },
      { value: "ok", label: texts.reviewWhoUse, primary: true },
    ],
    signal,
  });
  const who = field.value.trim();
  if (answer !== "ok" || !who) return "";
  keepWho(who);
  return who;
}

/** @param {Changes} changes */
export function changesText({ added, removed, moved, relabelled }) {
  const parts = [
    added && phrases.changesAdded(added),
    removed && phrases.changesRemoved(removed),
    moved && phrases.changesMoved(moved),
    relabelled && phrases.changesRelabelled(relabelled),
  ].filter((part) => typeof part === "string");
  return parts.length ? parts.join(", ") : texts.changesNone;
}

/**
 * Save, until it is saved or the person turns back. Nothing is lost on either side: what is there is never overwritten.
 *
 * @param {object} work
 * @param {string} work.audit  its id
 * @param {string} work.who
 * @param {string | null} work.base  the correction the work went on from
 * @param {CorrectedBox[]} work.detections
 * @param {AbortSignal} work.signal
 * @returns {Promise<{saved: Correction} | {theirs: Correction} | null>}  theirs: to go on from; null: turned back
 */
export async function saveCorrection({ audit, who, base, detections, signal }) {
  for (let from = base; ; ) {
    try {
      // Once sent it is not called back: leaving the page must not leave it unknown whether it arrived.
      return { saved: await send("POST", correctionsPath(audit), { who, note: null, base: from, detections }) };
    } catch (error) {
      if (!(error instanceof Problem) || error.slug !== "conflict") throw error;
      const theirs = await newestCorrection(audit, signal);
      // The same base again is refused for another reason.
      if (!theirs || theirs.id === from) throw error;
      const answer = await askWhose(theirs, signal);
      if (answer === "theirs") return { theirs };
      if (answer !== "mine") return null;
      from = theirs.id;
    }
  }
}

/** @param {Correction} theirs @param {AbortSignal} signal */
const askWhose = (theirs, signal) =>
  ask({
    title: texts.conflictTitle,
    body: [
      make("p", {}, phrases.conflictBy(theirs.who, momentText(theirs.created_at))),
      make("p", { class: "review__theirs" }, changesText(theirs.changes)),
      make("p", {}, texts.conflictText),
    ],
    answers: [
      { value: "", label: texts.conflictLater },
      { value: "theirs", label: texts.conflictTheirs },
      { value: "mine", label: texts.conflictMine, primary: true },
    ],
    signal,
  });

/**
 * All corrections of an audit, newest first, and the model's answer they began with; one can be taken up.
 *
 * @param {string} audit @param {AbortSignal} signal
 * @returns {Promise<{take: Correction | "model"} | null>}
 */
export async function showHistory(audit, signal) {
  /** @type {{items: Correction[]}} */
  const { items } = await getJson(correctionsPath(audit), signal);
  const take = (/** @type {string} */ value) =>
    make("button", { type: "submit", class: "button button--small", value }, texts.historyTake);
  const lines = items.map(({ id, who, created_at, note, changes }) =>
    make(
      "li",
      { class: "history__line" },
      make(
        "div",
        { class: "history__what" },
        make("p", { class: "history__who" }, who),
        make("p", { class: "history__when" }, momentText(created_at)),
        make("p", {}, changesText(changes)),
        note && make("p", { class: "history__when" }, note),
      ),
      take(id),
    ),
  );
  const model = make(
    "li",
    { class: "history__line" },
    make("div", { class: "history__what" }, make("p", { class: "history__who" }, texts.historyModel)),
    take("model"),
  );
  const answer = await ask({
    title: texts.reviewHistory,
    body: [
      make("p", { class: "history__lead" }, items.length ? texts.historyLead : texts.historyNone),
      make("ul", { class: "history" }, ...lines, model),
    ],
    signal,
  });
  if (!answer) return null;
  return { take: answer === "model" ? "model" : await getJson(correctionsPath(audit, `/${answer}`), signal) };
}
