/** One audit: its photo with rows, facings and gaps, what they come to, and what can be done about it. */

import { getJson, send } from "../api.js";
import { exportMenu } from "../audit-export.js";
import { noteForm } from "../audit-note.js";
import { loadPhoto } from "../audit-photo.js";
import { gapsTable, rowsTable } from "../audit-tables.js";
import { icon, make } from "../dom.js";
import { describe } from "../errors.js";
import { percent, whole } from "../format.js";
import { newestCorrection } from "../review-save.js";
import { link } from "../router.js";
import { segments } from "../segments.js";
import { asProblem, go, isAbort, notice, setTitle } from "../shell.js";
import { photoStage } from "../stage.js";
import { phrases, texts } from "../texts.js";
import { momentText } from "../when.js";

/** @typedef {import("../types.js").Audit} Audit */
/** @typedef {import("../types.js").Detection} Detection */
/** @typedef {import("../types.js").HistoryPoint} HistoryPoint */
/** @typedef {import("../palette.js").Colouring} Colouring */

/** @param {import("../app.js").Place} place */
export async function open({ root, params: [id], signal }) {
  /** @type {Audit} */
  const audit = await getJson(`/audits/${encodeURIComponent(id)}`, signal);
  if (signal.aborted) return;
  setTitle(phrases.auditTitle(audit.bay, momentText(audit.taken_at)));
  const stage = photoStage(texts.stageLabel);
  const { viewer } = stage;
  /** @type {import("../photo.js").Photo | null} */
  let photo = null;
  const menu = exportMenu(
    audit,
    () => ({ photo, boxes: viewer.boxes, gaps: viewer.gaps, by: viewer.colouring }),
    signal,
  );
  const neighbours = make("nav", { class: "audit__neighbours", "aria-label": texts.auditNeighbours });
  root.replaceChildren(
    crumbs(audit),
    make(
      "header",
      { class: "page__head" },
      make("h1", { class: "page__title" }, make("time", { datetime: audit.taken_at }, momentText(audit.taken_at))),
      correctedBadge(audit),
      neighbours,
      make(
        "div",
        { class: "page__actions" },
        menu,
        make("button", { type: "button", class: "button", onclick: () => void remove(audit) }, icon("trash"), texts.auditDelete),
        make("a", { class: "button button--primary", href: link("audits", audit.id, "review") }, icon("edit"), texts.auditReview),
      ),
    ),
    make(
      "div",
      { class: "audit" },
      make("div", { class: "audit__photo" }, viewControls(audit, viewer, signal), stage.element),
      make("div", { class: "audit__facts" }, figures(audit), ...tables(audit, viewer), noteForm(audit), facts(audit)),
    ),
  );
  viewer.colourBy("row");
  viewer.setSize(audit.image);
  viewer.setGaps(audit.report.gaps);
  viewer.setBoxes(audit.detections);
  void showNeighbours(audit, neighbours, signal);
  void loadPhoto(audit, stage, signal).then((loaded) => (photo = loaded));
}

/** @param {Audit} audit */
const crumbs = ({ store, bay }) =>
  make(
    "nav",
    { class: "crumbs", "aria-label": texts.crumbs },
    make("a", { href: link("stores", store) }, store),
    make("span", { class: "crumbs__next" }, make("a", { href: link("stores", store, bay) }, bay)),
  );

/** @param {Audit} audit */
const correctedBadge = ({ corrected }) =>
  corrected &&
  make(
    "span",
    { class: "badge audit__corrected", "data-tone": "good" },
    icon("check"),
    make("span", {}, phrases.auditCorrected(corrected.who, momentText(corrected.created_at))),
  );

/** How the photo is looked at. @param {Audit} audit @param {import("../viewer.js").Viewer} viewer @param {AbortSignal} signal */
function viewControls(audit, viewer, signal) {
  const gaps = make("input", {
    type: "checkbox",
    checked: true,
    onchange: () => viewer.setGaps(gaps.checked ? audit.report.gaps : []),
  });
  const colours = segments(
    "audit-colours",
    texts.colouring,
    [
      ["row", texts.colourByRow],
      ["confidence", texts.colourByConfidence],
      ["kind", texts.colourByKind],
    ],
    "row",
    (by) => viewer.colourBy(/** @type {Colouring} */ (by)),
  );
  const whose =
    audit.corrected &&
    segments(
      "audit-whose",
      texts.auditWhose,
      [
        ["model", texts.auditByModel],
        ["person", texts.auditByPerson],
      ],
      "model",
      (value) => void showWhose(value === "person"),
    );
  let person = false;
  /** @param {boolean} wanted */
  const showWhose = async (wanted) => {
    person = wanted;
    if (!wanted) return viewer.setBoxes(audit.detections);
    try {
      const newest = await newestCorrection(audit.id, signal);
      if (person && newest) viewer.setBoxes(asDetections(audit, newest.detections ?? []));
    } catch (error) {
      if (!isAbort(error)) notice(describe(asProblem(error), false).title);
    }
    return undefined;
  };
  return make(
    "div",
    { class: "audit__view" },
    colours,
    whose,
    make("label", { class: "check" }, gaps, make("span", {}, texts.auditShowGaps)),
  );
}

