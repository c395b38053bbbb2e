/** A choice of one of a few, side by side. */

import { make } from "./dom.js";

/**
 * @param {string} name @param {string} legend @param {[value: string, text: string][]} choices @param {string} chosen
 * @param {(value: string) => void} run
 */
export const segments = (name, legend, choices, chosen, run) =>
  make(
    "fieldset",
    { class: "segments" },
    make("legend", { class: "visually-hidden" }, legend),
    ...choices.map(([value, text]) =>
      make(
        "label",
        { class: "segment" },
        make("input", { type: "radio", name, value, checked: value === chosen, onchange: () => run(value) }),
        make("span", {}, text),
      ),
    ),
  );
