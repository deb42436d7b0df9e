"use strict";

at("staff").addEventListener("click", () => guard.staff());

// The buttons stay the same ones while what they say changes: a press of one that is replaced would be missed.
function portalButton(key, at) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "portal";
  button.dataset.portal = key;
  button.innerHTML = `<span id="portal-${at}" class="portal-label"></span><span id="portal-${at}-word" class="portal-word"></span>`;
  button.addEventListener("click", () => guard.portal(key));
  return button;
}

function putPortals(view) {
  const group = at("portals");
  const keys = view.portals.map((portal) => portal.key);
  if (group.dataset.keys !== JSON.stringify(keys)) {
    group.dataset.keys = JSON.stringify(keys);
    group.replaceChildren(...keys.map(portalButton));
    keys.forEach((_, at) => { written.delete(`portal-${at}`); written.delete(`portal-${at}-word`); });
  }
  group.hidden = keys.length === 0;
  group.dataset.many = keys.length;
  group.setAttribute("aria-label", view.portalsLabel);
  view.portals.forEach((portal, at) => {
    const button = group.children[at];
    button.setAttribute("aria-pressed", String(portal.chosen));
    button.classList.toggle("long", portal.long);
    button.disabled = portal.unavailable;
    put(`portal-${at}`, portal.label);
    put(`portal-${at}-word`, portal.word);
  });
}

function show(view) {
  drawCommon(view);
  for (const picture of document.querySelectorAll("[data-picture]")) {
    picture.toggleAttribute("hidden", picture.dataset.picture !== view.picture);
  }
  put("main", view.main);
  put("sub", view.sub);
  put("printed-text", view.printed);
  at("printed").hidden = view.printed === "";
  put("count", view.count);
  putPortals(view);
  put("staff", view.staffLabel);
  at("for-staff").innerHTML = view.forStaff;
  at("staff-text").innerHTML = view.staff;
  at("staff-line").hidden = view.staff === "";
  at("alerts-text").innerHTML = view.alertsLabel;
  at("alerts").toggleAttribute("hidden", view.alertsLabel === "");
  numbers("alerts", "count", view.alerts);
  countDown("count", view.count === "" ? null : view.seconds);
  drawDesk(view.desk);
  painted(view);
}
