/** The small label beside a box that is pointed at. */

import { byId } from "./dom.js";
import { percent, whole } from "./format.js";
import { colourOf } from "./palette.js";
import { phrases } from "./texts.js";

/** @typedef {import("./types.js").Detection} Detection */
/** @typedef {import("./types.js").Point} Point */

const GAP = 8;
const EDGE = 4;

/** @param {Detection} detection */
export const sizeText = ({ box }) => phrases.size(whole(Math.round(box[2] - box[0])), whole(Math.round(box[3] - box[1])));

/** @param {Detection | null} detection @param {Point} at  the middle of the box's top edge, on the stage */
export function showTip(detection, at) {
  const tip = byId("tip", HTMLElement);
  tip.hidden = !detection;
  if (!detection) return;
  byId("tip-label", HTMLElement).textContent = detection.label;
  byId("tip-confidence", HTMLElement).textContent = percent(detection.confidence);
  byId("tip-size", HTMLElement).textContent = sizeText(detection);
  byId("tip-swatch", HTMLElement).style.background = colourOf(detection.class_id);
  const stage = byId("stage", HTMLElement);
  const left = Math.min(Math.max(at.x - tip.offsetWidth / 2, EDGE), stage.clientWidth - tip.offsetWidth - EDGE);
  const top = Math.min(Math.max(at.y - tip.offsetHeight - GAP, EDGE), stage.clientHeight - tip.offsetHeight - EDGE);
  tip.style.translate = `${Math.round(left)}px ${Math.round(top)}px`;
}
