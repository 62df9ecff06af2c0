// Everything works without this file. It stops a second click on a button that has been pressed, and moves the focus to what is wrong.
"use strict";
document.addEventListener("submit", function (event) {
  var form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.method === "post" && !form.hasAttribute("data-again")) { form.dataset.sent = "1"; }
});
window.addEventListener("pageshow", function () {
  document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
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
