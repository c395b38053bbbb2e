/** The words of the page in the language of whoever reads it. Each language is one file in `words/`. */

const STORE = "shelfwatch-language";

/** What each language calls itself, and its file. To add one, copy words/en.js and name it here. */
export const LANGUAGES = {
  en: { name: "English", load: () => import("./words/en.js") },
  de: { name: "Deutsch", load: () => import("./words/de.js") },
};

/** @typedef {keyof typeof LANGUAGES} Language */

/** @param {string} tag @returns {Language | undefined}  `de-AT` is served by `de` */
const known = (tag) => /** @type {Language[]} */ (Object.keys(LANGUAGES)).find((name) => name === tag.split("-")[0]);

/** The language someone chose in the settings; empty for the browser's. @returns {string} */
export function chosenLanguage() {
  try {
    return localStorage.getItem(STORE) ?? "";
  } catch {
    return "";
  }
}

/** Takes effect when the page is loaded again. @param {string} language  empty for the browser's */
export function chooseLanguage(language) {
  try {
    if (language) localStorage.setItem(STORE, language);
    else localStorage.removeItem(STORE);
  } catch {
    // Where nothing can be stored, the browser's language stays.
  }
}

/** @type {Language} */
export const LANGUAGE = [chosenLanguage(), ...navigator.languages].map(known).find(Boolean) ?? "en";

const words = await LANGUAGES[LANGUAGE].load();

export const { LOCALE, DIRECTION, texts, phrases, problems } = words;
