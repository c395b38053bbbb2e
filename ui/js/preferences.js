/** How someone wants figures and times to be written; format.js reads it, the settings set it. */

import { keep, kept } from "./kept.js";

/**
 * What can be chosen, the default first.
 *
 * @type {{size: readonly ["px", "mp"], clock: readonly ["locale", "h23", "h12"], when: readonly ["relative", "absolute"]}}
 */
export const CHOICES = { size: ["px", "mp"], clock: ["locale", "h23", "h12"], when: ["relative", "absolute"] };

/** @typedef {keyof typeof CHOICES} Preference */

/** @template {Preference} P @param {P} name @returns {(typeof CHOICES)[P][number]} */
export function preference(name) {
  const value = kept(`show-${name}`);
  /** @type {readonly string[]} */
  const known = CHOICES[name];
  return /** @type {(typeof CHOICES)[P][number]} */ (known.includes(value) ? value : known[0]);
}

/** @param {Preference} name @param {string} value */
export function prefer(name, value) {
  keep(`show-${name}`, value === CHOICES[name][0] ? "" : value);
}
