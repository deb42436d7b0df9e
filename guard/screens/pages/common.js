"use strict";

// Both pages are drawn by show(view); a view is plain data from the core and its texts are safe HTML.
const at = (id) => document.getElementById(id);

// What has not changed stays as it is: a button whose inside is replaced under a finger would miss its press.
const written = new Map();

function put(id, html) {
  if (written.get(id) !== html) {
    written.set(id, html);
    at(id).innerHTML = html;
  }
  at(id).hidden = html === "";
}

function numbers(id, name, value) {
  for (const slot of at(id).querySelectorAll(`[data-number="${name}"]`)) {
    slot.textContent = String(value);
  }
}

// Counts down inside this element, each count on its own clock; null stops it.
const ticking = new Map();

function countDown(id, seconds, each = () => undefined) {
  clearTimeout(ticking.get(id));
  if (seconds === null) {
    return;
  }
  const end = performance.now() + seconds * 1000;
  const tick = () => {
    const left = Math.max(0, Math.round((end - performance.now()) / 1000));
    numbers(id, "seconds", left);
    numbers(id, "minutes", Math.ceil(left / 60));
    each(left);
    if (left > 0) {
      ticking.set(id, setTimeout(tick, end - performance.now() - (left - 1) * 1000));
    }
  };
  tick();
}

function putLanguages(view) {
  const group = at("languages");
  group.setAttribute("aria-label", view.languagesLabel);
  for (const [language, name] of Object.entries(view.names)) {
    let button = group.querySelector(`[data-language="${language}"]`);
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.dataset.language = language;
      button.lang = language === "en" ? "en" : "ja";
      button.innerHTML = name;
      button.addEventListener("click", () => guard.language(language));
      group.append(button);
    }
    button.setAttribute("aria-pressed", String(language === view.language));
  }
}

function drawCommon(view) {
  document.documentElement.lang = view.lang;
  document.body.dataset.screen = view.screen;
  document.body.dataset.language = view.language;
  putLanguages(view);
}

// Two frames later the page's part is done. The window's own part comes after it, so frames are kept coming, by
// a dot that nobody sees, until the window says that the scene has reached the screen.
let unsettled = -1;
let seen = -1;

function painted(view) {
  unsettled = view.seq;
  const blink = () => {
    if (unsettled === view.seq) {
      at("dot").classList.toggle("on");
      requestAnimationFrame(blink);
    }
  };
  requestAnimationFrame(() => requestAnimationFrame(() => { guard.painted(view.seq); blink(); }));
}

function settled(seq) {
  seen = Math.max(seen, seq);
  if (unsettled === seq) {
    unsettled = -1;
  }
}

// pywebview's bridge: there once its channel is open, which is some time after the page is loaded.
const bridge = new Promise((open) => {
  window.addEventListener("pywebviewready", () => open(window.pywebview.api), { once: true });
});
// A press belongs to the view that was on the screen when it was made, not to one that is being drawn.
const pressed = (name, ...values) => {
  const on = seen;
  return bridge.then((api) => api[name](on, ...values));
};
const guard = {
  end: () => pressed("end"),
  staff: () => pressed("staff"),
  key: (value) => pressed("key", value),
  portal: (key) => pressed("portal", key),
  language: (value) => pressed("language", value),
  painted: (seq) => bridge.then((api) => api.painted(seq)),
};

for (const kind of ["contextmenu", "dragstart", "selectstart"]) {
  document.addEventListener(kind, (event) => event.preventDefault());
}
document.addEventListener("wheel", (event) => event.preventDefault(), { passive: false });
