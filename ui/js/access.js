/** The API key in the settings: for this tab or for this device, tried before anyone relies on it. */

import { apiKey, forgetApiKey, getJson, rememberedKey, setApiKey } from "./api.js";
import { make } from "./dom.js";
import { describe } from "./errors.js";
import { outbox } from "./outbox.js";
import { announce, asProblem, isAbort } from "./shell.js";
import { texts } from "./texts.js";
import { verdicts } from "./verdicts.js";

/** Needs a key wherever keys are asked for, and costs nothing. */
const TRIAL = "/stores";

/** @param {AbortSignal} signal */
export function accessSection(signal) {
  const state = make("p", { class: "access__state", id: "access-state" });
  const input = make("input", {
    class: "field",
    id: "access-key",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    required: true,
    "aria-describedby": "access-state",
  });
  const remember = make("input", { type: "checkbox", id: "access-remember", "aria-describedby": "access-remember-hint" });
  const answer = make("p", { class: "access__answer", role: "status" });
  const test = make("button", { type: "button", class: "button", onclick: () => void tryKey() }, texts.keyTest);
  const remove = make("button", { type: "button", class: "button", onclick: () => forget() }, texts.keyRemove);

  function show() {
    state.textContent = rememberedKey() && apiKey() === rememberedKey() ? texts.keyOnDevice : apiKey() ? texts.keyInTab : texts.keyNone;
    remove.hidden = !apiKey();
  }

  function forget() {
    forgetApiKey();
    say("", texts.keyRemoved);
    show();
    input.focus();
  }

  /** @param {"" | "good" | "bad"} tone @param {string} text */
  function say(tone, text) {
    answer.dataset.tone = tone;
    answer.textContent = text;
  }

  async function tryKey() {
    say("", texts.keyTesting);
    test.disabled = true;
    try {
      await getJson(TRIAL, signal);
      say("good", apiKey() ? (await needsKey(signal)) ? texts.keyWorks : texts.keyNotNeeded : texts.keyNotNeeded);
      void verdicts.flush();
      void outbox.flush();
    } catch (error) {
      if (isAbort(error)) return;
      const problem = asProblem(error);
      if (problem.slug === "unauthorized") say("bad", apiKey() ? texts.keyWrong : texts.keyMissing);
      else {
        const { title, next } = describe(problem, false);
        say("bad", `${title}. ${next}`);
      }
    } finally {
      test.disabled = false;
    }
  }

  const form = make(
    "form",
    {
      class: "form",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        forgetApiKey();
        setApiKey(input.value.trim(), remember.checked);
        input.value = "";
        announce(remember.checked ? texts.keyOnDevice : texts.keyInTab);
        show();
        void tryKey();
      },
    },
    make("div", { class: "form__row" }, make("label", { for: "access-key" }, texts.keyLabel), input, state),
    make(
      "div",
      { class: "form__row" },
      make("label", { class: "settings__check" }, remember, make("span", {}, texts.keyRemember)),
      make("p", { class: "form__hint", id: "access-remember-hint" }, texts.keyRememberHint),
    ),
    make("div", { class: "settings__line" }, make("button", { type: "submit", class: "button button--primary" }, texts.keySave), test, remove),
    answer,
  );
  show();
  return [form];
}

/** Whether the service would answer without one, too. @param {AbortSignal} signal */
async function needsKey(signal) {
  const response = await fetch(TRIAL, { signal, cache: "no-store" });
  return response.status === 401;
}
