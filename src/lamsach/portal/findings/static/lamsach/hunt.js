// Sends log files in pieces of 4 MB, shows how far it is, can be paused, and goes on after a break or after the page was opened anew: choosing the same file
// is enough, since the server says how much it has. Without this file the form sends them whole. The words stand in the page.
"use strict";
document.addEventListener("DOMContentLoaded", function () {
  if (!window.fetch || !window.AbortController || !Blob.prototype.slice) { return; }
  document.querySelectorAll("form[data-pieces]").forEach(sendsPieces);
});
function sendsPieces(form) {
  var PIECE = 4000000, TRIES = 8, nat = form.querySelector("[name=nat]");
  var place = form.querySelector(".pieces"), said = form.querySelector(".pieces-said"), words = place.dataset;
  var key = form.querySelector("[name=csrfmiddlewaretoken]").value, language = document.documentElement.lang || "vi";
  var stopping = null;
  function pause(ms, signal) {
    return new Promise(function (go) { var clock = setTimeout(go, ms); signal.addEventListener("abort", function () { clearTimeout(clock); go(); }); });
  }
  function number(value, digits) { return value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }); }
  function size(bytes) { return bytes >= 1e9 ? number(bytes / 1e9, 1) + " GB" : number(bytes / 1e6, 1) + " MB"; }
  async function ask(url, body, signal) {
    for (var n = 0; n < TRIES && !signal.aborted; n += 1) {
      try {
        var answer = await fetch(url, { method: "POST", body: body, headers: { "X-CSRFToken": key }, credentials: "same-origin", redirect: "manual", signal: signal });
        if (answer.type === "opaqueredirect" || answer.status === 403) { return { problem: words.expired }; }
        if (answer.ok || answer.status === 409) { return await answer.json(); }
        if (answer.status < 500 && answer.status !== 429) { return { problem: words.refused + " (" + answer.status + ")" }; }
      } catch (error) { /* the line is down: try again */ }
      await pause(Math.min(500 * Math.pow(2, n), 30000), signal);
    }
    return { problem: signal.aborted ? words.paused : words.lost };
  }
  function shown(file) {
    var row = document.createElement("p"), bar = document.createElement("progress"), text = document.createElement("span"), begun = null;
    bar.max = file.size; bar.value = 0; bar.setAttribute("aria-label", file.name); text.textContent = file.name;
    row.append(text, document.createElement("br"), bar); place.append(row);
    return function (received, problem) {
      var now = Date.now(), left = "";
      if (begun === null) { begun = [now, received]; }
      var speed = (received - begun[1]) / Math.max(now - begun[0], 1) * 1000;
      if (speed > 0 && received < file.size && now - begun[0] > 3000) {
        var minutes = (file.size - received) / speed / 60;
        left = ", " + (minutes < 1 ? words.soon : words.left.replace("{minutes}", number(minutes, 0)));
      }
      bar.value = received;
      text.textContent = file.name + ": " + size(received) + " / " + size(file.size) + " (" + number(Math.floor(100 * received / file.size), 0) + " %)" + left + (problem ? ". " + problem : "");
    };
  }
  async function send(file, signal) {
    var show = shown(file), body = new FormData(), received = 0;
    body.append("name", file.name); body.append("size", file.size);
    if (nat) { body.append("nat", nat.value); }
    var told = await ask(form.dataset.pieces, body, signal), at = form.dataset.pieces + told.file + "/?offset=";
    while (!told.problem && told.received < file.size) {
      received = told.received; show(received);
      told = await ask(at + received, file.slice(received, received + PIECE), signal);
    }
    show(told.problem ? received : file.size, told.problem);
    return told.problem || "";
  }
  function ends(event) { event.preventDefault(); event.returnValue = ""; }
  form.addEventListener("submit", async function (event) {
    event.preventDefault(); event.stopImmediatePropagation();
    var button = form.querySelector("button"), stop = document.createElement("button"), problem = "";
    stopping = new AbortController();
    stop.type = "button"; stop.className = "btn btn-secondary"; stop.textContent = words.pause;
    stop.addEventListener("click", function () { stopping.abort(); });
    button.disabled = true; place.textContent = ""; said.textContent = words.sending; form.append(stop);
    window.addEventListener("beforeunload", ends);
    for (var file of form.querySelector("[name=logs]").files) {
      if (!stopping.signal.aborted) { problem = (await send(file, stopping.signal)) || problem; }
    }
    window.removeEventListener("beforeunload", ends);
    stop.remove(); button.disabled = false; said.textContent = problem;
    if (!problem) { window.location.reload(); }
  }, true);
}
