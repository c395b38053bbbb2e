/** What this page keeps on the device, and how to clear it. */

import { forgetApiKey } from "./api.js";
import { make } from "./dom.js";
import { bytesText } from "./format.js";
import { PREFIX } from "./kept.js";
import { outbox } from "./outbox.js";
import { phrases, texts } from "./texts.js";
import { verdicts } from "./verdicts.js";

/** @param {AbortSignal} signal */
export function deviceSection(signal) {
  const used = make("p", { class: "device__used" }, texts.loading);
  void showUsed(used);
  const button = make("button", { type: "button", class: "button device__clear" }, texts.deviceClear);
  button.addEventListener("click", () => confirmClear(signal, button));
  return [used, make("p", { class: "form__hint" }, texts.deviceHint), make("div", { class: "settings__line" }, button)];
}

/** @param {HTMLElement} used */
async function showUsed(used) {
  const { usage, quota } = (await navigator.storage?.estimate?.().catch(() => undefined)) ?? {};
  used.textContent = usage === undefined ? texts.deviceUnknown : phrases.deviceUsed(bytesText(usage), quota ? bytesText(quota) : "");
}

/** @param {AbortSignal} signal @param {HTMLElement} origin  gets the focus back */
function confirmClear(signal, origin) {
  const count = verdicts.waiting;
  const photos = make("p", { class: "device__loss", hidden: true });
  void outbox.parcels().then(({ length }) => {
    photos.hidden = !length;
    photos.textContent = phrases.deviceLossPhotos(length);
  });
  const dialog = make(
    "dialog",
    { class: "dialog", "aria-labelledby": "clear-title", "aria-describedby": "clear-text" },
    make("h2", { class: "dialog__title", id: "clear-title" }, texts.deviceClearTitle),
    make("p", { id: "clear-text" }, texts.deviceClearText),
    count ? make("p", { class: "device__loss" }, phrases.deviceLoss(count)) : null,
    photos,
    make(
      "form",
      { method: "dialog", class: "dialog__actions" },
      make("button", { type: "submit", class: "button", value: "", autofocus: true }, texts.cancel),
      make("button", { type: "submit", class: "button button--danger", value: "clear" }, texts.deviceClearNow),
    ),
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue === "clear") void clear().then(() => location.reload());
    else origin.focus();
  });
  signal.addEventListener("abort", () => dialog.remove(), { once: true });
  document.body.append(dialog);
  dialog.showModal();
}

/** Everything of this site in this browser: settings, drafts, what waits to be sent, copies of pages and photos. */
async function clear() {
  forgetApiKey();
  for (const name of /** @type {const} */ (["localStorage", "sessionStorage"])) {
    try {
      const storage = window[name];
      for (const key of Object.keys(storage)) if (key.startsWith(PREFIX)) storage.removeItem(key);
    } catch {
      // Forbidden: then nothing is there.
    }
  }
  const jobs = [
    async () => Promise.all((await caches.keys()).map((key) => caches.delete(key))),
    async () => {
      for (const { name } of await indexedDB.databases()) if (name) indexedDB.deleteDatabase(name);
    },
    async () => Promise.all((await navigator.serviceWorker.getRegistrations()).map((one) => one.unregister())),
  ];
  // Where one of them does not exist, the others are still cleared.
  await Promise.allSettled(jobs.map((job) => job()));
}
