/** A bay's open alerts: what is wrong since when, and what someone says of it. */

import { getJson, send } from "./api.js";
import { make } from "./dom.js";
import { describe } from "./errors.js";
import { momentTag } from "./format.js";
import { person } from "./person.js";
import { asProblem, isAbort, notice } from "./shell.js";
import { valueText } from "./trend.js";
import { phrases, texts } from "./texts.js";

/** @typedef {{id: string, kind: "fill_rate" | "facings" | "gaps", status: string, value: number, threshold: number, since: string}} Alert */

/** @type {[verdict: string, text: string][]} */
const VERDICTS = [
  ["restocked", texts.alertRestocked],
  ["false_alarm", texts.alertFalse],
  ["not_workable", texts.alertNotWorkable],
];

/** @param {string} store @param {string} bay @param {HTMLElement} root @param {AbortSignal} signal */
export async function showAlerts(store, bay, root, signal) {
  const query = new URLSearchParams({ store, bay, limit: "50" });
  try {
    const { items } = await getJson(`/alerts?${query}`, signal);
    const open = items.filter((/** @type {Alert} */ { status }) => status !== "resolved");
    root.hidden = !open.length;
    root.replaceChildren(
      make("h2", { class: "section__title" }, texts.boardAlerts),
      make("ul", { class: "alerts" }, ...open.map((/** @type {Alert} */ alert) => line(alert, () => showAlerts(store, bay, root, signal)))),
    );
  } catch (error) {
    if (!isAbort(error)) root.hidden = true; // the page itself says what is wrong
  }
}

/** @param {Alert} alert @param {() => void} again */
function line({ id, kind, status, value, threshold, since }, again) {
  /** @param {() => Promise<unknown>} work @param {string} done */
  const act = async (work, done) => {
    try {
      await work();
      notice(done);
    } catch (error) {
      const { title, next } = describe(asProblem(error), false);
      notice(`${title}. ${next}`);
    }
    again();
  };
  const feedback = (/** @type {string} */ verdict) => () =>
    void act(() => send("POST", `/alerts/${id}/feedback`, { verdict, who: person() || null }), texts.alertThanks);
  return make(
    "li",
    { class: "card alert" },
    make(
      "div",
      { class: "alert__text" },
      make("p", { class: "alert__title" }, phrases.alertIs(kind, valueText(kind, value), valueText(kind, threshold))),
      make("p", { class: "form__hint" }, texts.alertSince, " ", momentTag(since), status === "acknowledged" ? ` · ${texts.alertSeen}` : ""),
    ),
    make(
      "div",
      { class: "alert__actions" },
      status === "open" &&
        make(
          "button",
          { type: "button", class: "button button--small", onclick: () => void act(() => send("POST", `/alerts/${id}/acknowledge`), texts.alertSeen) },
          texts.alertAcknowledge,
        ),
      ...VERDICTS.map(([verdict, text]) =>
        make("button", { type: "button", class: "button button--small", onclick: feedback(verdict) }, text),
      ),
    ),
  );
}
