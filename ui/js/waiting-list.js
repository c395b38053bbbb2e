/** What has not reached the service yet: a button in the bar that counts it, and the list behind it. */

import { byId, icon, make } from "./dom.js";
import { describe, Problem } from "./errors.js";
import { momentText } from "./format.js";
import { outbox } from "./outbox.js";
import { link } from "./router.js";
import { go, notice } from "./shell.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./outbox.js").Parcel} Parcel */

/** More at once would cover the page. */
const MOST_NOTICES = 1;

let dialog = /** @type {HTMLDialogElement | null} */ (null);

export function startWaitingList() {
  const button = byId("waiting-button", HTMLButtonElement);
  button.addEventListener("click", () => void open());
  outbox.addEventListener("change", () => void refresh());
  /** @type {Parcel[]} */
  const arrived = [];
  let timer = 0;
  outbox.addEventListener("sent", (event) => {
    const { parcel, audit } = /** @type {CustomEvent} */ (event).detail;
    arrived.push(parcel);
    clearTimeout(timer);
    // Several sent in a row are one piece of news.
    timer = window.setTimeout(() => {
      const count = arrived.splice(0).length;
      const target = count > MOST_NOTICES ? link("stores", audit.store, audit.bay) : link("audits", audit.id);
      notice(phrases.saved(count, audit.store, audit.bay), { label: texts.savedOpen, run: () => go(target) });
    }, 300);
  });
  void refresh();
  void outbox.flush();
}

async function refresh() {
  const parcels = await outbox.parcels();
  const button = byId("waiting-button", HTMLButtonElement);
  button.hidden = !parcels.length;
  byId("waiting-count", HTMLElement).textContent = phrases.waitingToSend(parcels.length);
  if (!dialog) return;
  if (parcels.length) fill(dialog, parcels);
  else dialog.close();
}

async function open() {
  dialog = make("dialog", { class: "dialog", id: "waiting-dialog", "aria-labelledby": "waiting-heading" });
  dialog.addEventListener("close", () => {
    dialog?.remove();
    dialog = null;
  });
  document.body.append(dialog);
  fill(dialog, await outbox.parcels());
  dialog.showModal();
}

/** @param {HTMLDialogElement} box @param {Parcel[]} parcels */
function fill(box, parcels) {
  const items = parcels.map((parcel) => {
    const remove = () => {
      void outbox.remove(parcel.key);
      notice(texts.waitingRemoved, { label: texts.undo, run: () => void outbox.put(parcel) });
    };
    return make(
      "li",
      { class: "parcel" },
      make(
        "div",
        { class: "parcel__text" },
        make("p", { class: "parcel__place" }, phrases.storeAndBay(parcel.store, parcel.bay)),
        make("p", { class: "parcel__note" }, momentText(parcel.taken_at)),
        parcel.problem && make("p", { class: "parcel__problem" }, describe(new Problem(parcel.problem), false).title),
      ),
      make(
        "button",
        { type: "button", class: "icon-button", "aria-label": phrases.waitingRemove(parcel.store, parcel.bay), onclick: remove },
        icon("trash"),
      ),
    );
  });
  box.replaceChildren(
    make("h2", { class: "dialog__title", id: "waiting-heading" }, texts.waitingHeading),
    make("p", { class: "form__hint" }, texts.waitingHint),
    make("ul", { class: "parcels" }, ...items),
    make(
      "div",
      { class: "dialog__actions" },
      make("button", { type: "button", class: "button", onclick: () => box.close() }, texts.close),
      make(
        "button",
        { type: "button", class: "button button--primary", onclick: () => void outbox.flush(true) },
        texts.waitingSend,
      ),
    ),
  );
}
