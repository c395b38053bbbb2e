/** What every page shares: the spoken line, notices with an undo, the title, and the card for what went wrong. */

import { setApiKey } from "./api.js";
import { byId, icon, make } from "./dom.js";
import { Problem, describe } from "./errors.js";
import { texts } from "./texts.js";

const NOTICE_MS = 7000;

/** Say something to those who listen. @param {string} text */
export function announce(text) {
  byId("live", HTMLElement).textContent = text;
}

/** @param {string} title  of the page; the product's name is added */
export function setTitle(title) {
  document.title = title ? `${title} – ShelfWatch` : "ShelfWatch";
}

/** @param {string} hash  an address made by `link` */
export function go(hash) {
  location.hash = hash;
}

/**
 * A line at the bottom that goes by itself, with one thing to do about it.
 *
 * @param {string} text
 * @param {{label: string, run: () => void}} [action]
 * @returns {() => void}  takes it away
 */
export function notice(text, action) {
  const box = make("div", { class: "notice" }, make("p", { class: "notice__text" }, text));
  const close = () => {
    clearTimeout(timer);
    box.remove();
  };
  let timer = window.setTimeout(close, NOTICE_MS);
  // Whoever is about to press the button should not see it vanish.
  for (const stay of ["pointerenter", "focusin"]) box.addEventListener(stay, () => clearTimeout(timer));
  for (const leave of ["pointerleave", "focusout"]) {
    box.addEventListener(leave, () => (timer = window.setTimeout(close, NOTICE_MS)));
  }
  if (action) {
    const run = () => {
      close();
      action.run();
    };
    box.append(make("button", { type: "button", class: "notice__action", onclick: run }, action.label));
  }
  box.append(
    make("button", { type: "button", class: "icon-button", "aria-label": texts.close, onclick: close }, icon("close")),
  );
  byId("notices", HTMLElement).append(box);
  announce(text);
  return close;
}

/** @param {unknown} error */
export const asProblem = (error) =>
  error instanceof Problem ? error : new Problem("unexpected", { detail: String(error) });

/** @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";

/**
 * What happened and what to do next, for a page or a part of one.
 *
 * @param {unknown} error
 * @param {() => void} [again]  what "try again", or a key just entered, leads to
 */
export function problemCard(error, again) {
  const problem = asProblem(error);
  const words = describe(problem, false);
  const card = make(
    "section",
    { class: "failure card", "data-problem": problem.slug, role: "alert" },
    icon("alert", "failure__icon"),
    make("h2", { class: "failure__title" }, words.title),
    make("p", { class: "failure__text" }, words.text),
    make("p", { class: "failure__next" }, words.next),
  );
  if (problem.slug === "unauthorized") card.append(keyForm(again));
  else if (again) {
    const button = make("button", { type: "button", class: "button button--primary", onclick: again }, texts.retry);
    card.append(make("div", { class: "failure__actions" }, button));
  }
  if (words.detail) card.append(make("p", { class: "failure__detail" }, words.detail));
  return card;
}

/** @param {() => void} [again] */
function keyForm(again) {
  const field = make("input", { class: "field", id: "page-key", type: "password", autocomplete: "off", required: true });
  return make(
    "form",
    {
      class: "key-form",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        setApiKey(field.value.trim());
        again?.();
      },
    },
    make("label", { class: "key-form__label", for: "page-key" }, texts.keyLabel),
    field,
    make("p", { class: "key-form__note" }, texts.keyNote),
    make("button", { type: "submit", class: "button button--primary" }, texts.keyUse),
  );
}
