"use strict";

at("staff").addEventListener("click", () => guard.staff());

function show(view) {
  drawCommon(view);
  for (const picture of document.querySelectorAll("[data-picture]")) {
    picture.toggleAttribute("hidden", picture.dataset.picture !== view.picture);
  }
  put("main", view.main);
  put("sub", view.sub);
  put("count", view.count);
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
