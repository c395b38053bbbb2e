/** Every way a photo comes in: drop, paste, picker, camera. */

import { byId } from "./dom.js";
import { texts } from "./texts.js";

/** @param {DataTransfer | null} transfer */
const carriesFiles = (transfer) => Boolean(transfer && [...transfer.types].includes("Files"));

/** @param {(file: File) => void} take */
export function startIntake(take) {
  const picker = byId("file-input", HTMLInputElement);
  const camera = byId("camera-input", HTMLInputElement);
  for (const input of [picker, camera]) {
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      // Cleared, so that choosing the same photo again is a change again.
      input.value = "";
      if (file) take(file);
    });
  }
  for (const button of document.querySelectorAll("[data-action]")) {
    const input = button.getAttribute("data-action") === "camera" ? camera : picker;
    button.addEventListener("click", () => input.click());
  }

  startDrop(take);
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    // Browsers call every pasted picture image.png.
    take(file.name && file.name !== "image.png" ? file : new File([file], `${texts.pastedName}.png`, { type: file.type }));
  });
}

export const openPicker = () => byId("file-input", HTMLInputElement).click();

/** @param {(file: File) => void} take */
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
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    take(file);
  });
}
