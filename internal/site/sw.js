// What keeps this site in the browser, so that it opens without a network. A site that was written anew
// has another version, with a cache of its own; it is taken when no page of the old one is open any more,
// so that a lab that is open goes on with the files that it began with.
"use strict";
const VERSION = "{{version}}";
const FILES = {{files}};
const MINE = `wireloom ${new URL(registration.scope).pathname} `;

// What the browser has of a file already is asked for by its tag, and not sent again.
addEventListener("install", (e) => {
  const all = FILES.map((f) => new Request(new URL(f, registration.scope), { cache: "no-cache" }));
  e.waitUntil(caches.open(MINE + VERSION).then((c) => c.addAll(all)));
});

addEventListener("activate", (e) => {
  const others = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((n) => n.startsWith(MINE) && n !== MINE + VERSION).map((n) => caches.delete(n)));
    await clients.claim();
  };
  e.waitUntil(others());
});

addEventListener("fetch", (e) => {
  if (e.request.method !== "GET" || !e.request.url.startsWith(registration.scope)) return;
  const bare = new URL(e.request.url);
  bare.hash = bare.search = "";
  const answer = async () => {
    const cache = await caches.open(MINE + VERSION);
    const wanted = bare.href === registration.scope ? new URL("index.html", registration.scope) : bare;
    return (await cache.match(wanted)) ?? fetch(e.request);
  };
  e.respondWith(answer());
});
