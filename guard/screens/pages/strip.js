"use strict";

at("end").addEventListener("click", () => guard.end());
at("staff").addEventListener("click", () => guard.staff());

function show(view) {
  drawCommon(view);
  document.body.toggleAttribute("data-warned", view.warned);
  put("main", view.main);
  countDown("main", view.warned ? view.seconds : null);
  put("end", view.endLabel);
  put("staff", view.staffLabel);
  painted(view);
}
