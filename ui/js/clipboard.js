/** Copying text, also where the page came over plain HTTP and the clipboard interface is missing. */

import { element } from "./dom.js";

/** @param {string} text @returns {Promise<boolean>} */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A phone in the aisle reaches the laptop by http://192.168..., which is no secure context.
    const area = element("textarea", "visually-hidden");
    area.value = text;
    area.setAttribute("aria-hidden", "true");
    const focused = document.activeElement;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return done;
  }
}
