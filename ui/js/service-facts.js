/** The service in the settings: its version, its models, and where to read on. */

import { apiKey, health } from "./api.js";
import { make } from "./dom.js";
import { download } from "./download.js";
import { describe } from "./errors.js";
import { link } from "./router.js";
import { asProblem, isAbort, notice } from "./shell.js";
import { texts } from "./texts.js";

/** @param {AbortSignal} signal */
export function serviceSection(signal) {
  const facts = make("dl", { class: "service-facts" });
  const links = make(
    "p",
    { class: "service-facts__links" },
    make("a", { class: "button", href: link("status") }, texts.serviceStatus),
    contract(signal),
  );
  void showFacts(facts, signal);
  return make("div", {}, facts, links);
}

/** The OpenAPI document: a link, and with a key, which a link cannot send, a file. @param {AbortSignal} signal */
function contract(signal) {
  const path = "/openapi.json";
  const anchor = make("a", { class: "button", href: path }, texts.serviceOpenapi);
  const take = async () => {
    try {
      await download(path, "openapi.json", { signal });
    } catch (error) {
      if (!isAbort(error)) notice(describe(asProblem(error), false).title, { label: texts.retry, run: () => void take() });
    }
  };
  anchor.addEventListener("click", (event) => {
    if (!apiKey()) return;
    event.preventDefault();
    void take();
  });
  return anchor;
}

/** @param {HTMLElement} facts @param {AbortSignal} signal */
async function showFacts(facts, signal) {
  const { version, models, state } = await health();
  if (signal.aborted) return;
  const served = models.map(({ name, version: own, precision }) => `${name} ${own} ${precision.toUpperCase()}`).join(", ");
  /** @type {[string, string][]} */
  const entries = [
    [texts.statusVersion, version || "–"],
    [texts.statusModels, served || (state === "offline" ? texts.statusOffline : texts.statusFailed)],
  ];
  facts.replaceChildren(...entries.map(([name, value]) => make("div", { class: "fact" }, make("dt", {}, name), make("dd", {}, make("bdi", {}, value)))));
}
