// Keys for the list of machines: j and k move, x ticks, Enter opens, / searches, n and p turn the page. Everything works without this file.
"use strict";
document.addEventListener("keydown", function (event) {
  var table = document.querySelector("table[data-keys]"), tag = event.target.tagName;
  if (!table && event.key !== "/") { return; }
  if (event.ctrlKey || event.metaKey || event.altKey || tag === "INPUT" && event.target.type !== "checkbox" || tag === "TEXTAREA" || tag === "SELECT") { return; }
  var rows = table ? Array.prototype.slice.call(table.tBodies[0].rows) : [], at = rows.findIndex(function (row) { return row.classList.contains("here"); });
  function go(place) {
    if (place < 0 || place >= rows.length) { return; }
    if (at >= 0) { rows[at].classList.remove("here"); }
    rows[place].classList.add("here");
    rows[place].querySelector("a").focus({ preventScroll: true });
    rows[place].scrollIntoView({ block: "nearest" });
  }
  function follow(name) { var link = document.querySelector(".pages a[rel=" + name + "]"); if (link) { link.click(); } }
  var box = at >= 0 ? rows[at].querySelector("input[type=checkbox]") : null;
  if (event.key === "j") { go(at + 1); }
  else if (event.key === "k") { go(at < 0 ? 0 : at - 1); }
  else if (event.key === "x" && box) { box.checked = !box.checked; }
  else if (event.key === "n") { follow("next"); }
  else if (event.key === "p") { follow("prev"); }
  else if (event.key === "/") { document.getElementById("q").focus(); document.getElementById("q").select(); }
  else { return; }
  event.preventDefault();
});
