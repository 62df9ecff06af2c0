"""Every page that a person can reach by links, in Chromium: WCAG 2.2 as far as a program can tell, phone and desktop, light and dark, Vietnamese and English.

The check is our own (`accessibility.js`). One page of each kind is looked at; that the check finds what it is for is tested too.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import require_program

pytestmark = pytest.mark.browser
CHECK = Path(__file__).with_name("accessibility.js").read_text("utf-8")
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1440, "height": 900}
SERVE = """
import json, sys
from pathlib import Path
from lamsach.portal.server import prepare, serve, start
start(Path(sys.argv[1]))
prepare()
from lamsach.portal.demo import fill
filled = fill()
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from lamsach.portal.accounts.models import User
cookies = {}
for role, email in filled.people.items():
    user, session = User.objects.get(email=email), SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    cookies[role] = session.session_key
print(json.dumps(cookies), flush=True)
serve("127.0.0.1", int(sys.argv[2]))
"""
ROLES = (None, "administrator", "coordinator", "officer")
VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
LEAVE = re.compile(
    r"/(logout|static|api|language)/|\.pdf|/export/|/file/|/files/|/office/lists/|/office/materials/|/tools/\d+/$|download"
)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """A filled portal: its address and a session of each role."""
    folder = tmp_path_factory.mktemp("portal")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("LAMSACH_", "DATABASE_"))}
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder), str(port)],
        env={**clean, "LAMSACH_MFA": "no", "LAMSACH_URL": address},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        cookies = json.loads(process.stdout.readline())
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/alive").close()
                break
            except OSError:
                time.sleep(0.1)
        yield address, cookies
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=require_program("chromium"), args=["--no-sandbox"]
        )
        yield started
        started.close()


def kind(path: str) -> str:
    """Pages of one kind have one key: numbers and tokens do not matter, filters neither."""
    return re.sub(r"/[A-Za-z0-9_-]{20,}~[^/]+", "/TOKEN", re.sub(r"\d+", "N", path.split("?")[0]))


def pages(page: Any, address: str, start: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """One page of each kind that links lead to, opened; and the answer's status."""
    from playwright.sync_api import Error

    waiting, known = deque(start), {kind(path) for path in start}
    while waiting:
        path = waiting.popleft()
        try:
            answer = page.goto(address + path)
        except Error as problem:
            if "Download is starting" not in str(problem):
                raise
            continue
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        yield path, answer.status
        if answer.status != 200:
            continue
        for link in page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)"):
            target = link.removeprefix(address).split("#")[0]
            if target.startswith("/") and not LEAVE.search(target) and kind(target) not in known:
                known.add(kind(target))
                waiting.append(target)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page(language: str, portal: tuple[str, dict[str, str]], browser: Any) -> None:
    address, cookies = portal
    wrong: list[str] = []
    looked: set[str] = set()
    for role in ROLES:
        context = browser.new_context(viewport=DESKTOP)
        values = {"django_language": language, **({"sessionid": cookies[role]} if role else {})}
        context.add_cookies([{"name": n, "value": v, "url": address} for n, v in values.items()])
        page = context.new_page()
        for path, status in pages(page, address, ("/", "/office/") if role else ("/", "/accounts/login/")):
            if status != 200:
                wrong.append(f"{path} {status} for {role}")
                continue
            if kind(path) in looked:
                continue
            looked.add(kind(path))
            wrong += [f"{path} {each}" for each in look(page, language)]
        context.close()
    assert len(looked) > 45, sorted(looked)
    assert wrong == [], "\n".join(wrong)


def look(page: Any, language: str) -> list[str]:
    """What is wrong with the open page: everything on the desktop in light, width and contrast again on a phone in dark."""
    page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
    found: list[str] = page.evaluate(CHECK)
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # no colour halfway
    found += [f"(phone, dark) {each}" for each in page.evaluate(CHECK) if each not in found]
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
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


BROKEN = """<!doctype html><html><head><title>x</title></head><body style="background:#fff"><h1>A</h1><h3>B</h3>
<input id="a"><button></button><img src="data:,"><ul><p>x</p></ul><label for="none">x</label><span id="a">y</span>
<p style="color:#999">pale</p><div style="width:3000px;height:9px">w</div><input type="radio" aria-label="r"></body></html>"""


@pytest.mark.parametrize(
    "rule",
    [
        "3.1.1", "2.4.2", "1.3.1 one main", "1.3.1 heading level", "4.1.2 field", "4.1.2 nothing", "1.1.1 picture",
        "1.3.1 list", "1.3.1 label", "4.1.1 the same id", "1.4.3 contrast 2.85", "1.4.10", "1.3.1 choice",
    ],
)  # fmt: skip
def test_the_check_finds_what_it_is_for(rule: str, browser: Any) -> None:
    page = browser.new_page(viewport=DESKTOP)
    page.set_content(BROKEN)
    assert [each for each in page.evaluate(CHECK) if each.startswith(rule)], page.evaluate(CHECK)
    page.close()
