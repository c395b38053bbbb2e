/** The boxes on the page as files that other programs read: CSV and COCO. */

/** @typedef {import("./types.js").Detection} Detection */
/** @typedef {import("./types.js").Prediction} Prediction */

const COLUMNS = ["label", "confidence", "x1", "y1", "x2", "y2", "row", "position", "level"];
/** Spreadsheets run cells that begin with these; an apostrophe makes them text (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/;

/** @param {unknown} value */
function cell(value) {
  if (typeof value === "number") return String(value);
  const text = String(value ?? "");
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A line a box, RFC 4180, with the mark by which Excel knows UTF-8. @param {readonly Detection[]} detections */
export function csv(detections) {
  const lines = detections.map(({ label, confidence, box, row, position, level }) =>
    [label, confidence, ...box, row, position, level].map(cell).join(","),
  );
  return new Blob(["\ufeff", [COLUMNS.join(","), ...lines, ""].join("\r\n")], { type: "text/csv" });
}

/**
 * One photo's boxes in the COCO format for detection, with scores.
 *
 * @param {Prediction} answer @param {readonly Detection[]} detections @param {string} file  the photo's name
 */
export function coco({ image, model }, detections, file) {
  const names = new Map(detections.map(({ class_id, label }) => [class_id, label]));
  const data = {
    info: { description: `ShelfWatch, ${model.name} ${model.version}` },
    images: [{ id: 1, file_name: file, ...image }],
    categories: [...names].map(([id, name]) => ({ id: id + 1, name })),
    annotations: detections.map(({ class_id, confidence, box: [x1, y1, x2, y2] }, index) => {
      const [width, height] = [x2 - x1, y2 - y1].map((side) => Math.round(side * 100) / 100);
      return {
        id: index + 1,
        image_id: 1,
        category_id: class_id + 1,
        bbox: [x1, y1, width, height],
        area: Math.round(width * height * 100) / 100,
        iscrowd: 0,
        score: confidence,
      };
    }),
  };
  return new Blob([JSON.stringify(data)], { type: "application/json" });
}
