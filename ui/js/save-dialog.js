/** Where a photo belongs: the dialog that makes audits of photos. */

import { getJson } from "./api.js";
import { make } from "./dom.js";
import { keep, kept } from "./kept.js";
import { outbox } from "./outbox.js";
import { phrases, texts } from "./texts.js";

/** @typedef {{file: File, key: string, model: string}} Shot  a photo and the key its audit will have */

const LAST = "last-place";
const LONGEST_NAME = 200;
const LONGEST_NOTE = 2000;

/** @returns {{store: string, bay: string}}  of the audit before */
function lastPlace() {
  try {
    const { store = "", bay = "" } = JSON.parse(kept(LAST) || "{}");
    return { store: String(store), bay: String(bay) };
  } catch {
    return { store: "", bay: "" };
  }
}

/** For an input of type datetime-local, in the person's own time. @param {number} ms */
const localTime = (ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

/** When a file was made, as far as the browser knows; never later than now. @param {File} file */
const takenAt = (file) => Math.min(file.lastModified || Date.now(), Date.now());

/**
 * @param {Shot} shown  the photo on the stage
 * @param {Shot[]} all  all photos at hand, the one on the stage among them
 * @returns {Promise<Shot[]>}  those that were saved; empty when someone thought better of it
 */
export function askWhere(shown, all) {
  const { store: lastStore, bay: lastBay } = lastPlace();
  const stores = make("datalist", { id: "save-stores" });
  const bays = make("datalist", { id: "save-bays" });
  const store = field("save-store", texts.saveStore, { list: "save-stores", required: true, maxlength: LONGEST_NAME });
  const bay = field("save-bay", texts.saveBay, { list: "save-bays", required: true, maxlength: LONGEST_NAME });
  store.input.value = lastStore;
  bay.input.value = lastBay;
  const now = localTime(Date.now());
  const taken = field("save-taken", texts.saveTaken, { type: "datetime-local", required: true, min: "2000-01-01T00:00", max: now });
  taken.input.value = localTime(takenAt(shown.file));
  const note = make("textarea", { class: "field", id: "save-note", maxlength: LONGEST_NOTE, rows: 2 });
  const every = make("input", { type: "checkbox", id: "save-all", checked: true });
  every.addEventListener("change", () => (taken.row.hidden = every.checked));
  taken.row.hidden = all.length > 1;
  const form = make(
    "form",
    { method: "dialog", class: "form" },
    store.row,
    bay.row,
    all.length > 1 && make("label", { class: "closer", for: "save-all" }, every, make("span", {}, phrases.saveAll(all.length))),
    taken.row,
    make("div", { class: "form__row" }, make("label", { for: "save-note" }, texts.saveNote), note),
    make(
      "div",
      { class: "dialog__actions" },
      make("button", { type: "submit", class: "button", value: "", formnovalidate: true }, texts.cancel),
      make("button", { type: "submit", class: "button button--primary", value: "save", id: "save-now" }, texts.save),
    ),
  );
  const dialog = make(
    "dialog",
    { class: "dialog", id: "save-dialog", "aria-labelledby": "save-title" },
    make("h2", { class: "dialog__title", id: "save-title" }, texts.saveTitle),
    form,
    stores,
    bays,
  );
  // Enter in a field means yes: the first button of a form is what it presses, and here that is Cancel.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
    event.preventDefault();
    form.requestSubmit(/** @type {HTMLButtonElement} */ (form.querySelector("#save-now")));
  });
  const leaving = new AbortController();
  const suggestBays = () => void suggest(bays, `/stores/${encodeURIComponent(store.input.value.trim())}/bays`, "bay", leaving.signal);
  void suggest(stores, "/stores", "store", leaving.signal);
  if (lastStore) suggestBays();
  store.input.addEventListener("change", suggestBays);
  document.body.append(dialog);
  dialog.showModal();
  (lastStore ? (lastBay ? form.querySelector("#save-now") : bay.input) : store.input)?.dispatchEvent(new Event("focus"));
  if (lastStore && lastBay) /** @type {HTMLElement} */ (form.querySelector("#save-now")).focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      leaving.abort();
      dialog.remove();
      if (dialog.returnValue !== "save") return resolve([]);
      const place = { store: store.input.value.trim(), bay: bay.input.value.trim() };
      keep(LAST, JSON.stringify(place));
      const chosen = all.length > 1 && every.checked ? all : [shown];
      const alone = chosen.length === 1 && chosen[0] === shown;
      const parcels = chosen.map(({ file, key, model }) => ({
        ...place,
        key,
        model,
        photo: file,
        name: file.name || "photo",
        note: note.value.trim(),
        taken_at: new Date(alone ? exactly(taken.input.value, file) : takenAt(file)).toISOString(),
      }));
      void outbox.add(parcels);
      return resolve(chosen);
    });
  });
}

/** The field knows minutes; where nobody changed it, the file's own time is better. @param {string} value @param {File} file */
const exactly = (value, file) => (value === localTime(takenAt(file)) ? takenAt(file) : new Date(value).getTime());

/** @param {string} id @param {string} label @param {Record<string, string | number | boolean>} attributes */
function field(id, label, attributes) {
  const input = make("input", { class: "field", id, autocomplete: "off", ...attributes });
  // Blanks alone name nothing.
  if (attributes.required && !attributes.type) input.setAttribute("pattern", ".*\\S.*");
  return { input, row: make("div", { class: "form__row" }, make("label", { for: id }, label), input) };
}

/**
 * Names there are already, as suggestions; without a network there are none.
 *
 * @param {HTMLDataListElement} list @param {string} path @param {"store" | "bay"} name @param {AbortSignal} signal
 */
async function suggest(list, path, name, signal) {
  try {
    const { items } = await getJson(path, signal);
    list.replaceChildren(...items.map((/** @type {Record<string, string>} */ item) => make("option", { value: item[name] })));
  } catch {
    list.replaceChildren();
  }
}
