// Keeps styles and one honest page for when the shop's computer cannot be reached. Never a page with data.
"use strict";
const NAME = "welkom-static";
const FILES = KEPT; // written by the server: addresses with the hash of their content

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.open(NAME)
      .then((cache) => cache.keys().then((held) => Promise.all(held
        .filter((each) => !FILES.includes(new URL(each.url).pathname + new URL(each.url).search))
        .map((each) => cache.delete(each)))))
      .then(() => self.clients.claim()),
  );
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match("/offline")));
  } else if (request.method === "GET" && FILES.includes(url.pathname + url.search)) {
    event.respondWith(caches.match(request).then((held) => held || fetch(request)));
  }
});
