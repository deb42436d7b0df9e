"use strict";

addEventListener("message", async (event) => {
  const kept = await caches.open("worker");
  await kept.put("/kept", new Response(event.data));
  event.ports[0].postMessage("kept");
});
