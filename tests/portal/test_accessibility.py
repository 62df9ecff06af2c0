"""`lamsach demo`, and every page of it that a person can reach by links, in Chromium.

WCAG 2.2 as far as a program can tell, phone and desktop, light and dark, Vietnamese and English.

The check is our own (`accessibility.js`). One page of each kind is looked at; that the check finds what it is
for is tested too.
"""

from __future__ import annotations

import html
import http.cookiejar
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.chromium import chromium
from tests.ports import free_port
from tests.programs import missing

from .serve_process import alive

pytestmark = pytest.mark.browser
CHECK = Path(__file__).with_name("accessibility.js").read_text("utf-8")
_axe = find_spec("axe_playwright_python")
AXE = Path(str(_axe.origin)).with_name("axe.min.js").read_text("utf-8") if _axe else ""
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
_SHAPE = """
  const shape = (e) => [e.tagName, [...e.attributes].map(
      a => a.name + (/^(class|style|type|role)$/.test(a.name) ? a.value : !!a.value.trim())
    ).sort(),
    [...e.childNodes].map(n => n.nodeType === 1 ? shape(n)
      : n.nodeType === 3 && n.data.trim() ? "text" : "")];
  const frame = [...document.querySelectorAll("body > header, body > footer")];"""
AXE_FRAME = "() => {" + _SHAPE + " return frame.map(e => JSON.stringify(shape(e))); }"
"""Script that describes the page's header and footer without words and addresses."""
AXE_RUN = (
    "async ([rules, known]) => {"
    + _SHAPE
    + """
  const kinds = new Map(), again = frame.filter((e, number) => known.includes(number));
  for (const e of document.querySelectorAll("tbody > tr, ul > li, ol > li")) {
    const kind = JSON.stringify(shape(e)), known = kinds.get(e.parentElement) || new Set();
    kinds.set(e.parentElement, known);
    if (known.has(kind)) again.push(e); else known.add(kind);
  }
  const found = await axe.run({include: [document], exclude: again},
    {resultTypes: ["violations"], runOnly: rules});
  return found.violations.filter(v => ["serious", "critical"].includes(v.impact))
    .flatMap(v => v.nodes.slice(0, 3).map(n => `axe ${v.id} ${n.target.join(" ")}: ${n.html.slice(0, 120)}`));
}"""
)
"""Script that examines one of the rows of a table, or list, that differ in words and addresses alone.

axe takes some ten milliseconds for each row. `known`: which of header and footer are left out.
"""
THIN_FONT = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('@font-face { font-family: thin; src: local("Liberation Sans"), local("Noto Sans"), '
    + 'local("DejaVu Sans"); ascent-override: 60%; descent-override: 20%; line-gap-override: 0%; } '
    + '* { font-family: thin !important; }');
  document.adoptedStyleSheets = [sheet];
  return document.fonts.load("16px thin").then(all => all.length);
}"""
"""A font lower than any that people have.

What is large enough to hit with it does not owe that to the machine's fonts.
"""
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1440, "height": 900}
ROLES = (None, "administrator", "coordinator", "officer")
VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
LEAVE = re.compile(
    r"/(logout|static|api|language)/|\.pdf|/export/|/file/|/files/|/consolidated/|/document/|/minutes/|"
    r"/reminder/|/office/lists/|/office/materials/|/tools/\d+/$|download"
)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str], str]]:
    """`lamsach demo`: its address, a session of each role, the coordinator's first page.

    Afterwards nothing of it is left.
    """
    folder = tmp_path_factory.mktemp("demo")
    port = free_port()
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("LAMSACH_", "DATABASE_"))}
    environment = {
        **clean,
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "LAMSACH_SMTP_URL": "smtp://nowhere.example",
    }
    command = [sys.executable, "-c", "from lamsach.cli import main; main()", "demo", "--port", str(port)]
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=subprocess.DEVNULL, cwd=folder
        )
    address = f"http://127.0.0.1:{port}"
    try:
        alive(address, lambda: process.poll() is None, lambda: (folder / "log").read_text("utf-8"))
        said = (folder / "log").read_text("utf-8")
        password = re.search(r"Mật khẩu chung: (\S+)", said)
        assert password is not None, said[-2000:]
        assert address in said
        entered = {role: log_in(address, f"{role}@demo.example", password[1]) for role in ROLES if role}
        yield address, {role: cookie for role, (cookie, _) in entered.items()}, entered["coordinator"][1]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert [path.name for path in folder.iterdir() if path.name.startswith("lamsach-demo-")] == []


def log_in(address: str, email: str, password: str) -> tuple[str, str]:
    """The session's key, and the page that the log-in leads to."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = opener.open(f"{address}/accounts/login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None
    form = {"csrfmiddlewaretoken": token[1], "login": email, "password": password}
    home = opener.open(f"{address}/accounts/login/", urllib.parse.urlencode(form).encode())
    assert home.geturl() == f"{address}/office/"
    return next(str(cookie.value) for cookie in jar if cookie.name == "sessionid"), home.read().decode()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


