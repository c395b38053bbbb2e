/** The buttons of a review: what keys do, for mouse and finger. */

import { icon, make } from "./dom.js";
import { texts } from "./texts.js";

/** @typedef {import("./review-keys.js").Command} Command */
/** @typedef {import("./words/en.js").TextKey} TextKey */

/** @type {[command: Command, icon: string, text: TextKey, key: string][][]} */
const GROUPS = [
  [
    ["edit", "cursor", "reviewEdit", "V"],
    ["add", "box-add", "reviewAdd", "A"],
    ["several", "frame", "reviewSeveral", "S"],
  ],
  [
    ["undo", "undo", "reviewUndo", "Ctrl Z"],
    ["redo", "redo", "reviewRedo", "Ctrl Shift Z"],
  ],
  [
    ["label", "tag", "reviewLabel", "L"],
    ["duplicate", "copy", "reviewDuplicate", "D"],
    ["remove", "trash", "reviewRemove", "Del"],
  ],
  [["compare", "layers", "reviewCompare", "M"]],
];

/** @type {ReadonlySet<Command>} */
const PRESSED = new Set(["edit", "add", "several", "compare"]);

/** @param {(command: Command) => void} run */
export function makeTools(run) {
  /** @type {Map<Command, HTMLButtonElement>} */
  const buttons = new Map();
  const groups = GROUPS.map((group) =>
    make(
      "div",
      { class: "tools__group" },
      ...group.map(([command, name, text, key]) => {
        const button = make(
          "button",
          {
            type: "button",
            class: "tools__button",
            "aria-label": texts[text],
            title: `${texts[text]} (${key})`,
            "aria-pressed": PRESSED.has(command) ? "false" : null,
            onclick: () => run(command),
          },
          icon(name, command === "undo" || command === "redo" ? "icon icon--flow" : "icon"),
        );
        buttons.set(command, button);
        return button;
      }),
    ),
  );
  /** @param {Command} command @param {string} name @param {string} label @param {string} key */
  const step = (command, name, label, key) =>
    make(
      "button",
      { type: "button", class: "tools__button", "aria-label": label, title: `${label} (${key})`, onclick: () => run(command) },
      icon(name, "icon icon--flow"),
    );
  const accept = make(
    "button",
    {
      type: "button",
      class: "button button--primary tools__accept",
      title: `${texts.reviewAccept} (Enter)`,
      onclick: () => run("accept"),
    },
    icon("check"),
    make("span", {}, texts.reviewAccept),
  );
  const steps = make(
    "div",
    { class: "tools__group tools__steps" },
    step("previous", "back", texts.reviewPrevious, "P"),
    accept,
    step("next", "chevron", texts.reviewNext, "N"),
  );
  const element = make("div", { class: "tools", role: "toolbar", "aria-label": texts.reviewTools }, ...groups, steps);
  return {
    element,
    /** @param {Command} command @param {boolean} pressed */
    press: (command, pressed) => buttons.get(command)?.setAttribute("aria-pressed", String(pressed)),
    /** @param {Command} command @param {boolean} enabled */
    enable(command, enabled) {
      const button = buttons.get(command);
      // Not `disabled`: the focus would fall off the page.
      button?.setAttribute("aria-disabled", String(!enabled));
    },
  };
}
