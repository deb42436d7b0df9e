// Tells the practice portal's server when this page is painted, has the keyboard, or keeps a draft: never what
// it shows. The replay waits for these events instead of for seconds. The page works without this script.
"use strict";

const page = document.body.dataset.page;
const tell = (what) =>
  fetch(`/practice/seen?page=${page}&what=${what}`, { method: "POST", headers: { "X-Practice": "1" } })
    .catch(() => {}); // the page is being left, or the practice is over: nobody waits any more

const afterFrames = (count, then) =>
  requestAnimationFrame(() => (count > 1 ? afterFrames(count - 1, then) : then()));

let painted = false;
let focused = false;
const lookAtFocus = () => {
  if (painted && !focused && document.hasFocus()) {
    focused = true;
    tell("focused");
  }
};
// First contentful paint is told when the frame has been presented; two frames more and it is on the screen.
new PerformanceObserver((_, observer) => {
  observer.disconnect();
  afterFrames(2, () => {
    painted = true;
    tell("painted");
    lookAtFocus();
  });
}).observe({ type: "paint", buffered: true });
addEventListener("focus", lookAtFocus);
addEventListener("blur", () => { focused = false; });

const form = document.querySelector("form[data-draft]");
const KEY = "draft";
if (form) {
  const fields = ["branch", "kind", "number", "name"];
  const draft = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  for (const field of fields) {
    if (draft[field] && !(field !== "kind" && form.elements[field].value)) form.elements[field].value = draft[field];
  }
  form.addEventListener("input", () => {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(fields.map((f) => [f, form.elements[f].value]))));
    afterFrames(4, () => tell("draft")); // what was typed is on the screen by then
  });
}
if (page === "done") localStorage.removeItem(KEY);
