/** Any bay's limits, in the settings: choose the store, then the bay. */

import { getJson } from "./api.js";
import { bayForm } from "./bay-form.js";
import { make } from "./dom.js";
import { link } from "./router.js";
import { isAbort, problemCard } from "./shell.js";
import { texts } from "./texts.js";

/** @typedef {import("./types.js").Bay} Bay */

/** @param {AbortSignal} signal  of the page */
export function bayLimits(signal) {
  const root = make("div", { class: "bay-limits" });
  void choose(root, signal);
  return root;
}

/** @param {HTMLElement} root @param {AbortSignal} signal */
async function choose(root, signal) {
  const store = make("select", { class: "field", id: "limits-store" });
  const bay = make("select", { class: "field", id: "limits-bay", disabled: true });
  const place = make("div");
  let turn = 0;
  /** @type {Bay[]} */
  let bays = [];
  store.addEventListener("change", () => void showBays());
  bay.addEventListener("change", () => showForm());

  async function showBays() {
    const mine = (turn += 1);
    place.replaceChildren();
    bay.disabled = true;
    bay.replaceChildren(new Option(texts.limitsChooseBay, ""));
    if (!store.value) return;
    try {
      const { items } = await getJson(`/stores/${encodeURIComponent(store.value)}/bays`, signal);
      if (mine !== turn) return; // another store was chosen meanwhile
      bays = items;
      bay.append(...bays.map((one) => new Option(one.bay, one.bay)));
      bay.disabled = false;
      if (bays.length === 1) {
        bay.value = bays[0].bay;
        showForm();
      }
    } catch (error) {
      if (!isAbort(error) && mine === turn) place.replaceChildren(problemCard(error, () => void showBays()));
    }
  }

  function showForm() {
    const chosen = bays.find((one) => one.bay === bay.value);
    if (!chosen) {
      place.replaceChildren();
      return;
    }
    place.replaceChildren(
      bayForm(chosen, signal, (saved) => (bays = bays.map((one) => (one.bay === saved.bay ? { ...one, ...saved } : one)))),
    );
  }

  try {
    const { items } = await getJson("/stores", signal);
    if (!items.length) {
      root.replaceChildren(make("p", { class: "form__hint" }, texts.limitsNoStores, " ", make("a", { class: "todo__link", href: link() }, texts.takePhoto)));
      return;
    }
    const names = items.map((/** @type {{store: string}} */ one) => new Option(one.store, one.store));
    store.append(new Option(texts.limitsChooseStore, ""), ...names);
    bay.append(new Option(texts.limitsChooseBay, ""));
    root.replaceChildren(
      make(
        "div",
        { class: "settings__pair" },
        make("div", { class: "form__row" }, make("label", { for: "limits-store" }, texts.limitsStore), store),
        make("div", { class: "form__row" }, make("label", { for: "limits-bay" }, texts.limitsBay), bay),
      ),
      place,
    );
  } catch (error) {
    if (!isAbort(error)) root.replaceChildren(problemCard(error, () => void choose(root, signal)));
  }
}
