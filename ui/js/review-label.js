/** The question for a label: free text, with the known ones one press away. */

import { ask } from "./dialog.js";
import { make } from "./dom.js";
import { texts } from "./texts.js";

const LONGEST = 100;
/** So many have a digit. */
export const DIGITS = 9;

/**
 * @param {readonly string[]} labels  known ones, the usual first
 * @param {string} current  empty where several differ
 * @param {AbortSignal} signal
 * @returns {Promise<string>}  empty: leave it
 */
export async function askLabel(labels, current, signal) {
  const field = make("input", {
    class: "field",
    id: "review-label",
    list: "review-labels",
    maxlength: LONGEST,
    autocomplete: "off",
    value: current,
    autofocus: true,
  });
  const known = make("div", { class: "labels" });
  for (const [index, label] of labels.entries()) {
    const key = index < DIGITS && make("kbd", { class: "keys__key" }, String(index + 1));
    known.append(make("button", { type: "submit", class: "button button--small", value: `label:${label}` }, label, key));
  }
  const answer = await ask({
    title: texts.reviewLabelTitle,
    body: [
      make("div", { class: "form__row" }, make("label", { for: "review-label" }, texts.reviewLabelField), field),
      make("datalist", { id: "review-labels" }, ...labels.map((label) => make("option", { value: label }))),
      known,
    ],
    answers: [
      { value: "", label: texts.cancel },
      { value: "ok", label: texts.reviewLabelUse, primary: true },
    ],
    signal,
  });
  return answer.startsWith("label:") ? answer.slice(6) : answer === "ok" ? field.value.trim() : "";
}
