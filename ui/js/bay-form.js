/** What is expected of a bay, as a form: full it holds so many facings, and beyond these limits an alert is due. */

import { send } from "./api.js";
import { make } from "./dom.js";
import { asProblem, isAbort, notice } from "./shell.js";
import { describe } from "./errors.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./types.js").Bay} Bay */
/** @typedef {"expected_facings" | "min_fill_rate" | "min_facings" | "max_gaps" | "alert_after"} Name */
/** @typedef {{name: Name, label: string, hint: string, min: number, max: number, step: number, scale?: number}} Field */

const MOST = 1_000_000;

/** Rates are written in per cent and kept as a fraction. @type {Field[]} */
const FIELDS = [
  { name: "expected_facings", label: texts.bayExpected, hint: texts.bayExpectedHint, min: 0, max: MOST, step: 1 },
  { name: "min_fill_rate", label: texts.bayMinFill, hint: texts.bayMinFillHint, min: 0, max: 100, step: 0.1, scale: 100 },
  { name: "min_facings", label: texts.bayMinFacings, hint: texts.bayMinFacingsHint, min: 0, max: MOST, step: 1 },
  { name: "max_gaps", label: texts.bayMaxGaps, hint: texts.bayMaxGapsHint, min: 0, max: MOST, step: 1 },
  { name: "alert_after", label: texts.bayAlertAfter, hint: texts.bayAlertAfterHint, min: 1, max: 100, step: 1 },
];

/** The address of a bay at the service. @param {string} store @param {string} bay */
export const bayPath = (store, bay) => `/stores/${encodeURIComponent(store)}/bays/${encodeURIComponent(bay)}`;

/** @param {number | null} value @param {Field} field */
const shown = (value, { scale = 1 }) => (value === null ? "" : String(Number((value * scale).toPrecision(12))));

/**
 * A form that saves itself and says so.
 *
 * @param {Bay} bay  as the service has it now
 * @param {AbortSignal} signal  of the page it is on
 * @param {(saved: Bay) => void} [saved]  told what the service made of it
 */
export function bayForm(bay, signal, saved) {
  const fault = make("p", { class: "form__error", role: "alert" });
  const inputs = FIELDS.map((field) => {
    const id = `bay-${field.name}`;
    const input = make("input", {
      class: "field bay-form__field",
      id,
      name: field.name,
      type: "number",
      inputmode: field.step === 1 ? "numeric" : "decimal",
      min: field.min,
      max: field.max,
      step: field.step,
      required: field.name === "alert_after",
      "aria-describedby": `${id}-hint`,
    });
    input.value = shown(bay[field.name], field);
    const hint = make("p", { class: "form__hint", id: `${id}-hint` }, field.hint);
    return { field, input, row: make("div", { class: "form__row" }, make("label", { for: id }, field.label), input, hint) };
  });
  const button = make("button", { type: "submit", class: "button button--primary" }, texts.baySave);
  const form = make(
    "form",
    { class: "form bay-form", onsubmit: (/** @type {Event} */ event) => void save(event) },
    ...inputs.map(({ row }) => row),
    fault,
    make("div", { class: "bay-form__actions" }, button),
  );

  /** @param {Event} event */
  async function save(event) {
    event.preventDefault();
    fault.textContent = "";
    button.disabled = true;
    const entries = inputs.map(({ field: { name, scale = 1 }, input }) => {
      // Fractions come out as they were typed: 97 % is 0.97 and not 0.9700000000000001.
      return [name, input.value === "" ? null : Number((input.valueAsNumber / scale).toPrecision(12))];
    });
    try {
      const answer = await send("PUT", bayPath(bay.store, bay.bay), Object.fromEntries(entries), signal);
      for (const { field, input } of inputs) input.value = shown(answer[field.name], field);
      notice(phrases.baySaved(bay.bay));
      saved?.(answer);
    } catch (error) {
      if (isAbort(error)) return;
      const { title, next, detail } = describe(asProblem(error), false);
      fault.textContent = [title, next, detail].filter(Boolean).join(". ").replaceAll("..", ".");
    } finally {
      button.disabled = false;
    }
  }
  return form;
}
