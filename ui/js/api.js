/** The service, over HTTP. Whatever fails is thrown as a `Problem`, except a wanted abort. */

import { Problem, problemOf } from "./errors.js";

/** @typedef {import("./types.js").Prediction} Prediction */
/** @typedef {import("./types.js").ServedModel} ServedModel */

const KEY_STORE = "shelfwatch-key";
/** So low that the slider has something to show below the operating point. */
export const LOWEST_CONFIDENCE = 0.05;
export const MOST_DETECTIONS = 3000;

/** Lives as long as the tab, even where session storage is forbidden. */
let heldKey = "";

/** @param {"sessionStorage" | "localStorage"} storage @param {(storage: Storage) => T} use @param {T} otherwise @template T */
function within(storage, use, otherwise) {
  try {
    return use(window[storage]);
  } catch {
    return otherwise; // it is forbidden or full
  }
}

/** The tab's own key goes before the one remembered on this device. */
export const apiKey = () =>
  within("sessionStorage", (tab) => tab.getItem(KEY_STORE), null) ?? (heldKey || rememberedKey());

/** The key that every tab of this device uses; empty if there is none. */
export const rememberedKey = () => within("localStorage", (device) => device.getItem(KEY_STORE), null) ?? "";

/** @param {string} key  empty to have none @param {boolean} [remember]  on this device; else for this tab only */
export function setApiKey(key, remember = false) {
  heldKey = key;
  within("sessionStorage", (tab) => (key ? tab.setItem(KEY_STORE, key) : tab.removeItem(KEY_STORE)), undefined);
  if (remember && key) within("localStorage", (device) => device.setItem(KEY_STORE, key), undefined);
}

/** Neither this tab nor this device knows a key any more. */
export function forgetApiKey() {
  setApiKey("");
  within("localStorage", (device) => device.removeItem(KEY_STORE), undefined);
}

/**
 * @param {string} path
 * @param {RequestInit} [init]
 */
async function request(path, init = {}) {
  const headers = new Headers(init.headers);
  const key = apiKey();
  // A key with characters that no header can carry is a wrong key, not a broken network.
  if (key) {
    try {
      headers.set("Authorization", `Bearer ${key}`);
    } catch {
      throw new Problem("unauthorized");
    }
  }
  try {
    return await fetch(path, { ...init, headers });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("network");
  }
}

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}  the JSON of a good answer
 */
export async function getJson(path, signal) {
  return readJson(await request(path, { signal, cache: "no-store" }));
}

/**
 * @param {"POST" | "PUT" | "PATCH" | "DELETE"} method
 * @param {string} path
 * @param {unknown} [body]  sent as JSON; a FormData as it is
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}  null where the answer has no content
 */
export async function send(method, path, body, signal) {
  const form = body instanceof FormData;
  const headers = body === undefined || form ? undefined : { "Content-Type": "application/json" };
  const sent = body === undefined ? undefined : form ? body : JSON.stringify(body);
  return readJson(await request(path, { method, signal, headers, body: sent }));
}

/** @param {Response} response */
async function readJson(response) {
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("unexpected");
  }
}

/** What the service says in plain text. @param {string} path @param {AbortSignal} [signal] @returns {Promise<string>} */
export async function getText(path, signal) {
  const response = await request(path, { signal, cache: "no-store" });
  if (!response.ok) throw await problemOf(response);
  try {
    return await response.text();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("network"); // it broke off
  }
}

/** A file of the service: a photo, a crop, an export. @param {string} path @param {AbortSignal} [signal] */
export async function getBlob(path, signal) {
  const response = await request(path, { signal });
  if (!response.ok) throw await problemOf(response);
  return response.blob();
}

/**
 * Show a picture of the service in an `img`, which cannot send the key itself.
 *
 * @param {HTMLImageElement} image
 * @param {string} path
 * @param {AbortSignal} signal  when it is aborted, the picture's memory is given back
 */
export async function showPicture(image, path, signal) {
  if (!apiKey()) {
    image.src = path;
    return;
  }
  try {
    const address = URL.createObjectURL(await getBlob(path, signal));
    signal.addEventListener("abort", () => URL.revokeObjectURL(address), { once: true });
    image.src = address;
  } catch {
    image.dispatchEvent(new Event("error"));
  }
}

/**
 * Everything the model sees in the photo; what is too unsure is filtered later, in the browser.
 *
 * @param {File} file
 * @param {{model?: string, closer?: boolean, confidence?: number, sure?: number, signal?: AbortSignal}} [options]  sure: least
 *   confidence of what the report is made of
 * @returns {Promise<Prediction>}
 */
export async function predict(file, { model, closer, confidence = LOWEST_CONFIDENCE, sure, signal } = {}) {
  const query = new URLSearchParams({ confidence: String(confidence), max_detections: String(MOST_DETECTIONS), report: "true" });
  if (sure) query.set("report_confidence", String(sure));
  if (model) query.set("model", model);
  if (closer) query.set("tiles", "auto");
  const body = new FormData();
  body.append("image", file, file.name || "photo");
  const answer = await send("POST", `/predict?${query}`, body, signal);
  if (Array.isArray(answer?.detections) && answer.image?.width > 0) return answer;
  throw new Problem("unexpected");
}

/**
 * The service's own account of itself.
 *
 * @returns {Promise<{state: "ok" | "starting" | "draining" | "failed" | "offline", models: ServedModel[], version: string}>}
 */
export async function health() {
  try {
    const response = await request("/health", { cache: "no-store" });
    const { status, models, version } = await response.json();
    if (response.ok && Array.isArray(models) && models.length) return { state: "ok", models, version };
    return { state: status === "draining" || status === "failed" ? status : "starting", models: [], version };
  } catch {
    return { state: "offline", models: [], version: "" };
  }
}

/** @param {string} name @param {AbortSignal} [signal] @returns {Promise<File>} */
export async function sample(name, signal) {
  const response = await request(`/static/samples/${name}.jpg`, { signal });
  if (!response.ok) throw new Problem("sample");
  const blob = await response.blob();
  return new File([blob], `${name}.jpg`, { type: "image/jpeg" });
}
