/** The keys of a review: what each does, and the dialog that tells. */

import { ask } from "./dialog.js";
import { make } from "./dom.js";
import { texts } from "./texts.js";

/**
 * @typedef {"next" | "nextToo" | "previous" | "accept" | "remove" | "add" | "addInMiddle" | "edit" | "several"
 *   | "label" | "all" | "copy" | "paste" | "duplicate" | "undo" | "redo" | "save" | "zoomIn" | "zoomOut" | "fit" | "help" | "escape" | "compare"} Command
 */

/** `Mod` is Ctrl, or Command on a Mac. @type {Record<string, Command>} */
const KEYS = {
  n: "next",
  N: "nextToo",
  p: "previous",
  Enter: "accept",
  " ": "accept",
  Delete: "remove",
  Backspace: "remove",
  a: "add",
  A: "addInMiddle",
  v: "edit",
  s: "several",
  l: "label",
  d: "duplicate",
  m: "compare",
  "Mod a": "all",
  "Mod c": "copy",
  "Mod v": "paste",
  "Mod d": "duplicate",
  "Mod z": "undo",
  "Mod Z": "redo",
  "Mod y": "redo",
  "Mod s": "save",
  "+": "zoomIn",
  "=": "zoomIn",
  "-": "zoomOut",
  0: "fit",
  "?": "help",
  Escape: "escape",
};

/** @type {Record<string, [x: number, y: number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** Photo pixels that an arrow with Shift goes. */
const FAR = 10;

/**
 * @param {KeyboardEvent} event
 * @returns {{command: Command} | {arrow: {x: number, y: number}, pull: boolean} | {digit: number} | null}
 */
export function meaning(event) {
  const { key, target } = event;
  if (event.altKey) return null;
  const mod = event.ctrlKey || event.metaKey;
  if (target instanceof HTMLElement) {
    if (target.closest("input, textarea, select, dialog")) return mod && key === "s" ? { command: "save" } : null;
    // A button that has the focus is pressed; what stands in an open menu is walked through.
    if ((key === "Enter" || key === " ") && target.closest("button, a, summary")) return null;
    if (target.closest("[role=listbox]") && key in ARROWS && !event.shiftKey && !mod) return null;
    if (target.closest(".menu") && (key in ARROWS || key === "Escape")) return null;
  }
  const arrow = ARROWS[key];
  if (arrow) {
    const far = event.shiftKey ? FAR : 1;
    return { arrow: { x: arrow[0] * far, y: arrow[1] * far }, pull: mod };
  }
  if (!mod && /^[1-9]$/.test(key)) return { digit: Number(key) };
  // With Caps Lock on, "A" is still the key A.
  const letter = key.length === 1 && /\p{L}/u.test(key) ? (event.shiftKey ? key.toUpperCase() : key.toLowerCase()) : key;
  const command = KEYS[mod ? `Mod ${letter}` : letter] ?? (mod ? undefined : KEYS[letter.toLowerCase()]);
  return command ? { command } : null;
}

/** @type {[keys: string[], text: import("./words/en.js").TextKey][]} */
const TOLD = [
  [["N", "P"], "shortcutStep"],
  [["Enter", "Space"], "shortcutAccept"],
  [["Del"], "shortcutRemove"],
  [["A"], "shortcutAdd"],
  [["Shift A"], "shortcutAddMiddle"],
  [["V"], "shortcutEdit"],
  [["S"], "shortcutSeveral"],
  [["L"], "shortcutLabel"],
  [["1", "…", "9"], "shortcutDigits"],
  [["←", "→", "↑", "↓"], "shortcutNudge"],
  [["Ctrl", "←", "→", "↑", "↓"], "shortcutPull"],
  [["Shift"], "shortcutShift"],
  [["D"], "shortcutDuplicate"],
  [["Ctrl C", "Ctrl V"], "shortcutCopy"],
  [["Ctrl A", "Shift N"], "shortcutAll"],
  [["Ctrl Z", "Ctrl Shift Z"], "shortcutUndo"],
  [["Ctrl S"], "shortcutSave"],
  [["M"], "shortcutCompare"],
  [["+", "-", "0"], "shortcutZoom"],
  [["Esc"], "shortcutEscape"],
  [["?"], "shortcutHelp"],
];

/** @param {AbortSignal} signal */
export function showShortcuts(signal) {
  const rows = TOLD.map(([keys, text]) =>
    make(
      "div",
      { class: "keys__row" },
      make("dt", { class: "keys__keys" }, ...keys.map((key) => make("kbd", { class: "keys__key" }, key))),
      make("dd", {}, texts[text]),
    ),
  );
  const touch = make("p", { class: "keys__touch" }, texts.shortcutTouch);
  return ask({ title: texts.reviewShortcuts, body: [make("dl", { class: "keys", tabindex: "0" }, ...rows), touch], signal });
}
