"use strict";
// Keeps the pass's page for moments without a line. What the hub refuses is kept no longer.
const KEPT = "welkom-pass";
const isOurs = (path) => path === "/portal/pass" || path.startsWith("/portal/pass/static/");

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method === "GET" && origin === location.origin && isOurs(pathname)) {
    event.respondWith(answer(event.request, pathname));
  }
});

async function answer(request, path) {
  const kept = await caches.open(KEPT);
  try {
    const fresh = await fetch(request);
    if (path === "/portal/pass") {
      if (fresh.ok) await kept.put(path, fresh.clone()); else if (fresh.status < 500) await caches.delete(KEPT);
    }
    return fresh;
  } catch {
    return await kept.match(request, { ignoreSearch: path === "/portal/pass" }) || Response.error();
  }
}