def kind(path: str) -> str:
    """Pages of one kind have one key.

    Numbers and tokens do not matter, filters neither, nor which document of the documentation it is.
    """
    path = re.sub(r"^/help/docs/[^?]+", "/help/docs/NAME/", path)
    return re.sub(r"/[A-Za-z0-9_-]{20,}~[^/]+", "/TOKEN", re.sub(r"\d+", "N", path.split("?")[0]))


class Answer(NamedTuple):
    """A page: its address after redirections, status, targets of links."""

    url: str
    status: int
    links: list[str]
    drawn: Any = None
    """Playwright's page that shows it."""


def answer_of(url: str, status: int, headers: Any, text: Callable[[], str]) -> Answer | None:
    """None for a file, and for a document in which no script may run, ours neither."""
    is_page = "text/html" in headers.get("content-type", "")
    if not is_page or "sandbox" in headers.get("content-security-policy", ""):
        return None
    links = re.findall(r'<a\s[^>]*?\bhref="([^"]+)"', text()) if status == 200 else []
    return Answer(url, status, [html.unescape(link) for link in links])


class Visitor:
    """A person in a browser, who draws pages or only fetches them."""

    def __init__(self, browser: Any, address: str, cookies: dict[str, str]) -> None:
        self.address = address
        self._cookies = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self.context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")  # no colour halfway
        self.context.add_cookies([{"name": n, "value": v, "url": address} for n, v in cookies.items()])
        self._page = self.context.new_page()

    def fetch(self, path: str) -> Answer | None:
        """Fetch a page, with the session's cookies."""
        address = self.address + urllib.parse.quote(path, safe="/?=&%~:+,;")
        try:
            answer = urllib.request.urlopen(
                urllib.request.Request(address, headers={"Cookie": self._cookies})
            )
        except urllib.error.HTTPError as refusal:
            answer = refusal
        with answer:
            return answer_of(answer.geturl(), answer.status, answer.headers, lambda: answer.read().decode())

    def draw(self, path: str) -> Answer | None:
        """Draw a page."""
        from playwright.sync_api import Error

        try:
            shown = self._page.goto(self.address + path)
        except Error:
            return self.fetch(path)  # a file, which a browser stores
        answer = answer_of(self._page.url, shown.status, shown.headers, shown.text)
        return answer and answer._replace(drawn=self._page)


def pages(visitor: Visitor, start: tuple[str, ...], drawn: set[str]) -> Iterator[tuple[str, Answer]]:
    """One page of each kind that links lead to; drawn are those whose kind is not yet in `drawn`."""
    waiting, known = deque(start), {kind(path) for path in start}
    while waiting:
        path = waiting.popleft()
        answer = visitor.fetch(path) if kind(path) in drawn else visitor.draw(path)
        drawn.add(kind(path))
        if answer is None:
            continue
        yield path, answer
        for link in answer.links:
            target = urllib.parse.urljoin(answer.url, link).removeprefix(visitor.address).split("#")[0]
            if target.startswith("/") and not LEAVE.search(target) and kind(target) not in known:
                known.add(kind(target))
                waiting.append(target)


def test_the_demo_can_be_logged_in_to(portal: tuple[str, dict[str, str], str]) -> None:
    assert "150" in portal[2], "150 units under the ministry"


@pytest.mark.parametrize("language", ["vi", pytest.param("en", marks=pytest.mark.long)])
def test_every_page_has_no_fault(
    language: str, portal: tuple[str, dict[str, str], str], browser: Any
) -> None:
    """Links are followed as each role; a kind of page is examined as the first role that reaches it.

    (`test_access_walk.py` opens every address in English for every role.)
    """
    address, cookies, _home = portal
    wrong: list[str] = []
    drawn: set[str] = set()
    looked: set[str] = set()
    frames: set[str] = set()
    for role in ROLES:
        examined = language == "vi" or role is None
        values = {"django_language": language, **({"sessionid": cookies[role]} if role else {})}
        visitor = Visitor(browser, address, values)
        if examined:
            visitor.context.add_init_script(AXE)
        for path, answer in pages(visitor, ("/", "/office/" if role else "/accounts/login/"), drawn):
            if answer.status != 200:
                wrong.append(f"{path} {answer.status} for {role}")
            elif answer.drawn:
                looked.add(kind(path))
                wrong += [f"{path} {each}" for each in look(answer.drawn, language)]
                if examined:
                    wrong += [f"{path} {each}" for each in axe(answer.drawn, frames)]
        visitor.context.close()
    assert len(looked) > 45, sorted(looked)
    assert wrong == [], "\n".join(wrong)


