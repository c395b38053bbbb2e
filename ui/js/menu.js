/** A button with a list of things to do under it. */

import { icon, make } from "./dom.js";

/**
 * @param {string} label
 * @param {string} iconName
 * @param {(Node | {label: string, run: () => void})[]} items  a node stands in the list as it is
 */
export function makeMenu(label, iconName, items) {
  const summary = make("summary", { class: "button menu__button" }, icon(iconName), make("span", {}, label));
  const list = make("div", { class: "menu__list" });
  const menu = make("details", { class: "menu" }, summary, list);
  for (const item of items) {
    if (item instanceof Node) list.append(item);
    else {
      const run = () => {
        menu.open = false;
        summary.focus();
        item.run();
      };
      list.append(make("button", { type: "button", class: "menu__item", onclick: run }, item.label));
    }
  }
  menu.addEventListener("keydown", (event) => {
    const entries = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("button, input")]);
    const at = entries.findIndex((entry) => entry === document.activeElement);
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      summary.focus();
    } else if (menu.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      entries[(at < 0 && step < 0 ? 0 : at) + step < 0 ? entries.length - 1 : (at + step) % entries.length]?.focus();
    }
  });
  // Whoever goes on elsewhere is done with it.
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  const outside = (/** @type {PointerEvent} */ event) => {
    if (!menu.isConnected) document.removeEventListener("pointerdown", outside);
    else if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
  };
  menu.addEventListener("toggle", () => {
    if (menu.open) document.addEventListener("pointerdown", outside);
    else document.removeEventListener("pointerdown", outside);
  });
  return menu;
}
