/** To do by keyboard: J and K or the arrows go from card to card, 1 to 3 answer the one that has the focus. */

/** @type {Record<string, 1 | -1>} */
const STEPS = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };

/** @param {HTMLElement} list  of cards @param {AbortSignal} signal */
export function startTaskKeys(list, signal) {
  document.addEventListener("keydown", (event) => press(event, list), { signal });
}

/** @param {KeyboardEvent} event @param {HTMLElement} list */
function press(event, list) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const { activeElement: active } = document;
  if (!(active instanceof HTMLElement) || active.closest("input, select, textarea, dialog")) return;
  const cards = [...list.children].filter((card) => card instanceof HTMLElement);
  const at = cards.findIndex((card) => card.contains(active));
  const step = STEPS[event.key] ?? STEPS[event.key.toLowerCase()];
  if (step) {
    // Outside of the list arrows scroll, as everywhere.
    if (at < 0 && event.key.startsWith("Arrow")) return;
    const next = cards[Math.min(Math.max(at + step, 0), cards.length - 1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  } else if (at >= 0 && /^[1-3]$/.test(event.key)) {
    event.preventDefault();
    const answer = cards[at].querySelectorAll("[data-verdict]")[Number(event.key) - 1];
    if (answer instanceof HTMLButtonElement) answer.click();
  }
}
