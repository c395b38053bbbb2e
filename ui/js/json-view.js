/** JSON as coloured lines. Only the lines in sight exist in the page: an answer may have twenty thousand. */

import { element } from "./dom.js";

/** As in css/components.css (.json__line). */
const LINE_HEIGHT = 20;
const SPARE_LINES = 12;
const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)/g;

/**
 * Like `JSON.stringify(value, null, 2)`, but a list of plain values stays on one line: a box reads as one thing.
 *
 * @param {unknown} value
 * @returns {string[]}
 */
export function jsonLines(value) {
  /** @type {string[]} */
  const lines = [];
  /** @param {unknown} node @param {string} indent @param {string} lead @param {string} tail */
  const write = (node, indent, lead, tail) => {
    if (node === null || typeof node !== "object" || isFlat(node)) {
      lines.push(indent + lead + flat(node) + tail);
      return;
    }
    const list = Array.isArray(node);
    lines.push(indent + lead + (list ? "[" : "{"));
    const entries = Object.entries(node).filter(([, item]) => item !== undefined);
    entries.forEach(([key, item], index) => {
      write(item, `${indent}  `, list ? "" : `${JSON.stringify(key)}: `, index < entries.length - 1 ? "," : "");
    });
    lines.push(indent + (list ? "]" : "}") + tail);
  };
  write(value, "", "", "");
  return lines;
}

/** @param {object} node */
const isFlat = (node) =>
  Array.isArray(node)
    ? node.every((item) => item === null || typeof item !== "object")
    : Object.keys(node).length === 0;

/** @param {unknown} node */
const flat = (node) =>
  Array.isArray(node) ? `[${node.map((item) => JSON.stringify(item) ?? "null").join(", ")}]` : (JSON.stringify(node) ?? "null");

/** @param {string} line */
function coloured(line) {
  const row = element("div", "json__line");
  let at = 0;
  for (const match of line.matchAll(TOKEN)) {
    if (match.index > at) row.append(line.slice(at, match.index));
    const [all, string, colon, number] = match;
    const kind = string ? (colon ? "key" : "string") : number ? "number" : "word";
    row.append(element("span", `json__${kind}`, string ?? all));
    if (colon) row.append(colon);
    at = match.index + all.length;
  }
  if (at < line.length) row.append(line.slice(at));
  return row;
}

export class JsonView {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {string[]} */
    this.lines = [];
    this.window = element("pre", "json__window");
    this.space = element("div", "json__space");
    this.space.append(this.window);
    root.append(this.space);
    root.addEventListener("scroll", () => this.render(), { passive: true });
    new ResizeObserver(() => this.render()).observe(root);
  }

  /** @param {unknown} value */
  show(value) {
    this.lines = jsonLines(value);
    // The longest line sets the width once, or it would jump while scrolling.
    this.space.style.minWidth = `${Math.max(...this.lines.map((line) => line.length))}ch`;
    this.space.style.height = `${this.lines.length * LINE_HEIGHT}px`;
    this.render();
  }

  render() {
    const first = Math.max(0, Math.floor(this.root.scrollTop / LINE_HEIGHT) - SPARE_LINES);
    const last = Math.ceil((this.root.scrollTop + this.root.clientHeight) / LINE_HEIGHT) + SPARE_LINES;
    this.window.style.translate = `0 ${first * LINE_HEIGHT}px`;
    this.window.replaceChildren(...this.lines.slice(first, last).map(coloured));
  }

  get text() {
    return this.lines.join("\n");
  }
}
