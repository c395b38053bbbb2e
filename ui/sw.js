/**
 * The service worker: the page opens without a network. The service puts `SHELL` before this file, the addresses of all
 * that the page is made of and a `version` of their content, so that a new page is a new worker.
 *
 * @typedef {{version: string, files: string[]}} Shell
 */

const worker = /** @type {ServiceWorkerGlobalScope & {SHELL: Shell}} */ (/** @type {unknown} */ (self));
const { version, files } = worker.SHELL;
const CACHE = `shell-${version}`;
/** A network that is there but does not answer is treated as none. */
const PATIENCE_MS = 4000;

worker.addEventListener("install", (event) => {
  const fill = async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(files.map((file) => new Request(file, { cache: "no-cache" })));
    await worker.skipWaiting();
  };
  event.waitUntil(fill());
});

worker.addEventListener("activate", (event) => {
  const clear = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
    await worker.clients.claim();
  };
  event.waitUntil(clear());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  // Answers of the API never come near a cache: only the page itself does.
  if (request.method !== "GET" || origin !== location.origin || !files.includes(pathname)) return;
  event.respondWith(freshest(request, pathname));
});

/**
 * From the network while there is one, so that a page and its scripts are always of one version; else as kept.
 *
 * @param {Request} request
 * @param {string} file
 */
async function freshest(request, file) {
  const kept = await caches.match(file, { cacheName: CACHE });
  if (!kept) return fetch(request);
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), PATIENCE_MS);
  try {
    const response = await fetch(request, { signal: giveUp.signal });
    // A proxy on the way that answers for a service that is gone is no page.
    return response.ok || response.type === "opaqueredirect" || response.status === 304 ? response : kept;
  } catch {
    return kept;
  } finally {
    clearTimeout(timer);
  }
}
