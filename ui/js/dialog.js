/** A question in front of the page; whatever closes it is an answer. */

import { make } from "./dom.js";
import { texts } from "./texts.js";

/** @typedef {{value: string, label: string, primary?: boolean}} Answer */

let made = 0;

/**
 * Ask, and wait for the answer.
 *
 * @param {object} question
 * @param {string} question.title
 * @param {(Node | string)[]} [question.body]
 * @param {Answer[]} [question.answers]  the focus is on the first field, or on the primary one
 * @param {string} [question.escape]  the answer that Escape gives
 * @param {AbortSignal} [question.signal]  closes it when its page is left
 * @returns {Promise<string>}  the value of the answer
 */
export function ask({ title, body = [], answers = [{ value: "", label: texts.close }], escape = "", signal }) {
  const id = `dialog-${(made += 1)}`;
  const form = make(
    "form",
    { method: "dialog" },
    make("h2", { class: "dialog__title", id }, title),
    ...body,
    make(
      "div",
      { class: "dialog__actions" },
      ...answers.map(({ value, label, primary }) =>
        make("button", { type: "submit", class: primary ? "button button--primary" : "button", value }, label),
      ),
    ),
  );
  // Enter in a field gives the primary answer, not the first one.
  form.addEventListener("submit", (event) => {
    if (!(event.submitter instanceof HTMLButtonElement)) return;
    dialog.returnValue = event.submitter.value;
  });
  form.addEventListener("keydown", (event) => {
    const primary = form.querySelector(".button--primary");
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement) || !(primary instanceof HTMLButtonElement)) return;
    event.preventDefault();
    form.requestSubmit(primary);
  });
  const dialog = make("dialog", { class: "dialog", "aria-labelledby": id }, form);
  document.body.append(dialog);
  dialog.returnValue = escape;
  return new Promise((resolve) => {
    dialog.addEventListener("cancel", () => (dialog.returnValue = escape));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    signal?.addEventListener("abort", () => dialog.close(escape), { once: true });
    dialog.showModal();
    const field = form.querySelector("input");
    const answer = form.querySelector(".dialog__actions .button--primary") ?? form.querySelector(".dialog__actions button");
    if (field) field.select();
    else if (answer instanceof HTMLElement) answer.focus();
  });
}
