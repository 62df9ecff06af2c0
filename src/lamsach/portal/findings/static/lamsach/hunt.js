// Sends log files in pieces of 4 MB, goes on after a break, and shows how far it is. Without this file the form sends them whole.
"use strict";
document.addEventListener("DOMContentLoaded", function () {
  var form = document.querySelector("form[data-pieces]");
  if (!form || !window.fetch || !Blob.prototype.slice) { return; }
  var PIECE = 4000000, TRIES = 8;
  var place = form.querySelector(".pieces");
  var key = form.querySelector("[name=csrfmiddlewaretoken]").value;
  function pause(ms) { return new Promise(function (go) { setTimeout(go, ms); }); }
  async function ask(url, body) {
    for (var n = 0; n < TRIES; n += 1) {
      try {
        var answer = await fetch(url, { method: "POST", body: body, headers: { "X-CSRFToken": key }, credentials: "same-origin" });
        if (answer.ok || answer.status === 409) { return await answer.json(); }
        if (answer.status < 500 && answer.status !== 429) { return { problem: String(answer.status) }; }
      } catch (error) { /* the line is down: try again */ }
      await pause(Math.min(1000 * Math.pow(2, n), 30000));
    }
    return { problem: "-" };
  }
  async function send(file) {
    var row = document.createElement("p"), bar = document.createElement("progress"), words = document.createElement("span");
    words.textContent = file.name + " "; bar.max = file.size; bar.value = 0; row.append(words, bar); place.append(row);
    var body = new FormData(); body.append("name", file.name); body.append("size", file.size);
    var told = await ask(form.dataset.pieces, body);
    while (!told.problem && told.received < file.size) {
      bar.value = told.received;
      var next = await ask(form.dataset.pieces + (told.file || file.number) + "/?offset=" + told.received, file.slice(told.received, told.received + PIECE));
      if (told.file) { file.number = told.file; }
      told = next;
    }
    bar.value = told.problem ? bar.value : file.size;
    if (told.problem) { words.textContent = file.name + ": " + told.problem + " "; }
    return !told.problem;
  }
  form.addEventListener("submit", async function (event) {
    event.preventDefault(); event.stopImmediatePropagation();
    var button = form.querySelector("button"), good = true;
    button.disabled = true; place.textContent = "";
    for (var file of form.querySelector("[name=logs]").files) { good = (await send(file)) && good; }
    button.disabled = false;
    if (good) { window.location.reload(); }
  }, true);
});
