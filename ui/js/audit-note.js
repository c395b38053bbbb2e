/** The note of an audit, which can be changed where it stands. */

import { send } from "./api.js";
import { make } from "./dom.js";
import { describe } from "./errors.js";
import { announce, asProblem } from "./shell.js";
import { texts } from "./texts.js";

/** @typedef {import("./types.js").Audit} Audit */

const LONGEST = 2000;

/** @param {Audit} audit */
export function noteForm(audit) {
  let kept = audit.note ?? "";
  const field = make("textarea", {
    class: "field audit__note-field",
    id: "audit-note",
    maxlength: LONGEST,
    rows: 2,
    placeholder: texts.auditNoteEmpty,
    "aria-describedby": "audit-note-error",
  });
  field.value = kept;
  const error = make("p", { class: "form__error", id: "audit-note-error", role: "alert" });
  const save = make("button", { type: "submit", class: "button button--small button--primary" }, texts.auditNoteSave);
  const back = make("button", { type: "button", class: "button button--small", onclick: () => reset() }, texts.cancel);
  const actions = make("div", { class: "audit__note-actions", hidden: true }, save, back);
  const look = () => (actions.hidden = field.value.trim() === kept);
  const reset = () => {
    field.value = kept;
    error.textContent = "";
    look();
    field.focus();
  };
  field.addEventListener("input", look);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    else if (event.key === "Escape" && !actions.hidden) reset();
  });
  const form = make(
    "form",
    {
      class: "audit__note",
      onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        const wanted = field.value.trim();
        save.disabled = true;
        error.textContent = "";
        try {
          const answer = await send("PATCH", `/audits/${encodeURIComponent(audit.id)}`, { note: wanted || null });
          kept = answer.note ?? "";
          if (field.value.trim() === wanted) field.value = kept;
          announce(texts.auditNoteSaved);
          field.focus();
        } catch (problem) {
          const { title, next } = describe(asProblem(problem), false);
          error.textContent = `${title}. ${next}`;
        } finally {
          save.disabled = false;
          look();
        }
      },
    },
    make("label", { class: "section__title", for: "audit-note" }, texts.auditNote),
    field,
    error,
    actions,
  );
  return form;
}
