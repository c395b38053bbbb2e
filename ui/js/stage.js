/** A stage made by script, for any page: canvases, tip, note and the view's toolbar around a viewer. */

import { icon, make, setIcon } from "./dom.js";
import { percent, whole } from "./format.js";
import { announce } from "./shell.js";
import { phrases, texts } from "./texts.js";
import { showTip, sizeText } from "./tip.js";
import { Viewer } from "./viewer.js";

/** @typedef {import("./types.js").Detection} Detection */
/** @typedef {import("./types.js").Gap} Gap */

const ZOOM = 1.5;

/** @param {string} name @param {string} label @param {() => void} run */
export const toolButton = (name, label, run) =>
  make("button", { type: "button", class: "toolbar__button", "aria-label": label, title: label, onclick: run }, icon(name));

/**
 * @template {Viewer} [T=Viewer]
 * @param {string} label  what the stage is and which keys it knows
 * @param {(elements: ConstructorParameters<typeof Viewer>[0], hooks: ConstructorParameters<typeof Viewer>[1]) => T} build
 */
export function makeStage(label, build) {
  const photoCanvas = make("canvas", { class: "stage__canvas", "aria-hidden": "true" });
  const boxesCanvas = make("canvas", { class: "stage__canvas", "aria-hidden": "true" });
  const note = make("p", { class: "stage__note", hidden: true });
  const parts = {
    swatch: make("span", { class: "tip__swatch" }),
    label: make("span", { class: "tip__label" }),
    confidence: make("span", { class: "tip__value" }),
    place: make("span", { class: "tip__size" }),
    size: make("span", { class: "tip__size" }),
  };
  const tip = make("div", { class: "tip", hidden: true }, ...Object.values(parts));
  const zoom = make("span", { class: "toolbar__value", "aria-hidden": "true" }, percent(1));
  const stage = make(
    "div",
    { class: "stage", role: "application", tabindex: "0", "aria-label": label },
    photoCanvas,
    boxesCanvas,
    note,
    tip,
  );
  const viewer = build(
    { stage, photoCanvas, boxesCanvas },
    {
      picked(item, at, how) {
        showTip(item, at, { stage, tip, parts });
        if (item && how === "key" && document.activeElement === stage) speak(viewer, item);
      },
      viewed(scale) {
        zoom.textContent = percent(Math.round(scale * 100) / 100);
      },
    },
  );
  const eye = toolButton("eye", texts.boxesHide, () => {
    viewer.showBoxes(!viewer.boxesShown);
    const words = viewer.boxesShown ? texts.boxesHide : texts.boxesShow;
    eye.setAttribute("aria-label", words);
    eye.title = words;
    const use = eye.querySelector("use");
    if (use) setIcon(use, viewer.boxesShown ? "eye" : "eye-off");
  });
  const toolbar = make(
    "div",
    { class: "toolbar", role: "toolbar", "aria-label": texts.toolbar },
    eye,
    make("span", { class: "toolbar__rule" }),
    toolButton("minus", texts.zoomOut, () => viewer.zoomBy(1 / ZOOM)),
    zoom,
    toolButton("plus", texts.zoomIn, () => viewer.zoomBy(ZOOM)),
    toolButton("fit", texts.zoomFit, () => viewer.fit()),
  );
  stage.append(toolbar);
  return {
    element: stage,
    viewer,
    toolbar,
    /** Say on the stage why no photo is there; empty takes it away. @param {string} words */
    say(words) {
      note.textContent = words;
      note.hidden = !words;
    },
  };
}

/** @param {string} label */
export const photoStage = (label) => makeStage(label, (elements, hooks) => new Viewer(elements, hooks));

/** @param {Viewer} viewer @param {Detection | Gap} item */
function speak(viewer, item) {
  if ("severity" in item) return;
  const index = viewer.readingOrder.indexOf(item) + 1;
  announce(
    phrases.announceBox(item.label, percent(item.confidence), sizeText(item), whole(index), whole(viewer.boxes.length)),
  );
}
