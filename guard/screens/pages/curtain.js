"use strict";

let ticking = 0;

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
    if (left > 0) {
      ticking = setTimeout(tick, end - performance.now() - (left - 1) * 1000);
    }
  };
  tick();
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
  painted(view);
}
