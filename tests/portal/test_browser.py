"""A campaign in a real browser against `lamsach serve`.

From the set-up link over import and launch to the last acknowledgement on a phone.
"""

from __future__ import annotations

import email
import email.policy
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import pytest

from lamsach.portal.catalogue_vi import VIETNAMESE
from tests.chromium import chromium
from tests.poll import until

from . import serve_process
from .template import furnish

pytestmark = pytest.mark.browser
SHEETS = {
    "vi": (
        "Mã;Tên;Mã cấp trên;Thư điện tử\nZ09.01;Phòng Một;Z09;mot@unit.example\n"
        "Z09.02;Phòng Hai;Z09;hai@unit.example\n"
    ),
    "en": (
        "Code;Name;Parent;Email\nZ09.03;Room Three;Z09;ba@unit.example\n"
        "Z09.04;Room Four;Z09;bon@unit.example\n"
    ),
}
UNITS = {"vi": ("mot", "hai"), "en": ("mot", "hai", "ba", "bon")}
SUBJECTS = {"vi": "V/v triển khai chiến dịch", "en": "Launch of the second campaign"}
FIRST_LOAD_BYTES = 100_000
PATIENCE_S = 90.0
"""For a page or a letter: on a busy machine with two cores other tests hold processors and disk for long."""


class Served(serve_process.Served):
    """A portal on a fresh folder, and the letters that it writes."""

    def letters(self, to: str) -> list[Any]:
        """The letters in the outbox to an address, oldest first."""
        files = sorted((self.folder / "outbox").glob("*.eml"), key=lambda path: int(path.stem.split("-")[1]))
        mails = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files]
        return [mail for mail in mails if mail["To"] == to]

    def queued(self) -> list[Any]:
        """Return the database's rows of each letter."""
        with closing(sqlite3.connect(self.folder / "lamsach.sqlite3")) as database:
            columns = "id, state, attempts, created, next_attempt, sent, problem"
            return database.execute(f"SELECT {columns} FROM mail_letter ORDER BY id").fetchall()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    furnish(tmp_path / "data")
    portal = Served(tmp_path / "data")
    try:
        portal.wait()
        yield portal
    finally:
        portal.end()


def link_in(mail: Any) -> str:
    found = re.search(r"http://\S+", mail.get_body(("plain",)).get_content())
    assert found is not None
    return found[0]


def wait_for(what: Any, served: Served) -> Any:
    """Wait until `what` returns something.

    A failure shows the portal's output and the letters that it wrote.
    """

    def said() -> str:
        outbox = sorted(path.name for path in (served.folder / "outbox").glob("*"))
        return f"it never came; outbox: {outbox}; letters: {served.queued()}\n{served.output()}"

    return until(what, PATIENCE_S, 0.1, why=said)


def test_a_campaign_from_set_up_to_the_last_answer(served: Served) -> None:
    link = served.set_up_link()
    assert link is not None
    with chromium() as browser:
        page, wrong = set_up(browser, served, link)
        for language in ("vi", "en"):
            lead(page, served, language)
            for unit in UNITS[language]:
                answer(browser, served, f"{unit}@unit.example", language)
        assert wrong == []
        public(browser, served)
        dies(served)


def said(language: str, english: str, **values: Any) -> str:
    """Return the page's text in that language."""
    return (VIETNAMESE[english] if language == "vi" else english) % values


def watched(context: Any, served: Served) -> tuple[Any, list[str]]:
    """A page, and what went wrong on it: messages of the console, requests elsewhere."""
    page, wrong = context.new_page(), []
    page.on(
        "console",
        lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None,
    )
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((served.address, "data:")) else wrong.append(request.url)
        ),
    )
    return page, wrong


