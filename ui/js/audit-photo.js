/** The photo of an audit, on a stage. */

import { getBlob } from "./api.js";
import { fileName } from "./download.js";
import { closePhoto, openPhoto } from "./photo.js";
import { isAbort } from "./shell.js";
import { texts } from "./texts.js";

/** @typedef {import("./types.js").Audit} Audit */
/** @typedef {import("./photo.js").Photo} Photo */

/**
 * Boxes are shown at once, the photo when it is there; without it the boxes stay on a blank.
 *
 * @param {Audit} audit
 * @param {{viewer: import("./viewer.js").Viewer, say: (words: string) => void}} stage
 * @param {AbortSignal} signal  ends it, and gives the photo's memory back
 * @returns {Promise<Photo | null>}
 */
export async function loadPhoto(audit, { viewer, say }, signal) {
  say(texts.auditPhotoLoading);
  try {
    const blob = await getBlob(audit.image.url, signal);
    const name = `${fileName(audit.store, audit.bay, audit.taken_at.slice(0, 16))}.${blob.type.split("/")[1] || "jpg"}`;
    const photo = await openPhoto(new File([blob], name, { type: blob.type }));
    if (signal.aborted) {
      closePhoto(photo);
      return null;
    }
    signal.addEventListener("abort", () => closePhoto(photo), { once: true });
    viewer.photo = photo;
    viewer.photoStale = true;
    viewer.draw();
    say(photo.full ? "" : texts.auditPhotoUnreadable);
    return photo;
  } catch (error) {
    if (!signal.aborted && !isAbort(error)) say(texts.auditPhotoMissing);
    return null;
  }
}
