/** Dark or light: the system decides until someone presses the button; the choice is kept. */

import { byId, setIcon } from "./dom.js";
import { texts } from "./texts.js";

const STORE = "shelfwatch-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function stored() {
  try {
    return localStorage.getItem(STORE);
  } catch {
    return null;
  }
}

/** @param {"dark" | "light"} theme */
function show(theme) {
  document.documentElement.dataset.theme = theme;
  const button = byId("theme", HTMLButtonElement);
  const label = theme === "dark" ? texts.themeToLight : texts.themeToDark;
  button.setAttribute("aria-label", label);
  button.title = label;
  setIcon(byId("theme-icon", SVGUseElement), theme === "dark" ? "sun" : "moon");
  const surface = getComputedStyle(document.body).backgroundColor;
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", surface);
}

/** @param {() => void} changed  called when canvases must be drawn in new colours */
export function startTheme(changed) {
  show(document.documentElement.dataset.theme === "dark" ? "dark" : "light");
  byId("theme", HTMLButtonElement).addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(STORE, next);
    } catch {
      // Then it lasts as long as the page.
    }
    show(next);
    changed();
  });
  system.addEventListener("change", () => {
    if (stored()) return;
    show(system.matches ? "dark" : "light");
    changed();
  });
}
