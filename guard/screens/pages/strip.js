"use strict";

at("end").addEventListener("click", () => guard.end());
at("staff").addEventListener("click", () => guard.staff());

function show(view) {
  drawCommon(view);
  put("main", view.main);
  put("end", view.endLabel);
  put("staff", view.staffLabel);
  painted(view);
}
