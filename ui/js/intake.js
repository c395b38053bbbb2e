/** Every way a photo comes in: drop, paste, picker, camera. */

import { byId } from "./dom.js";
import { texts } from "./texts.js";

/** @param {DataTransfer | null} transfer */
const carriesFiles = (transfer) => Boolean(transfer && [...transfer.types].includes("Files"));

/** @param {(files: File[], camera: boolean) => void} take */
export function startIntake(take) {
  const picker = byId("file-input", HTMLInputElement);
  const camera = byId("camera-input", HTMLInputElement);
  for (const input of [picker, camera]) {
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      // Cleared, so that choosing the same photo again is a change again.
      input.value = "";
      if (files.length) take(files, input === camera);
    });
  }
  for (const button of document.querySelectorAll("[data-action]")) {
    const input = button.getAttribute("data-action") === "camera" ? camera : picker;
    button.addEventListener("click", () => input.click());
  }

  startDrop(take);
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])].filter((one) => one.type.startsWith("image/"));
    if (!files.length) return;
    event.preventDefault();
    // Browsers call every pasted picture image.png.
    const named = (/** @type {File} */ file) =>
      file.name && file.name !== "image.png" ? file : new File([file], `${texts.pastedName}.png`, { type: file.type });
    take(files.map(named), false);
  });
}

export const openPicker = () => byId("file-input", HTMLInputElement).click();

/** @param {(files: File[], camera: boolean) => void} take */
function startDrop(take) {
  const veil = byId("drop", HTMLElement);
  // dragenter and dragleave fire for every element on the way; the depth tells the page's own edge.
  let depth = 0;
  const hide = () => {
    depth = 0;
    veil.hidden = true;
  };
  document.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event.dataTransfer)) return;
    depth += 1;
    veil.hidden = false;
  });
  document.addEventListener("dragleave", () => {
    depth -= 1;
    if (depth <= 0) hide();
  });
  document.addEventListener("dragover", (event) => {
    // Always prevented for files: without it the browser leaves the page to show the photo.
    if (!carriesFiles(event.dataTransfer)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
  });
  document.addEventListener("drop", (event) => {
    hide();
    const files = [...(event.dataTransfer?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    take(files, false);
  });
}
