// Optional conveniences; every page works without this file. Ignores a second click on a button, moves the focus
// to an error, to the search with /, and through search results with the arrow keys.
"use strict";
document.addEventListener("submit", function (event) {
  var form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.method === "post" && !form.hasAttribute("data-again")) { form.dataset.sent = "1"; }
});
window.addEventListener("pageshow", function () {
  document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
});
document.addEventListener("keydown", function (event) {
  var at = event.target, search = document.getElementById("q") || document.getElementById("search");
  var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || at.isContentEditable;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) { return; }
  if (event.key === "/" && search && !typing) { search.focus(); search.select(); event.preventDefault(); }
  var hits = document.querySelectorAll("[data-hits] a"), step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  var place = Array.prototype.indexOf.call(hits, at);
  if (step && hits.length && (place >= 0 || at.type === "search") && place + step >= 0 && hits[place + step]) { hits[place + step].focus(); event.preventDefault(); }
});
document.addEventListener("DOMContentLoaded", function () {
  var summary = document.querySelector(".summary");
  if (summary) { summary.focus(); }
  document.querySelectorAll("[data-check-all]").forEach(function (box) {
    box.hidden = false;
    if (box.parentElement.tagName === "LABEL") { box.parentElement.hidden = false; }
    box.addEventListener("change", function () {
      box.closest("form").querySelectorAll("input[name='" + box.dataset.checkAll + "']").forEach(function (other) { other.checked = box.checked; });
    });
  });
});
