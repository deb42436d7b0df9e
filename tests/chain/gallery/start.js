// The first page of every session. F9: say that keys arrive. F2: say what is there that an earlier citizen
// could have left. F8: go on to the page of the gallery.
"use strict";

const field = document.getElementById("field");

async function found() {
  const folder = await navigator.storage.getDirectory();
  const files = [];
  for await (const name of folder.keys()) files.push(name);
  const asked = ["notifications", "geolocation", "camera", "microphone", "midi", "clipboard-read", "clipboard-write"];
  const permissions = {};
  for (const name of asked) {
    permissions[name] = await navigator.permissions.query({ name }).then((one) => one.state, () => "unknown");
  }
  return {
    cookies: document.cookie,
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).length,
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    files,
    name: window.name,
    title: document.title,
    opener: window.opener !== null,
    referrer: document.referrer,
    history: history.length,
    ratio: devicePixelRatio,
    scale: visualViewport.scale,
    size: [innerWidth, innerHeight],
    full: document.fullscreenElement !== null,
    permissions,
    pasted: field.value,
  };
}

addEventListener("keydown", async (event) => {
  if (event.key === "F9") {
    event.preventDefault();
    field.focus();
    await fetch("/tell/listening", { method: "POST", body: "1" });
  } else if (event.key === "F2") {
    event.preventDefault();
    const told = { number: Number(document.body.dataset.number), ...(await found()) };
    await fetch("/tell/found", { method: "POST", body: JSON.stringify(told) });
  } else if (event.key === "F8") {
    event.preventDefault();
    location.assign("/deed");
  }
});
