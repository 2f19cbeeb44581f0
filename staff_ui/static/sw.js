// Keeps styles and one honest page for when the shop's computer cannot be reached. Never a page with data.
"use strict";
const OURS = "welkom-static";
const NAME = `${OURS}-VERSION`; // the server writes the hash of this script, of what it keeps and of the offline page
const FILES = KEPT; // written by the server: addresses with the hash of their content

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});
// What an older version kept goes, under whatever name of ours; another page of this address keeps its own.
self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names
        .filter((each) => each.startsWith(OURS) && each !== NAME)
        .map((each) => caches.delete(each))))
      .then(() => self.clients.claim()),
  );
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => held("/offline")));
  } else if (request.method === "GET" && FILES.includes(url.pathname + url.search)) {
    event.respondWith(held(request).then((kept) => kept || fetch(request)));
  }
});

const held = (request) => caches.open(NAME).then((cache) => cache.match(request));
