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