def set_up(browser: Any, served: Served, link: str) -> tuple[Any, list[str]]:
    """The first administrator and the root; the page, and what went wrong on it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_S * 1000)
    page, wrong = watched(context, served)
    page.goto(link)
    for name, value in (
        ("unit_name", "Bộ Minh họa"),
        ("code", "Z09"),
        ("name", "Quản trị"),
        ("email", "quantri@demo.example"),
        ("password", "mat khau rat dai"),
    ):
        page.fill(f"[name={name}]", value)
    page.click("main button")
    return page, wrong


def lead(page: Any, served: Served, language: str) -> None:
    """Import, prepare, write, send."""
    page.goto(f"{served.address}/accounts/me/")
    page.select_option("main select[name=language]", language)
    with page.expect_navigation():
        page.click("main form button")
    page.goto(f"{served.address}/office/units/")
    page.click(f"main a:has-text('{said(language, 'Import units from a sheet')}')")
    file = {"name": "units.csv", "mimeType": "text/csv", "buffer": SHEETS[language].encode()}
    page.set_input_files("[name=file]", file)
    page.click(f"button:has-text('{said(language, 'Show what would change')}')")
    with page.expect_navigation():
        page.click("main form button")
    units = len(UNITS[language])
    assert page.locator("tbody tr").count() == units + 1
    page.goto(f"{served.address}/office/campaigns/new/")
    page.fill("[name=name]", f"Chiến dịch {language}")
    today = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date()  # the portal's day, whatever the machine's
    for name, days in (("starts", 0), ("ends", 60), ("report_due", 30)):
        page.fill(f"[name={name}]", (today + timedelta(days=days)).isoformat())
    page.click(f"button:has-text('{said(language, 'Save the campaign')}')")
    page.click(f"a:has-text('{said(language, 'Write a dispatch')}')")
    page.fill("[name=subject]", SUBJECTS[language])
    page.fill("[name=body]", "Đề nghị Quý đơn vị triển khai.")
    page.click(f"button:has-text('{said(language, 'Save the draft')}')")
    page.click(f"button:has-text('{said(language, 'Send the dispatch to %(count)s units', count=units)}')")
    now = "Send the dispatch to {count} units now"
    now = (VIETNAMESE[now] if language == "vi" else now).format(count=units)
    page.dblclick(f"button:has-text('{now}')")
    words = (
        VIETNAMESE["The dispatch goes to {count} units."]
        if language == "vi"
        else "The dispatch goes to {count} units."
    )
    page.wait_for_selector(f"text={words.format(count=units)}")


def answer(browser: Any, served: Served, to: str, language: str) -> None:
    """A unit without an account acknowledges and deploys, on a phone, without script."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, color_scheme="dark", java_script_enabled=False
    )
    context.add_cookies([{"name": "django_language", "value": language, "url": served.address}])
    page = context.new_page()

    def letters() -> list[Any]:
        return [mail for mail in served.letters(to) if SUBJECTS[language] in mail["Subject"]]

    (first,) = wait_for(letters, served)
    for mail, choice in ((first, "acknowledged"), (None, "deployed")):
        letter = mail or wait_for(lambda: letters()[1:], served)[0]
        page.goto(link_in(letter))
        page.check(f"[value={choice}]")
        page.fill("[name=who]", "Nguyễn Thị Thử, chuyên viên")
        page.click(f"button:has-text('{said(language, 'Send the answer')}')")
        assert page.locator("h1").inner_text() == said(language, "The answer has arrived")
    page.goto(link_in(first))
    assert page.locator("h1").inner_text() == SUBJECTS[language]
    assert page.locator("[name=who]").count() == 0, "it is there to be read again"
    assert len(letters()) == 2
    context.close()


def dies(served: Served) -> None:
    """A worker that is killed is replaced, and the portal goes on."""

    def worker() -> Any:
        for child in psutil.Process(served.process.pid).children():
            try:
                if "lamsach.portal.worker" in child.cmdline():
                    return child
            except psutil.Error:  # it has just died
                continue
        return None

    first = worker()
    first.kill()
    assert wait_for(lambda: (found := worker()) and found.pid != first.pid and found, served)
    assert "worker 1 ended with -9" in served.output()


def public(browser: Any, served: Served) -> None:
    """The public pages are small, have own files only, and fit the phone, in both languages.

    The console stays empty.
    """
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page, wrong = watched(context, served)
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    loaded = []
    network.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    page.goto(served.address, wait_until="networkidle")
    assert 1000 < sum(loaded) < FIRST_LOAD_BYTES
    for title in ("Làm sạch mã độc trên máy tính của bạn", "Clean your computer of malware"):
        assert page.locator("h1").inner_text() == title
        for path in ("/", "/danger/", "/check/", "/clean/", "/help/", "/accounts/login/"):
            page.goto(served.address + path)
            assert page.evaluate(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            ), path
        page.goto(served.address)
        with page.expect_navigation():
            page.click(".language button")
    page.goto(f"{served.address}/check/")
    with page.expect_navigation():
        page.click("main button")
    assert page.locator(".answer").count() == 1
    assert wrong == []
    context.close()
