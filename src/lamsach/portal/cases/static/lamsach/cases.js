// Optional keyboard shortcuts. Machine list: j and k move, x ticks, a ticks all, Enter opens, / searches, n and p turn the page.
// Machine page: j and k go to the next and previous machine of the originating list, u back to it, s to the step form, c to a note. ? shows the keys.
"use strict";
(function () {
  var KEPT = "lamsach.machines";
  function places() { try { return JSON.parse(sessionStorage.getItem(KEPT)) || {}; } catch (error) { return {}; } }
  function typing(target) {
    var tag = target.tagName;
    return tag === "TEXTAREA" || tag === "SELECT" || target.isContentEditable || tag === "INPUT" && ["checkbox", "radio", "button", "submit"].indexOf(target.type) < 0;
  }
  function help() {
    var box = document.getElementById("keys");
    if (!box) { return; }
    box.open = !box.open;
    if (box.open) { box.querySelector("summary").focus(); box.scrollIntoView({ block: "nearest" }); }
  }
  function reach(element) {
    if (!element) { return; }
    var around = element.closest("details");
    if (around) { around.open = true; }
    element.focus(); element.scrollIntoView({ block: "center" });
  }
  function inList(table, key) {
    var rows = Array.prototype.slice.call(table.tBodies[0].rows), at = rows.findIndex(function (row) { return row.classList.contains("here"); });
    function go(place) {
      if (place < 0 || place >= rows.length) { return; }
      if (at >= 0) { rows[at].classList.remove("here"); }
      rows[place].classList.add("here");
      rows[place].querySelector("a").focus({ preventScroll: true });
      rows[place].scrollIntoView({ block: "nearest" });
    }
    function follow(name) { var link = document.querySelector(".pages a[rel=" + name + "]"); if (link) { link.click(); } }
    var box = at >= 0 ? rows[at].querySelector("input[type=checkbox]") : null;
    if (key === "j") { go(at + 1); }
    else if (key === "k") { go(at < 0 ? 0 : at - 1); }
    else if (key === "x") { if (box) { box.checked = !box.checked; } }
    else if (key === "a") { var all = (table.closest("form") || table).querySelector("[data-check-all]"); if (all) { all.click(); } }
    else if (key === "n") { follow("next"); }
    else if (key === "p") { follow("prev"); }
    else { return false; }
    return true;
  }
  function onCase(page, key) {
    var kept = places(), list = kept.machines || [], at = list.indexOf(window.location.pathname);
    if (key === "j" || key === "k") {
      var next = at < 0 ? null : list[at + (key === "j" ? 1 : -1)];
      if (next) { window.location.assign(next); }
    }
    else if (key === "u") { window.location.assign(kept.list || page.dataset.list); }
    else if (key === "s") { reach(document.querySelector("input[name=to]")); }
    else if (key === "c") { reach(document.getElementById("id_text")); }
    else { return false; }
    return true;
  }
  document.addEventListener("keydown", function (event) {
    var table = document.querySelector("table[data-keys]"), page = document.querySelector("[data-list]"), search = document.getElementById("q"), done = true;
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) { return; }
    if (event.key === "?") { help(); }
    else if (event.key === "/" && search) { search.focus(); search.select(); }
    else { done = table ? inList(table, event.key) : page ? onCase(page, event.key) : false; }
    if (done) { event.preventDefault(); }
  });
  document.addEventListener("DOMContentLoaded", function () {
    var table = document.querySelector("table[data-keys]");
    if (!table || table.dataset.keys) { return; }
    var links = Array.prototype.map.call(table.querySelectorAll("tbody th a"), function (link) { return link.pathname; });
    try { sessionStorage.setItem(KEPT, JSON.stringify({ machines: links, list: window.location.pathname + window.location.search })); } catch (error) { /* no session storage: j, k do nothing on the next page */ }
  });
})();
