/** Colours of boxes. They lie on photos, so they are the same in both themes and always drawn over a dark edge. */

const COLOURS = [
  "#2ee6a8", "#ffb020", "#5aa9ff", "#ff6f91", "#b78cff", "#ffe14d", "#4dd8ff", "#ff8a4c", "#9be15d", "#f29bff",
];

export const EDGE = "rgb(4 16 12 / 55%)";

/** @param {number} classId */
export const colourOf = (classId) => COLOURS[classId % COLOURS.length];
