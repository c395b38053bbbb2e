/** Dark or light: the system decides until someone chooses; the choice is kept. A `themechange` on the document tells. */

import { byId, setIcon } from "./dom.js";
import { texts } from "./texts.js";

const STORE = "shelfwatch-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** @returns {string | null}  null while the system decides */
export function chosenTheme() {
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

/** @param {"dark" | "light" | null} theme  null: as the system has it */
export function chooseTheme(theme) {
  try {
    if (theme) localStorage.setItem(STORE, theme);
    else localStorage.removeItem(STORE);
  } catch {
    // Then it lasts as long as the page.
  }
  change(theme ?? (system.matches ? "dark" : "light"));
}

/** @param {"dark" | "light"} theme */
function change(theme) {
  show(theme);
  document.dispatchEvent(new Event("themechange"));
}

export function startTheme() {
  show(document.documentElement.dataset.theme === "dark" ? "dark" : "light");
  byId("theme", HTMLButtonElement).addEventListener("click", () => {
    chooseTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  });
  system.addEventListener("change", () => {
    if (!chosenTheme()) change(system.matches ? "dark" : "light");
  });
}
