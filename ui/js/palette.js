/** Colours of boxes. They lie on photos, so they are the same in both themes and always drawn over a dark edge. */

const COLOURS = [
  "#2ee6a8", "#ffb020", "#5aa9ff", "#ff6f91", "#b78cff", "#ffe14d", "#4dd8ff", "#ff8a4c", "#9be15d", "#f29bff",
];

export const EDGE = "rgb(4 16 12 / 55%)";

/** @param {number} classId */
export const colourOf = (classId) => COLOURS[classId % COLOURS.length];

/** Neighbouring rows are told apart; a box that is in no row is grey. @param {number | null | undefined} row */
export const colourOfRow = (row) => (row === null || row === undefined ? "#b8c0bc" : COLOURS[row % COLOURS.length]);

/** From doubtful to sure, so few that a shelf is drawn in a few strokes. */
const SURENESS = ["#ff5d5d", "#ff8a4c", "#ffb020", "#ffe14d", "#9be15d", "#2ee6a8"];

/** @param {number} confidence  0 to 1 */
export const colourOfConfidence = (confidence) =>
  SURENESS[Math.min(Math.max(Math.floor(confidence * SURENESS.length), 0), SURENESS.length - 1)];

/** @type {Record<string, string>} */
const GAPS = { critical: "#ff3d71", major: "#ff7a45", minor: "#ffc53d" };

/** @param {string} severity */
export const colourOfGap = (severity) => GAPS[severity] ?? GAPS.minor;

/** @typedef {"kind" | "row" | "confidence"} Colouring */
/** @typedef {import("./types.js").Detection} Detection */

/** What colours a box. @param {Colouring} by @returns {(detection: Detection) => string} */
export function colouring(by) {
  if (by === "row") return ({ row }) => colourOfRow(row);
  if (by === "confidence") return ({ confidence }) => colourOfConfidence(confidence);
  return ({ class_id }) => colourOf(class_id);
}