/**
 * Corrected boxes as the stage draws them; those drawn by hand are sure.
 *
 * @param {Audit} audit @param {import("../types.js").CorrectedBox[]} boxes
 * @returns {Detection[]}
 */
function asDetections(audit, boxes) {
  const labels = [...new Set([...audit.detections, ...boxes].map(({ label }) => label))];
  return boxes.map(({ box, label, source }) => {
    const found = source === null ? undefined : audit.detections[source];
    return { ...found, confidence: found?.confidence ?? 1, class_id: labels.indexOf(label), label, box };
  });
}

/** @param {Audit} audit */
function figures({ report, count }) {
  const { facings, fill_rate, gaps } = report;
  const large = gaps.filter(({ severity }) => severity !== "minor").length;
  /** @type {[string, string, string][]} */
  const tiles = [
    [texts.facings, whole(facings), phrases.auditInRows(report.rows.length)],
    [texts.fillRate, fill_rate === null ? "–" : percent(fill_rate), ""],
    [texts.gaps, whole(gaps.length), large ? phrases.auditLarge(whole(large)) : ""],
    [texts.auditCount, whole(count), ""],
  ];
  return make(
    "dl",
    { class: "tiles audit__tiles" },
    ...tiles.map(([name, value, more]) =>
      make(
        "div",
        { class: "tile" },
        make("dt", {}, name),
        make("dd", {}, value, more && make("span", { class: "tile__unit" }, ` ${more}`)),
      ),
    ),
  );
}

/** @param {Audit} audit @param {import("../viewer.js").Viewer} viewer */
function tables({ report }, viewer) {
  /** @param {string} title @param {Node | string} content */
  const section = (title, content) =>
    make("section", { class: "section" }, make("h2", { class: "section__title" }, title), content);
  const none = (/** @type {string} */ words) => make("p", { class: "audit__none" }, words);
  return [
    section(texts.auditRows, report.rows.length ? rowsTable(report, viewer) : none(texts.auditNoRows)),
    section(texts.gaps, report.gaps.length ? gapsTable(report, viewer) : none(texts.auditNoGaps)),
  ];
}

/** @param {Audit} audit */
function facts({ model, taken_at, created_at, image, id }) {
  /** @type {[string, string][]} */
  const rows = [
    [texts.model, `${model.name} ${model.version} (${model.precision})`],
    [texts.auditTaken, momentText(taken_at)],
    [texts.auditCreated, momentText(created_at)],
    [texts.photo, phrases.size(whole(image.width), whole(image.height))],
    [texts.auditId, id],
  ];
  return make(
    "dl",
    { class: "section audit__facts-list" },
    ...rows.map(([name, value]) => make("div", { class: "fact" }, make("dt", {}, name), make("dd", { title: value }, value))),
  );
}

/** The photos of the bay before and after this one. @param {Audit} audit @param {HTMLElement} place @param {AbortSignal} signal */
async function showNeighbours({ id, store, bay }, place, signal) {
  try {
    /** @type {{points: HistoryPoint[]}} */
    const { points } = await getJson(`/stores/${encodeURIComponent(store)}/bays/${encodeURIComponent(bay)}/history`, signal);
    const at = points.findIndex((point) => point.id === id);
    if (signal.aborted || at < 0) return;
    const [earlier, later] = [points[at - 1], points[at + 1]];
    /** @param {HistoryPoint | undefined} point @param {string} label @param {string} name */
    const step = (point, label, name) =>
      point?.id
        ? make(
            "a",
            {
              class: "icon-button",
              href: link("audits", point.id),
              "aria-label": label,
              title: `${label}: ${momentText(point.taken_at)}`,
            },
            icon(name, "icon icon--flow"),
          )
        : make("span", { class: "icon-button audit__no-neighbour", "aria-hidden": "true" }, icon(name, "icon icon--flow"));
    place.append(
      step(earlier, texts.auditEarlier, "back"),
      make("span", { class: "audit__place" }, phrases.auditPlace(whole(at + 1), whole(points.length))),
      step(later, texts.auditLater, "chevron"),
    );
    if (earlier?.id) {
      place.append(make("a", { class: "button button--small", href: link("compare", id, earlier.id) }, icon("compare"), texts.auditCompare));
    }
  } catch (error) {
    // The audit itself is there; only the way to the others is not.
    if (!isAbort(error) && !signal.aborted) place.append(make("span", { class: "audit__place" }, texts.auditNoNeighbours));
  }
}

/** Gone at once, and back with one press. @param {Audit} audit */
async function remove({ id, store, bay }) {
  const path = `/audits/${encodeURIComponent(id)}`;
  /** @param {unknown} error @param {() => void} again */
  const failed = (error, again) => {
    const { title, next } = describe(asProblem(error), false);
    notice(`${title}. ${next}`, { label: texts.retry, run: again });
  };
  const restore = async () => {
    try {
      await send("POST", `${path}/restore`);
      notice(texts.auditRestored);
      go(link("audits", id));
    } catch (error) {
      failed(error, () => void restore());
    }
  };
  try {
    await send("DELETE", path);
    go(link("stores", store, bay));
    notice(texts.auditDeleted, { label: texts.undo, run: () => void restore() });
  } catch (error) {
    failed(error, () => void remove(/** @type {Audit} */ ({ id, store, bay })));
  }
}
