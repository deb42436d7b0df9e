"use strict";

at("end").addEventListener("click", () => guard.end());
at("staff").addEventListener("click", () => guard.staff());

// A portal's own words shrink by a quarter at most to have room beside the buttons; what is longer is cut short.
function fit(own) {
  const main = at("main");
  document.body.toggleAttribute("data-own", own);
  let share = 1;
  do {
    main.style.setProperty("--fit", share);
    share -= .05;
  } while (own && main.scrollHeight > innerHeight && share >= .75);
}

function show(view) {
  drawCommon(view);
  document.body.toggleAttribute("data-warned", view.warned);
  put("main", view.main);
  countDown("main", view.warned ? view.seconds : null);
  put("end", view.endLabel);
  put("staff", view.staffLabel);
  fit(view.own);
  painted(view);
}
