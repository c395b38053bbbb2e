/**
 * Audits on their way to the service. Each is written to this browser's database before it is sent and leaves it when
 * the service has it; its key makes a second sending harmless, so what is unsure is sent again.
 */

import { send } from "./api.js";
import { isPassing } from "./errors.js";
import { asProblem } from "./shell.js";

/** @typedef {import("./types.js").Audit} Audit */
/**
 * @typedef {object} Parcel
 * @property {string} key  the idempotency key
 * @property {Blob} photo
 * @property {string} name  of the file
 * @property {string} store
 * @property {string} bay
 * @property {string} taken_at  ISO 8601
 * @property {string} note
 * @property {string} model  empty for the service's first
 * @property {number} added  ms
 * @property {string} problem  why it is not there yet, as a problem's slug; empty while nothing is wrong
 * @property {boolean} final  the service will not take it as it is
 */

const DATABASE = "shelfwatch";
const STORE = "outbox";
const AGAIN_MS = 20_000;
/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Events: `change` when something is added, sent or refused; `sent` with the parcel and the audit. */
class Outbox extends EventTarget {
  constructor() {
    super();
    /** @type {Promise<IDBDatabase> | null} */
    this.opening = null;
    /** What no database would take lasts as long as the page. @type {Map<string, Parcel>} */
    this.held = new Map();
    this.timer = 0;
    addEventListener("online", () => void this.flush());
    document.addEventListener("visibilitychange", () => document.hidden || void this.flush());
    // Another tab may have added or sent something.
    this.channel = new BroadcastChannel("shelfwatch-outbox");
    this.channel.addEventListener("message", () => this.dispatchEvent(new Event("change")));
  }

  database() {
    this.opening ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return this.opening;
  }

  /** @param {IDBTransactionMode} mode */
  async table(mode) {
    // Strict: on disk before it counts as kept, since the battery may be what ends this page.
    return (await this.database()).transaction(STORE, mode, { durability: "strict" }).objectStore(STORE);
  }

  /** Oldest first. @returns {Promise<Parcel[]>} */
  async parcels() {
    /** @type {Parcel[]} */
    let stored = [];
    try {
      stored = await settled((await this.table("readonly")).getAll());
    } catch {
      // No database: only what is held.
    }
    return [...stored, ...this.held.values()].sort((a, b) => a.added - b.added);
  }

  /** @param {Parcel} parcel */
  async put(parcel) {
    try {
      const table = await this.table("readwrite");
      await settled(table.put(parcel));
    } catch {
      this.held.set(parcel.key, parcel);
    }
    this.changed();
  }

  /** @param {string} key */
  async remove(key) {
    this.held.delete(key);
    try {
      const table = await this.table("readwrite");
      await settled(table.delete(key));
    } catch {
      // Then it was only held.
    }
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
    this.channel.postMessage("change");
  }

  /**
   * Keep them, then try to send them.
   *
   * @param {Omit<Parcel, "added" | "problem" | "final">[]} parcels
   */
  async add(parcels) {
    const now = Date.now();
    for (const [index, parcel] of parcels.entries()) {
      await this.put({ ...parcel, added: now + index, problem: "", final: false });
    }
    await this.flush();
  }

  /** Send what waits, one after the other; of several tabs one does it. @param {boolean} [all]  also what was refused */
  async flush(all = false) {
    clearTimeout(this.timer);
    const work = () => this.sendAll(all);
    // Without locks (an unusual browser) two tabs may send the same; its key makes one audit of it.
    await (navigator.locks ? navigator.locks.request("shelfwatch-outbox", work) : work());
  }

  /** @param {boolean} all */
  async sendAll(all) {
    for (const parcel of await this.parcels()) {
      if (parcel.final && !all) continue;
      try {
        const audit = await post(parcel);
        await this.remove(parcel.key);
        this.dispatchEvent(new CustomEvent("sent", { detail: { parcel, audit } }));
      } catch (error) {
        const problem = asProblem(error);
        const passing = isPassing(problem);
        await this.put({ ...parcel, problem: problem.slug, final: !passing });
        if (!passing) continue;
        // The next would fare no better now.
        const wait = Math.max(problem.retryAfter * 1000, AGAIN_MS);
        this.timer = window.setTimeout(() => void this.flush(), wait);
        return;
      }
    }
  }
}

/** @param {Parcel} parcel @returns {Promise<Audit>} */
function post({ key, photo, name, store, bay, taken_at, note, model }) {
  const form = new FormData();
  form.append("store", store);
  form.append("bay", bay);
  form.append("taken_at", taken_at);
  if (note) form.append("note", note);
  form.append("idempotency_key", key);
  form.append("image", photo, name);
  return send("POST", `/audits${model ? `?model=${encodeURIComponent(model)}` : ""}`, form);
}

export const outbox = new Outbox();
