"use strict";

const REPEAT_MS = 8000;
const SETTLED_MS = 300;
const NEARLY_OVER_S = 10;
let ticking = 0;
let chiming = 0;
let before = "";

function chime(name) {
  const sound = at(`sound-${name}`);
  if (sound) {
    // A PC without loudspeakers refuses; the words on the screen say the same.
    sound.play().catch(() => undefined);
  }
}

function numbers(name, value) {
  for (const slot of document.querySelectorAll(`[data-number="${name}"]`)) {
    slot.textContent = String(value);
  }
}

function countDown(view) {
  clearTimeout(ticking);
  put("count", view.count);
  if (view.count === "") {
    return;
  }
  const end = performance.now() + view.seconds * 1000;
  const tick = () => {
    const left = Math.max(0, Math.round((end - performance.now()) / 1000));
    numbers("seconds", left);
    if (left === NEARLY_OVER_S) {
      chime("time");
    }
    if (left > 0) {
      ticking = setTimeout(tick, end - performance.now() - (left - 1) * 1000);
    }
  };
  tick();
}

function soundFor(view) {
  if (view.screen === before) {
    return;
  }
  before = view.screen;
  clearInterval(chiming);
  if (view.sound !== "") {
    // Opening the loudspeaker can take a second; what is seen goes first.
    setTimeout(() => chime(view.sound), SETTLED_MS);
  }
  if (view.screen === "TAKE_CARD") {
    chiming = setInterval(() => chime(view.sound), REPEAT_MS);
  }
}

function show(view) {
  drawCommon(view);
  for (const picture of document.querySelectorAll("[data-picture]")) {
    picture.toggleAttribute("hidden", picture.dataset.picture !== view.picture);
  }
  put("main", view.main);
  put("sub", view.sub);
  at("for-staff").innerHTML = view.forStaff;
  at("staff-text").innerHTML = view.staff;
  at("staff-line").hidden = view.staff === "";
  at("alerts-text").innerHTML = view.alertsLabel;
  at("alerts").toggleAttribute("hidden", view.alertsLabel === "");
  numbers("count", view.alerts);
  countDown(view);
  soundFor(view);
  painted(view);
}
