/** The small label beside a box that is pointed at. */

import { byId } from "./dom.js";
import { percent, whole } from "./format.js";
import { colourOf, colourOfGap } from "./palette.js";
import { phrases } from "./texts.js";

/** @typedef {import("./types.js").Detection} Detection */
/** @typedef {import("./types.js").Gap} Gap */
/** @typedef {import("./types.js").Point} Point */

const GAP = 8;
const EDGE = 4;

/** @param {{box: import("./types.js").Box}} item */
export const sizeText = ({ box }) => phrases.size(whole(Math.round(box[2] - box[0])), whole(Math.round(box[3] - box[1])));

/** Where on the shelf a facing is, as far as is known. @param {Detection} detection */
export const placeText = ({ row, position }) =>
  typeof row === "number" && typeof position === "number" ? phrases.place(whole(row + 1), whole(position + 1)) : "";

/** @typedef {Record<"label" | "confidence" | "place" | "size" | "swatch", HTMLElement>} TipParts */

/** The tip that stands in the page from the start. */
const ofPage = () => ({
  stage: byId("stage", HTMLElement),
  tip: byId("tip", HTMLElement),
  parts: {
    label: byId("tip-label", HTMLElement),
    confidence: byId("tip-confidence", HTMLElement),
    place: byId("tip-place", HTMLElement),
    size: byId("tip-size", HTMLElement),
    swatch: byId("tip-swatch", HTMLElement),
  },
});

/**
 * @param {Detection | Gap | null} item
 * @param {Point} at  the middle of the box's top edge, on the stage
 * @param {{stage: HTMLElement, tip: HTMLElement, parts: TipParts}} [where]
 */
export function showTip(item, at, { stage, tip, parts } = ofPage()) {
  tip.hidden = !item;
  if (!item) return;
  const gap = "severity" in item;
  parts.label.textContent = gap ? phrases.gap(item.severity) : item.label;
  parts.confidence.textContent = gap ? phrases.facingsWide(item.width_facings) : percent(item.confidence);
  parts.place.textContent = gap ? phrases.row(whole(item.row + 1)) : placeText(item);
  parts.size.textContent = sizeText(item);
  parts.swatch.style.background = gap ? colourOfGap(item.severity) : colourOf(item.class_id);
  const left = Math.min(Math.max(at.x - tip.offsetWidth / 2, EDGE), stage.clientWidth - tip.offsetWidth - EDGE);
  const top = Math.min(Math.max(at.y - tip.offsetHeight - GAP, EDGE), stage.clientHeight - tip.offsetHeight - EDGE);
  tip.style.translate = `${Math.round(left)}px ${Math.round(top)}px`;
}
