/** The few DOM helpers the page needs. */

import { texts } from "./texts.js";

/**
 * The element with this id; the page cannot work without it, so its absence is a mistake and not a case.
 *
 * @template {Element} T
 * @param {string} id
 * @param {new (...args: any[]) => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`#${id} is not a ${type.name}`);
  return element;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} className
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/**
 * An element with attributes, listeners and children.
 *
 * `class` and other attributes by their names; `true` sets an empty one, `false` and nullish leave it out. A function
 * under `onclick` and the like is a listener.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== null && child !== undefined && child !== false) made.append(child);
  return made;
}

/** An icon of icons.svg; decoration, so it needs words beside it. @param {string} name @param {string} [className] */
export function icon(name, className = "icon") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  setIcon(use, name);
  svg.append(use);
  return svg;
}

/** @param {SVGUseElement} use @param {string} name */
export const setIcon = (use, name) => use.setAttribute("href", `/static/icons.svg#${name}`);

/** Put the texts into the page. @param {ParentNode} root */
export function applyTexts(root) {
  const words = /** @type {Record<string, string>} */ (texts);
  for (const node of root.querySelectorAll("[data-text]")) {
    node.textContent = words[node.getAttribute("data-text") ?? ""] ?? node.textContent;
  }
  for (const node of root.querySelectorAll("[data-alt]")) {
    node.setAttribute("alt", words[node.getAttribute("data-alt") ?? ""] ?? "");
  }
  for (const node of root.querySelectorAll("[data-label]")) {
    const label = words[node.getAttribute("data-label") ?? ""];
    if (!label) continue;
    node.setAttribute("aria-label", label);
    if (node instanceof HTMLButtonElement && !node.textContent?.trim()) node.title = label;
  }
}

export const prefersStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** The value of a custom property of the current theme. @param {string} name */
export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
