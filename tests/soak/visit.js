// What the page of the soak does besides /page.js, whose places it looks into. F4: say what is there that an
// earlier citizen could have left. F6: save what was typed as a file. F7: say so, and never yield again.
"use strict";

let came = false;

async function visit() {
  const number = Number(document.body.dataset.number);
  const found = { ...(await each((place) => place.find())), history: history.length, referrer: document.referrer };
  await fetch("/visit", { method: "POST", body: JSON.stringify({ number, found }) });
}

addEventListener("keydown", (event) => {
  if (event.key === "F4" && !came) {
    came = true;
    visit();
  } else if (event.key === "F6") {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([field.value]));
    link.download = `${field.value}.txt`;
    link.click();
  } else if (event.key === "F7") {
    const word = new XMLHttpRequest();
    word.open("POST", "/hung", false);
    word.send();
    for (;;) {}
  }
});
