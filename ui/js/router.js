/** Addresses behind the `#`, which work without the service, and the pages they lead to. */

/** @typedef {"analyse" | "stores" | "bay" | "compare" | "audit" | "review" | "todo" | "status" | "settings"} PageName */
/**
 * @typedef {object} Route
 * @property {PageName} page
 * @property {string[]} params  decoded
 * @property {URLSearchParams} query
 */

/** @type {[RegExp, PageName][]} */
const ROUTES = [
  [/^\/$/, "analyse"],
  [/^\/todo$/, "todo"],
  [/^\/stores$/, "stores"],
  [/^\/stores\/([^/]+)$/, "stores"],
  [/^\/stores\/([^/]+)\/([^/]+)$/, "bay"],
  [/^\/compare\/([^/]+)\/([^/]+)$/, "compare"],
  [/^\/audits\/([^/]+)$/, "audit"],
  [/^\/audits\/([^/]+)\/review$/, "review"],
  [/^\/status$/, "status"],
  [/^\/settings$/, "settings"],
];

/** @param {string} hash  as `location.hash` has it @returns {Route | null}  null for an address of no page */
export function routeOf(hash) {
  const [path, query = ""] = (hash.replace(/^#/, "") || "/").split("?", 2);
  for (const [pattern, page] of ROUTES) {
    const match = pattern.exec(path);
    if (!match) continue;
    try {
      return { page, params: match.slice(1).map(decodeURIComponent), query: new URLSearchParams(query) };
    } catch {
      return null; // a percent sign that encodes nothing
    }
  }
  return null;
}

/**
 * The address of a page: `link("stores", "Berlin 1", "Cereal")`.
 *
 * @param {...string} parts  of the path, not yet encoded
 */
export const link = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;
