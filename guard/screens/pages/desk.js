"use strict";

// The staff's pad. It reports keys and draws how many digits there are; the digits themselves it never gets.
at("desk").addEventListener("click", (event) => {
  const button = event.target.closest("[data-key]");
  if (button) {
    guard.key(button.dataset.key);
  }
});

// A button that was replaced between a finger's touch and its lifting would miss the press: only what has
// changed is drawn anew.
const drawn = new Map();

function list(id, entries, make) {
  const wanted = JSON.stringify(entries);
  if (drawn.get(id) !== wanted) {
    drawn.set(id, wanted);
    at(id).replaceChildren(...entries.map(make));
  }
  at(id).hidden = entries.length === 0;
}

function part(kind, className, html) {
  const element = document.createElement(kind);
  element.className = className;
  element.innerHTML = html;
  return element;
}

function keyButton(entry, className) {
  const button = part("button", className, "");
  button.type = "button";
  button.dataset.key = entry.key;
  return button;
}

function nameButton(entry) {
  const button = keyButton(entry, `name ${entry.length}`);
  button.append(part("span", "", entry.label));
  return button;
}

function listButton(entry) {
  const button = keyButton(entry, entry.primary ? "entry primary" : "entry");
  const words = part("span", "entry-words", "");
  words.append(part("span", "entry-label", entry.label));
  if (entry.about !== "") {
    words.append(part("span", "entry-about", entry.about));
  }
  button.append(part("span", "badge", entry.badge), words);
  return button;
}

function drawDots(desk) {
  const many = desk.busy ? 3 : Math.max(desk.digits, desk.places);
  const dots = Array.from({ length: many }, (_, at) => desk.busy || at < desk.digits ? "typed" : "");
  const field = at("desk-dots");
  field.className = desk.places ? "groups" : desk.busy ? "busy" : "";
  list("desk-dots", dots, (className) => part("i", className, ""));
}

function drawNote(note) {
  const box = at("desk-note");
  box.hidden = note === null;
  if (note === null) {
    countDown("desk-wait", null);
    return;
  }
  box.dataset.look = note.look;
  put("desk-note-main", note.main);
  put("desk-note-sub", note.sub);
  put("desk-in-seconds", note.inSeconds);
  put("desk-in-minutes", note.inMinutes);
  put("desk-now", note.now);
  at("desk-wait").hidden = note.now === "";
  const choose = (left) => {
    at("desk-now").hidden = left > 0;
    at("desk-in-seconds").hidden = left === 0 || left > 99;
    at("desk-in-minutes").hidden = left <= 99;
  };
  choose(note.seconds ?? 0);
  countDown("desk-wait", note.seconds, choose);
}

function drawDesk(desk) {
  at("desk").hidden = desk === null;
  at("screen").hidden = desk !== null;
  at("footer").hidden = desk !== null;
  if (desk === null) {
    countDown("desk-hold", null);
    drawNote(null);
    return;
  }
  at("desk").dataset.step = desk.step;
  put("desk-title", desk.title);
  put("desk-hold", desk.hold);
  countDown("desk-hold", desk.hold === "" ? null : desk.seconds);
  put("desk-who", desk.who);
  put("desk-main", desk.main);
  put("desk-sub", desk.sub);
  put("desk-look-text", desk.look);
  at("desk-look").hidden = desk.look === "";
  drawNote(desk.note);
  list("desk-names", desk.names, nameButton);
  put("desk-more", desk.more);
  put("desk-label", desk.label);
  at("desk-field").hidden = !desk.keypad;
  put("desk-number", desk.number);
  put("desk-hint", desk.places ? "" : desk.hint);
  drawDots(desk);
  at("desk-keypad").hidden = !desk.keypad;
  for (const key of at("desk-keypad").children) {
    key.disabled = desk.busy;
  }
  put("desk-erase", desk.erase);
  put("desk-enter", desk.enter);
  list("desk-list", desk.list, listButton);
  numbers("desk-list", "count", desk.alerts);
  put("desk-back", desk.back);
  put("desk-emergency", desk.emergency);
}
