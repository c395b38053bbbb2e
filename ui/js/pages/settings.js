/** Settings: who works here, how the page looks and counts, what is expected of bays, and what stays on this device. */

import { accessSection } from "../access.js";
import { bayLimits } from "../bay-limits.js";
import { deviceSection } from "../device.js";
import { make } from "../dom.js";
import { momentText, photoSize } from "../format.js";
import { LONGEST_NAME, person, setPerson } from "../person.js";
import { CHOICES, prefer, preference } from "../preferences.js";
import { serviceSection } from "../service-facts.js";
import { announce, notice, setTitle } from "../shell.js";
import { LANGUAGES, chooseLanguage, chosenLanguage, phrases, texts } from "../texts.js";
import { chooseTheme, chosenTheme } from "../theme.js";

/** @param {import("../app.js").Place} place */
export function open({ root, signal }) {
  setTitle(texts.pageSettings);
  root.replaceChildren(
    make("div", { class: "page__head" }, make("h1", { class: "page__title" }, texts.pageSettings)),
    make(
      "div",
      { class: "settings" },
      section("you", texts.settingsYou, nameForm()),
      section("access", texts.settingsAccess, ...accessSection(signal)),
      section("look", texts.settingsLook, themeChoice(signal), languageChoice()),
      section("figures", texts.settingsFigures, ...figureChoices()),
      section("bays", texts.settingsBays, bayLimits(signal)),
      section("device", texts.settingsDevice, ...deviceSection(signal)),
      section("service", texts.settingsService, serviceSection(signal)),
    ),
  );
}

/** @param {string} id @param {string} title @param {...Node} children */
const section = (id, title, ...children) =>
  make(
    "section",
    { class: "settings__section card", "aria-labelledby": `settings-${id}` },
    make("h2", { class: "settings__title", id: `settings-${id}` }, title),
    make("div", { class: "settings__body" }, ...children),
  );

function nameForm() {
  const input = make("input", { class: "field", id: "your-name", autocomplete: "name", maxlength: LONGEST_NAME, "aria-describedby": "your-name-hint" });
  input.value = person();
  return make(
    "form",
    {
      class: "form",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        setPerson(input.value);
        input.value = person();
        notice(person() ? phrases.nameKept(person()) : texts.nameForgotten);
      },
    },
    make(
      "div",
      { class: "form__row" },
      make("label", { for: "your-name" }, texts.yourName),
      make("div", { class: "settings__line" }, input, make("button", { type: "submit", class: "button" }, texts.save)),
      make("p", { class: "form__hint", id: "your-name-hint" }, texts.yourNameHint),
    ),
  );
}

/**
 * A few choices side by side.
 *
 * @param {string} name
 * @param {string} title
 * @param {{value: string, label: string}[]} options
 * @param {string} chosen
 * @param {(value: string) => void} choose
 */
function segments(name, title, options, chosen, choose) {
  const inputs = options.map(({ value, label }) => {
    const input = make("input", { type: "radio", name, value, onchange: () => choose(value) });
    input.checked = value === chosen;
    return make("label", { class: "segment" }, input, make("span", {}, label));
  });
  return make(
    "fieldset",
    { class: "settings__choice" },
    make("legend", { class: "form__label" }, title),
    make("div", { class: "segments" }, ...inputs),
  );
}

/** @param {AbortSignal} signal */
function themeChoice(signal) {
  const options = [
    { value: "", label: texts.themeSystem },
    { value: "light", label: texts.themeLight },
    { value: "dark", label: texts.themeDark },
  ];
  const choice = segments("theme", texts.settingsTheme, options, chosenTheme() ?? "", (value) =>
    chooseTheme(value === "dark" || value === "light" ? value : null),
  );
  // The button in the bar chooses too.
  document.addEventListener(
    "themechange",
    () => {
      for (const input of choice.querySelectorAll("input")) input.checked = input.value === (chosenTheme() ?? "");
    },
    { signal },
  );
  return choice;
}

function languageChoice() {
  const select = make("select", {
    class: "field",
    id: "language",
    onchange: () => {
      chooseLanguage(select.value);
      location.reload();
    },
  });
  const names = Object.entries(LANGUAGES).map(([tag, { name }]) => new Option(name, tag));
  select.append(new Option(texts.languageOfBrowser, ""), ...names);
  select.value = chosenLanguage();
  return make("div", { class: "form__row" }, make("label", { for: "language" }, texts.settingsLanguage), select);
}

function figureChoices() {
  const example = make("p", { class: "form__hint", id: "figures-example" });
  const show = () => {
    example.textContent = phrases.figuresExample(photoSize({ width: 4032, height: 3024 }), momentText(new Date(2026, 0, 31, 17, 5).getTime()));
  };
  const labels = {
    size: [texts.sizePixels, texts.sizeMegapixels],
    clock: [texts.clockLocale, texts.clockDay, texts.clockHalf],
    when: [texts.whenRelative, texts.whenAbsolute],
  };
  const titles = { size: texts.settingsSize, clock: texts.settingsClock, when: texts.settingsWhen };
  const choices = /** @type {const} */ (["size", "clock", "when"]).map((name) => {
    const options = CHOICES[name].map((value, index) => ({ value, label: labels[name][index] }));
    return segments(`show-${name}`, titles[name], options, preference(name), (value) => {
      prefer(name, value);
      show();
      announce(example.textContent ?? "");
    });
  });
  show();
  return [...choices, example];
}
