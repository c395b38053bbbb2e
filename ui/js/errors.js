/** Problems, from `application/problem+json` or from the browser itself, and the words for them. */

import { phrases, problems } from "./texts.js";

/** @typedef {"retry" | "convert" | "shrink" | "choose"} Remedy */

const WAITABLE = new Set(["overloaded", "rate-limited", "draining"]);
const OF_THE_FILE = new Set(["undecodable-image", "unsupported-format", "empty-file"]);
const TOO_LARGE = new Set(["payload-too-large", "image-too-large"]);

/** What a status means when the answer carries no problem document (a proxy answered, say). */
const BY_STATUS = new Map([
  [401, "unauthorized"],
  [403, "forbidden"],
  [408, "slow-upload"],
  [413, "payload-too-large"],
  [415, "unsupported-format"],
  [429, "rate-limited"],
  [431, "headers-too-large"],
  [500, "internal-error"],
  [502, "network"],
  [503, "overloaded"],
  [504, "network"],
]);

const DEFAULT_WAIT_S = 3;
const LONGEST_WAIT_S = 60;

export class Problem extends Error {
  /**
   * @param {string} slug  the last part of the problem's type
   * @param {{detail?: string, retryAfter?: number, requestId?: string}} [more]
   */
  constructor(slug, { detail = "", retryAfter = 0, requestId = "" } = {}) {
    super(detail || slug);
    this.slug = slug;
    this.detail = detail;
    /** Seconds; 0 when waiting does not help. */
    this.retryAfter = retryAfter;
    this.requestId = requestId;
  }
}

/** @param {string | null} header  seconds or an HTTP date */
function waitOf(header) {
  if (!header) return DEFAULT_WAIT_S;
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 1), LONGEST_WAIT_S) : DEFAULT_WAIT_S;
}

/** @param {Response} response  one that is not ok */
export async function problemOf(response) {
  /** @type {Record<string, unknown>} */
  let body = {};
  if (response.headers.get("content-type")?.includes("json")) {
    const parsed = await response.json().catch(() => ({}));
    if (parsed && typeof parsed === "object") body = parsed;
  }
  const type = typeof body.type === "string" ? (body.type.split("/").pop() ?? "") : "";
  const slug = type in problems ? type : (BY_STATUS.get(response.status) ?? "unexpected");
  // Words of our own for a known type; the service's title only where we have none.
  const detail = typeof body.detail === "string" ? body.detail : typeof body.title === "string" ? body.title : "";
  return new Problem(slug, {
    detail,
    retryAfter: WAITABLE.has(slug) ? waitOf(response.headers.get("retry-after")) : 0,
    requestId: typeof body.request_id === "string" ? body.request_id : "",
  });
}

/**
 * @param {Problem} problem
 * @param {boolean} shown  the browser itself can show this photo, so it can also re-encode it
 * @returns {{title: string, text: string, next: string, detail: string, remedies: Remedy[]}}  first remedy is the best
 */
export function describe(problem, shown) {
  const words = problems[problem.slug] ?? problems.unexpected;
  /** @type {Remedy[]} */
  let remedies = ["retry", "choose"];
  if (problem.slug === "unauthorized") remedies = [];
  else if (TOO_LARGE.has(problem.slug)) remedies = shown ? ["shrink", "choose"] : ["choose"];
  else if (OF_THE_FILE.has(problem.slug)) {
    remedies = shown && problem.slug === "unsupported-format" ? ["convert", "choose"] : ["choose", "retry"];
  }
  const parts = [];
  if (problem.detail) parts.push(phrases.detail(problem.detail));
  if (problem.requestId) parts.push(phrases.request(problem.requestId));
  return { ...words, detail: parts.join("\n"), remedies };
}

/** These pass by themselves, or once a key is given; any other answer is the last word. */
const PASSING = new Set([
  ...WAITABLE,
  "network",
  "slow-upload",
  "storage-unavailable",
  "storage-full",
  "model-failed",
  "internal-error",
  "unexpected",
  "unauthorized",
]);

/** Whether sending the same again later may go better. @param {Problem} problem */
export const isPassing = ({ slug }) => PASSING.has(slug);
