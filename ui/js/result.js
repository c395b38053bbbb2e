/** The panel beside the photo: how many, how sure, how fast, by which model, and the JSON. */

import { LOWEST_CONFIDENCE } from "./api.js";
import { copyText } from "./clipboard.js";
import { Counter } from "./counter.js";
import { byId, element, setIcon } from "./dom.js";
import { countByClass, visible } from "./filter.js";
import { duration, durationText, percent, photoSize, whole } from "./format.js";
import { drawHistogram } from "./histogram.js";
import { JsonView } from "./json-view.js";
import { colourOf } from "./palette.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./types.js").Prediction} Prediction */
/** @typedef {import("./types.js").Detection} Detection */
/** @typedef {import("./types.js").ServedModel} ServedModel */

/** Where no model says better. */
const USUAL_CONFIDENCE = 0.25;
/** The slider speaks when it rests, not at every pixel. */
const ANNOUNCE_MS = 500;
const COPIED_MS = 1600;

export class Result {
  /** @param {{shown: (detections: Detection[], first: boolean) => void, announce: (text: string) => void, titled: (text: string) => void}} hooks */
  constructor(hooks) {
    this.hooks = hooks;
    /** @type {Prediction | null} */
    this.answer = null;
    /** @type {ServedModel | undefined} */
    this.model = undefined;
    this.threshold = USUAL_CONFIDENCE;
    /** Class ids switched off in the legend. @type {Set<number>} */
    this.hidden = new Set();
    /** @type {Detection[]} */
    this.shown = [];
    this.counter = new Counter(byId("count", HTMLElement));
    this.json = new JsonView(byId("json-view", HTMLElement));
    this.announceTimer = 0;

    const slider = byId("confidence", HTMLInputElement);
    slider.addEventListener("input", () => this.setThreshold(slider.valueAsNumber));
    byId("confidence-reset", HTMLButtonElement).addEventListener("click", () => {
      this.setThreshold(this.usual);
      slider.focus();
    });
    byId("json", HTMLDetailsElement).addEventListener("toggle", () => this.showJson());
    for (const radio of document.getElementsByName("json-scope")) {
      radio.addEventListener("change", () => this.showJson());
    }
    byId("copy-json", HTMLButtonElement).addEventListener("click", () => this.copy());
    new ResizeObserver(() => this.drawHistogram()).observe(byId("histogram", HTMLCanvasElement));
  }

  get usual() {
    return this.model?.operating_threshold ?? USUAL_CONFIDENCE;
  }

  /** The slider's left end: what was asked of the service. */
  get lowest() {
    return Math.min(LOWEST_CONFIDENCE, this.usual);
  }

  get noun() {
    return phrases.found(this.shown.length, this.mixed);
  }

  get mixed() {
    return (this.model?.classes.length ?? 1) > 1;
  }

  /** @param {Prediction} answer @param {ServedModel | undefined} model */
  show(answer, model) {
    this.answer = answer;
    this.model = model;
    this.hidden.clear();
    this.threshold = this.usual;
    const { timing_ms: timing } = answer;
    byId("confidence", HTMLInputElement).min = String(this.lowest);
    showDuration("inference-time", timing.inference);
    showDuration("total-time", timing.total);
    this.showFacts(answer);
    this.refresh(true);
    this.hooks.announce(phrases.announceResult(whole(this.shown.length), this.noun, durationText(timing.total)));
  }

  /** @param {Prediction} answer */
  showFacts({ model, tiles, image, timing_ms: timing, request_id }) {
    /** @type {[string, string][]} */
    const facts = [[texts.precision, model.precision.toUpperCase()]];
    // With several models the choice above says which one answered.
    if (byId("model-choice", HTMLElement).hidden) facts.unshift([texts.model, `${model.name} ${model.version}`]);
    if (this.model?.runtime) facts.push([texts.runtime, this.model.runtime]);
    if (tiles) facts.push([texts.tiles, whole(tiles)]);
    facts.push(
      [texts.photo, photoSize(image)],
      [texts.decode, durationText(timing.decode)],
      [texts.queue, durationText(timing.queue)],
      [texts.requestId, request_id],
    );
    const rows = facts.map(([name, value]) => {
      const row = element("div", "fact");
      const description = element("dd", "", value);
      description.title = value;
      row.append(element("dt", "", name), description);
      return row;
    });
    byId("facts", HTMLElement).replaceChildren(...rows);
  }

  /** @param {number} value */
  setThreshold(value) {
    this.threshold = value;
    this.refresh(false);
    clearTimeout(this.announceTimer);
    this.announceTimer = window.setTimeout(() => {
      this.hooks.announce(phrases.announceFilter(whole(this.shown.length), this.noun, percent(value)));
    }, ANNOUNCE_MS);
  }

