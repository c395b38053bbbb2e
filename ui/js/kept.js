/** What stays in this browser. Where nothing can be stored, it lasts as long as the page. */

/** What all keys of ours begin with, so that they can be found and cleared. */
export const PREFIX = "shelfwatch-";

/** @type {Map<string, string>} */
const held = new Map();

/** @param {string} name  without the prefix @returns {string}  empty where nothing is kept */
export function kept(name) {
  try {
    return localStorage.getItem(PREFIX + name) ?? held.get(name) ?? "";
  } catch {
    return held.get(name) ?? "";
  }
}

/** @param {string} name  without the prefix @param {string} value  empty to forget it */
export function keep(name, value) {
  held.delete(name);
  try {
    if (value) localStorage.setItem(PREFIX + name, value);
    else localStorage.removeItem(PREFIX + name);
  } catch {
    // Forbidden or full.
    if (value) held.set(name, value);
  }
}
