// What all pages of the gallery share. A page does its deed when it is loaded, and again when somebody has
// touched it, for much is only allowed then; each time it tells what it got that it should not have got.

function tell(when, got) {
  const request = new XMLHttpRequest();
  request.open("POST", `/tell/${when}`, false); // has arrived before the page does whatever stops it
  request.send(JSON.stringify(got ?? []));
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

// Make these tries all at once; return the names of those that gave something.
async function got(tries) {
  const won = [];
  const made = Object.entries(tries).map(async ([name, attempt]) => {
    try {
      if (await attempt()) won.push(name);
    } catch { /* refused, as it should be */ }
  });
  await Promise.race([Promise.all(made), pause(2000)]); // what nobody answers was not got either
  return won;
}

function touched(act) {
  let done = false;
  const once = (event) => {
    if (done || !event.isTrusted) return;
    done = true;
    act(event);
  };
  addEventListener("click", once, true);
  addEventListener("keydown", once, true);
}

function element(name, properties) {
  const made = Object.assign(document.createElement(name), properties);
  document.body.append(made);
  return made;
}

function leaveMarks() {
  document.cookie = `mark=${SECRET}; max-age=86400`;
  localStorage.mark = SECRET;
  sessionStorage.mark = SECRET;
  window.name = SECRET;
  document.title = SECRET;
}

function hostile(deed) {
  addEventListener("load", async () => {
    leaveMarks();
    tell("load", await deed("load"));
  });
  touched(async () => tell("touch", await deed("touch")));
}