def look(page: Any, language: str) -> list[str]:
    """List the faults of the open page.

    Everything on the desktop in light, width and contrast again on a phone in dark.
    """
    page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
    found: list[str] = page.evaluate(CHECK)
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    found += [f"(phone, dark) {each}" for each in page.evaluate(CHECK) if each not in found]
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")
    if page.evaluate("document.documentElement.lang") != language:
        found.append("3.1.1 another language than asked for")
    if language == "en" and not page.url.endswith("/form/"):  # a reporting form's columns are data
        shown = page.eval_on_selector_all(
            "legend, .field > label, thead th, nav.menu a",
            "all => all.map(e => e.textContent.trim())",
        )
        found += [
            f"not in English: {text[:80]}"
            for text in shown
            if VIETNAMESE.search(text.replace("(trích yếu)", ""))
        ]
    return found


def axe(page: Any, frames: set[str] | None = None, rules: Sequence[str] = WCAG) -> list[str]:
    """The serious and critical findings of axe-core, where it is installed.

    Our own check is a second opinion, not a replacement. Header and footer are left out whose description is
    in `frames`, which receives those of this page.
    """
    if not AXE:
        return []
    assert page.evaluate(THIN_FONT), "none of the fonts is installed"
    load_axe(page)
    frame = page.evaluate(AXE_FRAME) if frames is not None else []
    known = [number for number, each in enumerate(frame) if each in (frames or ())]
    if frames is not None:
        frames.update(frame)
    return list(page.evaluate(AXE_RUN, [list(rules), known]))


def load_axe(page: Any) -> None:
    """Give the open page axe-core, once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)


BROKEN = """<!doctype html><html><head><title>x</title></head><body style="background:#fff">
<h1>A</h1><h3>B</h3>
<input id="a"><button></button><img src="data:,"><ul><p>x</p></ul><label for="none">x</label>
<span id="a">y</span>
<p style="color:#999">pale</p><div style="width:3000px;height:9px">w</div>
<input type="radio" aria-label="r"></body></html>"""


@pytest.mark.parametrize(
    "rule",
    [
        "3.1.1", "2.4.2", "1.3.1 one main", "1.3.1 heading level", "4.1.2 field", "4.1.2 nothing",
        "1.1.1 picture", "1.3.1 list", "1.3.1 label", "4.1.1 the same id", "1.4.3 contrast 2.85", "1.4.10",
        "1.3.1 choice",
    ],
)  # fmt: skip
def test_the_check_finds_what_it_is_for(rule: str, browser: Any) -> None:
    page = browser.new_page(viewport=DESKTOP)
    page.set_content(BROKEN)
    assert [each for each in page.evaluate(CHECK) if each.startswith(rule)], page.evaluate(CHECK)
    page.close()


def test_axe_finds_what_it_is_for(browser: Any) -> None:
    if not AXE:
        missing("axe-core")
    page = browser.new_page(viewport=DESKTOP)
    page.set_content(BROKEN)
    rules = {each.split()[1] for each in axe(page)}
    assert {"html-has-lang", "button-name", "image-alt", "color-contrast"} <= rules
    page.close()


def test_a_low_font_shows_what_is_too_small_to_hit(browser: Any) -> None:
    if not AXE:
        missing("axe-core")
    page = browser.new_page(viewport=DESKTOP)
    for style, found in (
        ("line-height: 1.5", True),
        ("display: inline-block; min-width: 24px; min-height: 24px", False),
    ):
        page.set_content(
            f"<!doctype html><html lang=en><title>x</title><style>a {{ {style} }}</style><main><h1>A</h1>"
            "<p><a href=/a>a.pdf</a><br><a href=/b>b</a><br><button>c</button></main>"
        )
        assert any(each.startswith("axe target-size a") for each in axe(page)) is found, style
    page.close()


def test_of_rows_alike_axe_looks_at_one_and_at_every_other(browser: Any) -> None:
    if not AXE:
        missing("axe-core")
    page = browser.new_page(viewport=DESKTOP)
    rows = [
        "<a href=/{} style='display: inline-block; padding: 9px'>Hanoi</a>",
        "<b class=pale>Hanoi</b>",
        "<img src=data:,>",
        "<img src=data:, alt=Hanoi>",
    ]
    cells = "".join(f"<tr><td>{row.format(number)}" for row in rows for number in range(5))
    page.set_content(
        "<!doctype html><html lang=en><title>x</title><style>.pale { color: #999 }</style><main><h1>A</h1>"
        f"<table><thead><tr><th>A<tbody>{cells}</table></main>"
    )
    assert sorted(each.split()[1] for each in axe(page)) == ["color-contrast", "image-alt"]
    page.close()
