/** What the boxes come to as a shelf: fill rate, rows and gaps beside the photo, and how the photo is coloured. */

import { gapsTable, rowsTable } from "./audit-tables.js";
import { byId, make } from "./dom.js";
import { percent, whole } from "./format.js";
import { segments } from "./segments.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./types.js").Report} Report */
/** @typedef {import("./viewer.js").Viewer} Viewer */
/** @typedef {import("./palette.js").Colouring} Colouring */

export class ShelfPanel {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    /** @type {Report | null} */
    this.report = null;
    /** Kept from photo to photo. @type {Colouring} */
    this.colouring = "kind";
    this.withGaps = true;
  }

  /** @param {Report | null} report  null hides it @param {number} confidence  of the least sure box it is made of */
  show(report, confidence) {
    this.report = report;
    const block = byId("shelf-block", HTMLElement);
    block.hidden = !report;
    if (!report) return;
    const tiles = make(
      "dl",
      { class: "tiles tiles--three" },
      ...[
        [texts.fillRate, report.fill_rate === null ? "–" : percent(report.fill_rate)],
        [texts.auditRows, whole(report.rows.length)],
        [texts.gaps, whole(report.gaps.length)],
      ].map(([name, value]) => make("div", { class: "tile" }, make("dt", {}, name), make("dd", {}, value))),
    );
    const gaps = make("input", {
      type: "checkbox",
      id: "show-gaps",
      checked: this.withGaps,
      onchange: () => {
        this.withGaps = gaps.checked;
        this.dress();
      },
    });
    const colours = segments(
      "colouring",
      texts.colouring,
      [
        ["kind", texts.colourPlain],
        ["row", texts.colourByRow],
        ["confidence", texts.colourByConfidence],
      ],
      this.colouring,
      (by) => {
        this.colouring = /** @type {Colouring} */ (by);
        this.dress();
      },
    );
    const tables = [rowsTable(report, this.viewer)];
    if (report.gaps.length) tables.push(gapsTable(report, this.viewer));
    byId("shelf", HTMLElement).replaceChildren(
      tiles,
      make("div", { class: "shelf__view" }, colours, make("label", { class: "closer" }, gaps, make("span", {}, texts.auditShowGaps))),
      make(
        "details",
        { class: "shelf__details" },
        make("summary", { class: "shelf__summary" }, texts.shelfDetails),
        ...tables,
        make("p", { class: "form__hint" }, phrases.shelfAt(percent(confidence))),
      ),
    );
    this.dress();
  }

  /** Gaps and colours on the stage, as chosen. */
  dress() {
    this.viewer.setGaps(this.gaps);
    this.viewer.colourBy(this.colouring);
  }

  /** The gaps that are shown. */
  get gaps() {
    return (this.withGaps && this.report?.gaps) || [];
  }
}
