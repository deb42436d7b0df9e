// A service worker that stays: it answers for the portal, takes every page, and asks to be woken later.
addEventListener("install", (event) => event.waitUntil(skipWaiting()));
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  if (new URL(event.request.url).pathname === "/") event.respondWith(new Response(SECRET));
});
addEventListener("message", async (event) => {
  const kept = await caches.open(SECRET);
  await kept.put("/kept", new Response(SECRET));
  setInterval(() => fetch(FORBIDDEN).catch(() => {}), 10);
  for (const client of await clients.matchAll()) client.navigate(FORBIDDEN).catch(() => {});
  await clients.openWindow(FORBIDDEN).catch(() => {});
  event.ports[0].postMessage("kept");
});
