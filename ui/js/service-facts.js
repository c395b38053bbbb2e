/** The service in the settings: its version, its models, and where to read on. */

import { health } from "./api.js";
import { make } from "./dom.js";
import { link } from "./router.js";
import { texts } from "./texts.js";

/** @param {AbortSignal} signal */
export function serviceSection(signal) {
  const facts = make("dl", { class: "service-facts" });
  const links = make(
    "p",
    { class: "service-facts__links" },
    make("a", { class: "button", href: link("status") }, texts.serviceStatus),
    make("a", { class: "button", href: "/openapi.json" }, texts.serviceOpenapi),
  );
  void showFacts(facts, signal);
  return make("div", {}, facts, links);
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
