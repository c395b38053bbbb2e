/** Rows and gaps of an audit as tables; what is pointed at stands out on the stage. */

import { make } from "./dom.js";
import { percent, whole } from "./format.js";
import { colourOfGap } from "./palette.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./types.js").Report} Report */
/** @typedef {import("./viewer.js").Viewer} Viewer */

/**
 * A line that is pointed at, or has the focus, says so.
 *
 * @param {HTMLElement} line @param {() => void} enter @param {() => void} leave
 */
function pointed(line, enter, leave) {
  for (const kind of ["pointerenter", "focusin"]) line.addEventListener(kind, enter);
  for (const kind of ["pointerleave", "focusout"]) line.addEventListener(kind, leave);
}

/** @param {number | null} rate */
function rateCell(rate) {
  if (rate === null) return make("td", { class: "table__number" }, "–");
  const bar = make("span", { class: "rate__bar" });
  bar.style.inlineSize = `${Math.min(Math.max(rate, 0), 1) * 100}%`;
  return make(
    "td",
    {},
    make(
      "span",
      { class: "rate" },
      make("span", { class: "rate__track", "aria-hidden": "true" }, bar),
      make("span", { class: "rate__value" }, percent(rate)),
    ),
  );
}

/** @param {Report} report @param {Viewer} viewer */
export function rowsTable({ rows, gaps }, viewer) {
  const body = make("tbody");
  for (const { index, box, facings, fill_rate } of rows) {
    const name = phrases.row(whole(index + 1));
    const show = () => viewer.mark(box);
    const line = make(
      "tr",
      { class: "pick-line" },
      make("th", { scope: "row" }, make("button", { type: "button", class: "pick-line__button", onclick: show }, name)),
      make("td", { class: "table__number" }, whole(facings)),
      rateCell(fill_rate),
      make("td", { class: "table__number" }, whole(gaps.filter(({ row }) => row === index).length)),
    );
    pointed(line, show, () => viewer.mark(null));
    body.append(line);
  }
  return table(texts.auditRows, [texts.auditRow, [texts.facings], texts.fillRate, [texts.gaps]], body);
}

/** @param {Report} report @param {Viewer} viewer */
export function gapsTable({ gaps }, viewer) {
  const body = make("tbody");
  for (const gap of gaps) {
    const swatch = make("span", { class: "gap-swatch" });
    swatch.style.background = colourOfGap(gap.severity);
    const show = () => viewer.pick(gap, "key");
    const line = make(
      "tr",
      { class: "pick-line" },
      make(
        "th",
        { scope: "row" },
        make("button", { type: "button", class: "pick-line__button", onclick: show }, swatch, phrases.gap(gap.severity)),
      ),
      make("td", {}, phrases.row(whole(gap.row + 1))),
      make("td", { class: "table__number" }, phrases.facingsWide(gap.width_facings)),
    );
    pointed(line, show, () => viewer.pick(null));
    body.append(line);
  }
  return table(texts.gaps, [texts.auditGap, texts.auditRow, [texts.auditWidth]], body);
}

/**
 * @param {string} caption @param {(string | [string])[]} heads  in brackets: of a column of numbers
 * @param {HTMLTableSectionElement} body
 */
function table(caption, heads, body) {
  const cells = heads.map((head) =>
    typeof head === "string" ? make("th", { scope: "col" }, head) : make("th", { scope: "col", class: "table__number" }, head[0]),
  );
  return make(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": caption },
    make(
      "table",
      { class: "table audit__table" },
      make("caption", { class: "visually-hidden" }, caption),
      make("thead", {}, make("tr", {}, ...cells)),
      body,
    ),
  );
}
