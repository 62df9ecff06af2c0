// Own check of a page against WCAG 2.2 A and AA, as far as a program can tell. Gives a list of what is wrong, each with the rule and the element.
() => {
  const wrong = [];
  const seen = (e) => {
    if (e.closest("[hidden],template,noscript")) return false;
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    return box.width > 0 && box.height > 0 && style.visibility !== "hidden" && style.display !== "none";
  };
  const clipped = (e) => { for (let p = e; p; p = p.parentElement) { const s = getComputedStyle(p); if (s.clipPath !== "none" || s.clip === "rect(0px, 0px, 0px, 0px)" || p.getBoundingClientRect().right < 0) return true; } return false; };
  const short = (e) => e.outerHTML.slice(0, 140);
  const say = (rule, e) => wrong.push(rule + ": " + (e ? short(e) : ""));
  const text = (e) => (e ? e.textContent : "").replace(/\s+/g, " ").trim();
  const byIds = (list) => (list || "").split(/\s+/).filter(Boolean).map((id) => text(document.getElementById(id))).join(" ").trim();
  const name = (e) => byIds(e.getAttribute("aria-labelledby")) || (e.getAttribute("aria-label") || "").trim() ||
    [...(e.labels || [])].map(text).join(" ").trim() || (e.alt || "").trim() || (e.title || "").trim();
  // 3.1.1, 2.4.2, 1.3.1
  if (!document.documentElement.lang) say("3.1.1 language of the page");
  if (text(document.querySelector("title")).length < 3) say("2.4.2 title");
  if (document.querySelectorAll("main").length !== 1) say("1.3.1 one main");
  for (const landmark of ["header", "footer"]) if (!document.querySelector(landmark)) say("1.3.1 " + landmark);
  const navs = [...document.querySelectorAll("nav")].filter(seen);
  if (navs.length > 1) navs.filter((n) => !name(n)).forEach((n) => say("1.3.1 navigation without a name", n));
  // 2.4.6 headings
  const heads = [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].filter(seen);
  if (heads.filter((h) => h.tagName === "H1").length !== 1) say("2.4.6 one h1");
  let last = 0;
  for (const h of heads) { const level = +h.tagName[1]; if (level > last + 1) say("1.3.1 heading level left out", h); last = level; if (!text(h)) say("2.4.6 empty heading", h); }
  // 4.1.2, 1.3.1 names of controls
  for (const e of document.querySelectorAll("input:not([type=hidden]),select,textarea")) {
    if (!seen(e)) continue;
    if (!name(e) && !["submit", "button", "image"].includes(e.type)) say("4.1.2 field without a name", e);
    if (e.type === "radio" && !e.closest("fieldset")?.querySelector("legend")) say("1.3.1 choice without a legend", e);
  }
  for (const e of document.querySelectorAll("button,a[href],summary,[role=button]")) if (seen(e) && !(text(e) || name(e) || e.querySelector("img[alt]:not([alt=''])"))) say("4.1.2 nothing to read on it", e);
  for (const e of document.querySelectorAll("img")) if (!e.hasAttribute("alt")) say("1.1.1 picture without a text", e);
  for (const e of document.querySelectorAll("svg")) if (seen(e) && !e.closest("[aria-hidden=true]") && !(e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") || e.querySelector("title"))) say("1.1.1 drawing without a text", e);
  for (const e of document.querySelectorAll("iframe")) if (!name(e)) say("4.1.2 frame without a name", e);
  // 4.1.1 references
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  new Set(ids.filter((id, i) => ids.indexOf(id) !== i)).forEach((id) => say("4.1.1 the same id twice: " + id));
  for (const e of document.querySelectorAll("label[for]")) if (!document.getElementById(e.htmlFor)) say("1.3.1 label for nothing", e);
  for (const e of document.querySelectorAll("[aria-describedby],[aria-labelledby],[aria-controls]")) for (const a of ["aria-describedby", "aria-labelledby", "aria-controls"])
    (e.getAttribute(a) || "").split(/\s+/).filter(Boolean).forEach((id) => document.getElementById(id) || say("4.1.2 " + a + " of nothing", e));
  for (const e of document.querySelectorAll("a[href^='#']")) { const id = e.getAttribute("href").slice(1); if (id && !document.getElementById(id)) say("2.4.1 link to nothing", e); }
  // 1.3.1 lists and tables
  for (const e of document.querySelectorAll("ul,ol")) for (const c of e.children) if (!["LI", "SCRIPT", "TEMPLATE"].includes(c.tagName)) say("1.3.1 list with something else", c);
  for (const e of document.querySelectorAll("table")) if (seen(e) && !e.querySelector("th")) say("1.3.1 table without headings", e);
  for (const e of document.querySelectorAll("[tabindex]")) if (+e.getAttribute("tabindex") > 0) say("2.4.3 tabindex", e);
  // 2.5.8 targets
  for (const e of document.querySelectorAll("button,select,input:not([type=hidden]):not([type=checkbox]):not([type=radio]),summary,.btn")) {
    if (!seen(e) || clipped(e)) continue;
    const box = e.getBoundingClientRect();
    if (box.height < 24 || box.width < 24) say("2.5.8 small target " + Math.round(box.width) + "x" + Math.round(box.height), e);
  }
  // 1.4.10 reflow
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const far = [...document.querySelectorAll("main *")].filter((e) => seen(e) && e.getBoundingClientRect().right > root.clientWidth + 1).pop();
    say("1.4.10 wider than the window (" + root.scrollWidth + ")", far);
  }
  // 1.4.3 contrast
  const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return m.length > 3 ? m : [...m, 1]; };
  const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const light = (c) => { const f = [0, 1, 2].map((i) => { const v = c[i] / 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
  const behind = (e) => { const stack = []; for (let p = e; p; p = p.parentElement) { const c = parse(getComputedStyle(p).backgroundColor); if (c[3] > 0) stack.push(c); if (c[3] === 1) break; }
    let base = matchMedia("(prefers-color-scheme: dark)").matches && getComputedStyle(root).colorScheme.includes("dark") ? [18, 18, 18, 1] : [255, 255, 255, 1]; while (stack.length) base = over(stack.pop(), base); return base; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const checked = new Set();
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || checked.has(e) || !seen(e) || clipped(e) || e.closest("[disabled],[aria-hidden=true],script,style,option")) continue;
    checked.add(e);
    const style = getComputedStyle(e), back = behind(e), fore = over(parse(style.color), back);
    const [a, b] = [light(fore), light(back)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5) - 0.005) say("1.4.3 contrast " + ratio.toFixed(2), e);
  }
  return [...new Set(wrong)];
}