  /** @param {boolean} first  the answer is new, so numbers run and boxes appear */
  refresh(first) {
    if (!this.answer) return;
    const { detections, truncated } = this.answer;
    this.shown = visible(detections, this.threshold, this.hidden);
    const count = this.shown.length;
    this.counter.set(count, first);
    byId("count-label", HTMLElement).textContent = this.noun;
    const note = !count ? phrases.nothing : truncated ? phrases.truncated(whole(detections.length)) : "";
    byId("count-note", HTMLElement).textContent = note;

    const slider = byId("confidence", HTMLInputElement);
    const text = percent(this.threshold);
    if (slider.valueAsNumber !== this.threshold) slider.value = String(this.threshold);
    slider.setAttribute("aria-valuetext", text);
    slider.style.setProperty("--fill", String((this.threshold - this.lowest) / (1 - this.lowest)));
    byId("confidence-value", HTMLOutputElement).value = text;
    const reset = byId("confidence-reset", HTMLButtonElement);
    reset.textContent = phrases.reset(percent(this.usual));
    reset.hidden = this.threshold === this.usual;

    this.showLegend();
    this.drawHistogram();
    this.hooks.titled(phrases.title(whole(count), this.noun));
    this.hooks.shown(this.shown, first);
    if (this.jsonScope === "shown" || first) this.showJson();
  }

  drawHistogram() {
    if (!this.answer) return;
    const at = { low: this.lowest, threshold: this.threshold, usual: this.usual };
    drawHistogram(byId("histogram", HTMLCanvasElement), this.answer.detections, at);
  }

  showLegend() {
    const block = byId("legend-block", HTMLElement);
    block.hidden = !this.mixed;
    if (!this.mixed || !this.model || !this.answer) return;
    const counts = countByClass(visible(this.answer.detections, this.threshold, new Set()));
    const list = byId("legend", HTMLElement);
    const { classes } = this.model;
    // The rows stay while the numbers change, or the focus would be lost with each move of the slider.
    if (list.childElementCount !== classes.length || list.dataset.model !== classes.join("\n")) {
      list.dataset.model = classes.join("\n");
      list.replaceChildren(...classes.map((name, id) => this.legendRow(name, id)));
    }
    classes.forEach((_, id) => {
      const button = list.children[id]?.firstElementChild;
      button?.setAttribute("aria-pressed", String(!this.hidden.has(id)));
      const number = button?.lastElementChild;
      if (number) number.textContent = whole(counts.get(id) ?? 0);
    });
  }

  /** @param {string} name @param {number} id */
  legendRow(name, id) {
    const row = element("li", "");
    const button = element("button", "legend__row");
    button.type = "button";
    const swatch = element("span", "legend__swatch");
    swatch.style.background = colourOf(id);
    button.append(swatch, element("span", "legend__name", name), element("span", "legend__count", "0"));
    button.addEventListener("click", () => {
      if (!this.hidden.delete(id)) this.hidden.add(id);
      this.refresh(false);
    });
    row.append(button);
    return row;
  }

  get jsonScope() {
    const chosen = document.querySelector('input[name="json-scope"]:checked');
    return chosen instanceof HTMLInputElement ? chosen.value : "all";
  }

  /** The answer as it came, or with only what is shown now. */
  get jsonValue() {
    if (!this.answer || this.jsonScope === "all") return this.answer;
    return { ...this.answer, detections: this.shown, count: this.shown.length };
  }

  showJson() {
    const count = this.jsonScope === "all" ? this.answer?.detections.length : this.shown.length;
    byId("json-meta", HTMLElement).textContent = phrases.jsonBoxes(count ?? 0, whole(count ?? 0));
    if (byId("json", HTMLDetailsElement).open) this.json.show(this.jsonValue);
  }

  async copy() {
    this.json.show(this.jsonValue);
    const done = await copyText(this.json.text);
    const text = byId("copy-text", HTMLElement);
    text.textContent = done ? texts.copied : texts.copyFailed;
    if (done) {
      setIcon(byId("copy-icon", SVGUseElement), "check");
      this.hooks.announce(texts.copied);
    }
    setTimeout(() => {
      text.textContent = texts.copy;
      setIcon(byId("copy-icon", SVGUseElement), "copy");
    }, COPIED_MS);
  }
}

/** @param {string} id @param {number} ms */
function showDuration(id, ms) {
  const { value, unit } = duration(ms);
  byId(id, HTMLElement).replaceChildren(value, element("span", "tile__unit", ` ${unit}`));
}
