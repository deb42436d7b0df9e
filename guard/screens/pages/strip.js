"use strict";

at("end").addEventListener("click", () => guard.end());

function show(view) {
  drawCommon(view);
  put("main", view.main);
  put("end", view.endLabel);
  painted(view);
}
