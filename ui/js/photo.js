/** A photo the person gave us: the file as it will be sent, and the picture as the browser sees it. */

/** @typedef {import("./types.js").Size} Size */

/** Longest side of the copy that is drawn while the whole photo is in view: quick to draw, sharp enough. */
const PREVIEW_SIDE = 2048;
/** What a service takes that found the photo too large; if not, the next try is smaller again. */
const SMALLER_SIDE = 4000;
const SMALLER_RATIO = 0.75;
const JPEG_QUALITY = 0.92;

/**
 * @typedef {object} Photo
 * @property {File} file
 * @property {ImageBitmap | null} full  upright; null when this browser cannot decode the file
 * @property {ImageBitmap | null} preview  the same, smaller; null when `full` is small already
 */

/** @param {File} file @returns {Promise<Photo>} */
export async function openPhoto(file) {
  try {
    const full = await createImageBitmap(file, { imageOrientation: "from-image" });
    const ratio = PREVIEW_SIDE / Math.max(full.width, full.height);
    const preview =
      ratio < 0.8
        ? await createImageBitmap(full, {
            resizeWidth: Math.max(1, Math.round(full.width * ratio)),
            resizeHeight: Math.max(1, Math.round(full.height * ratio)),
            resizeQuality: "high",
          })
        : null;
    return { file, full, preview };
  } catch {
    return { file, full: null, preview: null };
  }
}

/** Bitmaps hold tens of megabytes outside the heap, so they are given back at once. @param {Photo | null} photo */
export function closePhoto(photo) {
  photo?.full?.close();
  photo?.preview?.close();
}

/**
 * The same picture as an upright JPEG that any service reads.
 *
 * @param {Photo} photo
 * @param {boolean} smaller
 * @returns {Promise<File | null>}
 */
export async function asJpeg({ file, full }, smaller) {
  if (!full) return null;
  const ratio = smaller ? Math.min(SMALLER_RATIO, SMALLER_SIDE / Math.max(full.width, full.height)) : 1;
  const { canvas, context } = scaledCanvas(full, ratio);
  if (!context) return null;
  // JPEG knows no transparency; white is what people expect behind it.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(full, 0, 0, canvas.width, canvas.height);
  const blob = await canvasBlob(canvas, "image/jpeg", JPEG_QUALITY);
  return blob && new File([blob], `${stem(file.name)}.jpg`, { type: "image/jpeg" });
}

/**
 * An empty canvas for a picture scaled by `ratio`.
 *
 * @param {ImageBitmap} full
 * @param {number} ratio
 */
export function scaledCanvas(full, ratio) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(full.width * ratio));
  canvas.height = Math.max(1, Math.round(full.height * ratio));
  const context = canvas.getContext("2d");
  if (context) context.imageSmoothingQuality = "high";
  return { canvas, context };
}

/** @param {HTMLCanvasElement} canvas @param {string} type @param {number} [quality] @returns {Promise<Blob | null>} */
export const canvasBlob = (canvas, type, quality) =>
  new Promise((resolve) => canvas.toBlob(resolve, type, quality));

/** A file name without its ending. @param {string} name */
export const stem = (name) => name.replace(/\.[^.]+$/, "") || "photo";
