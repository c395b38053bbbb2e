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

/** @param {Detection | Gap} item */
export const sizeText = ({ box }) => phrases.size(whole(Math.round(box[2] - box[0])), whole(Math.round(box[3] - box[1])));

/** Where on the shelf a facing is, as far as is known. @param {Detection} detection */
export const placeText = ({ row, position }) =>
  typeof row === "number" && typeof position === "number" ? phrases.place(whole(row + 1), whole(position + 1)) : "";

/** @param {Detection | Gap | null} item @param {Point} at  the middle of the box's top edge, on the stage */
export function showTip(item, at) {
  const tip = byId("tip", HTMLElement);
  tip.hidden = !item;
  if (!item) return;
  const gap = "severity" in item;
  byId("tip-label", HTMLElement).textContent = gap ? phrases.gap(item.severity) : item.label;
  byId("tip-confidence", HTMLElement).textContent = gap ? phrases.facingsWide(item.width_facings) : percent(item.confidence);
  byId("tip-place", HTMLElement).textContent = gap ? phrases.row(whole(item.row + 1)) : placeText(item);
  byId("tip-size", HTMLElement).textContent = sizeText(item);
  byId("tip-swatch", HTMLElement).style.background = gap ? colourOfGap(item.severity) : colourOf(item.class_id);
  const stage = byId("stage", HTMLElement);
  const left = Math.min(Math.max(at.x - tip.offsetWidth / 2, EDGE), stage.clientWidth - tip.offsetWidth - EDGE);
  const top = Math.min(Math.max(at.y - tip.offsetHeight - GAP, EDGE), stage.clientHeight - tip.offsetHeight - EDGE);
  tip.style.translate = `${Math.round(left)}px ${Math.round(top)}px`;
}
