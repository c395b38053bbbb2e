/** Work on an audit that is not saved yet, kept on this device, and what has been looked at. */

/** @typedef {import("./types.js").CorrectedBox} CorrectedBox */
/**
 * @typedef {object} Draft
 * @property {string | null} base  the correction it went on from
 * @property {CorrectedBox[]} boxes
 * @property {number[]} seen  sources of boxes that were looked at
 * @property {boolean} dirty  false once all is saved; then only `seen` matters
 * @property {number} at  when it was kept, in ms
 */

const PREFIX = "shelfwatch-review-";
const WHO = "shelfwatch-who";

/** @param {string} audit @returns {Draft | null} */
export function readDraft(audit) {
  try {
    const kept = JSON.parse(localStorage.getItem(PREFIX + audit) ?? "null");
    return kept && Array.isArray(kept.boxes) && Array.isArray(kept.seen) ? kept : null;
  } catch {
    return null;
  }
}

/** At once, so that not even a crash a moment later loses it. @param {string} audit @param {Draft} draft @returns {boolean} */
export function keepDraft(audit, draft) {
  const text = JSON.stringify(draft);
  for (;;) {
    try {
      localStorage.setItem(PREFIX + audit, text);
      return true;
    } catch {
      if (!dropOldestSaved(audit)) return false;
    }
  }
}

/** Make room; what is not saved is never given up. @param {string} but */
function dropOldestSaved(but) {
  try {
    const saved = Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX) && key !== PREFIX + but)
      .map((key) => ({ key, draft: readDraft(key.slice(PREFIX.length)) }))
      .filter(({ draft }) => !draft?.dirty)
      .sort((a, b) => (a.draft?.at ?? 0) - (b.draft?.at ?? 0));
    if (!saved.length) return false;
    localStorage.removeItem(saved[0].key);
    return true;
  } catch {
    return false;
  }
}

/** Who works here; asked once. @returns {string} */
export function readWho() {
  try {
    return localStorage.getItem(WHO) ?? heldWho;
  } catch {
    return heldWho;
  }
}

/** Lives as long as the tab, where nothing can be stored. */
let heldWho = "";

/** @param {string} who */
export function keepWho(who) {
  heldWho = who;
  try {
    localStorage.setItem(WHO, who);
  } catch {
    // heldWho serves until the page is left.
  }
}
