"""Machine pages by keyboard, and large logs uploaded by the browser through breaks, in bounded memory."""

from __future__ import annotations

import hashlib
import http.client
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from tests.chromium import chromium
from tests.poll import came

from .test_browser_cases import portal

pytestmark = pytest.mark.browser
PIECE = 4_000_000
LARGE = 75
"""Pieces of the large log: 300 MB."""
GROWTH_BYTES = 120_000_000
"""Limit of the server's growth while receiving: far below their size, far above a piece."""
MACHINES = 53
PLANT = """
from tests.portal import bundles
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.findings.intake import Source, import_stored, store_bundle
from lamsach.portal.findings.models import Way
devices = [
    bundles.device(f"mac:02:00:00:00:00:{n:02x}", name=f"PC-{n:03}", ip=f"10.1.2.{n}")
    for n in range(1, MACHINES + 1)
]
contacts = [bundles.Contact(one.key, {bundles.day(-3): 4}) for one in devices]
bundle, _ = store_bundle(
    bundles.packed(bundles.findings(devices, contacts)),
    "f.zip",
    Source(own, Campaign.objects.get(), Way.UPLOAD, officer),
)
import_stored(bundle.pk)
""".replace("MACHINES", str(MACHINES))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, int, Path]]:
    """Serve a portal whose officer has two pages of machines: address, session, unit, data folder."""
    folder = tmp_path_factory.mktemp("portal")
    with portal(folder, "", PLANT) as (address, session, units):
        yield address, session, units[0], folder / "data"


@pytest.fixture
def page(served: Any) -> Iterator[Any]:
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(30_000)
        context.add_cookies([{"name": "sessionid", "value": served[1], "url": served[0]}])
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        yield page


def focused(page: Any) -> str:
    """Return name, id or text of the focused element."""
    return str(page.evaluate("(e => e.id || e.name || e.innerText)(document.activeElement)"))


def test_the_pages_of_machines_by_keyboard(served: Any, page: Any) -> None:
    address, keys = served[0], page.keyboard
    page.goto(f"{address}/office/cases/")
    assert page.locator("#keys dl").is_hidden()
    keys.press("?")
    assert page.locator("#keys dl").is_visible()
    keys.press("?")
    assert page.locator("#keys dl").is_hidden()
    rows = page.locator("table[data-keys] tbody tr")
    keys.press("j")
    keys.press("j")
    assert page.locator("tr.here").count() == 1
    assert focused(page) == rows.nth(1).locator("th a").inner_text()
    keys.press("x")
    assert [rows.nth(n).locator("input").is_checked() for n in (0, 1)] == [False, True]
    keys.press("x")
    keys.press("k")
    assert not rows.nth(1).locator("input").is_checked()
    assert focused(page) == rows.nth(0).locator("th a").inner_text()
    keys.press("n")
    page.wait_for_url("**page=2*")
    keys.press("p")
    page.wait_for_url("**page=1*")
    keys.press("/")
    assert focused(page) == "q"
    keys.type("PC-00njx")
    assert page.locator("#q").input_value() == "PC-00njx", "keys do nothing while somebody writes"
    keys.press("Control+a")
    keys.type("PC-00")
    keys.press("Enter")
    page.wait_for_url("**q=PC-00*")
    rows = page.locator("table[data-keys] tbody tr")
    assert rows.count() == 9
    links = [str(rows.nth(n).locator("th a").get_attribute("href")) for n in range(3)]
    keys.press("j")
    keys.press("Enter")
    for key, place in (("", 0), ("j", 1), ("j", 2), ("k", 1)):
        if key:
            keys.press(key)
        page.wait_for_url(f"**{links[place]}")
    on_a_machine(page)
    keys.press("u")
    page.wait_for_url("**q=PC-00*")


def on_a_machine(page: Any) -> None:
    """Use help, next step and note on the page of a machine."""
    keys = page.keyboard
    keys.press("?")
    assert page.locator("#keys dl").is_visible()
    keys.press("s")
    assert focused(page) == page.locator("input[name=to]").first.get_attribute("id")
    keys.press("c")
    assert focused(page) == "id_text"
    keys.type("juk")
    assert page.locator("#id_text").input_value() == "juk"
    keys.press("Tab")
    page.evaluate("document.activeElement.blur()")


def new_hunt(page: Any, address: str, unit: int) -> int:
    page.goto(f"{address}/office/findings/hunts/")
    page.select_option("[name=unit]", str(unit))
    page.click("button:has-text('Chọn tệp nhật ký')")
    page.wait_for_url(re.compile(r"/hunts/\d+/$"))
    return int(page.url.rstrip("/").rpartition("/")[2])


class Pieces:
    """Interceptor of the pieces sent by the page, which breaks one off and delays others."""

    def __init__(self, page: Any) -> None:
        self.offsets: list[int] = []
        self.breaks: set[int] = set()
        self.holds: set[int] = set()
        self._page = page
        page.route("**/files/*/?offset=*", self._meet)

    def sent(self, count: int) -> list[int]:
        """Wait for so many pieces and return their offsets; the page may show them earlier."""

        def there() -> bool:
            self._page.evaluate("0")  # requests are heard of meanwhile
            return len(self.offsets) >= count

        came(there)
        return self.offsets

    def _meet(self, route: Any) -> None:
        offset = int(route.request.url.rpartition("=")[2])
        self.offsets.append(offset)
        if offset in self.breaks:
            self.breaks.discard(offset)
            route.abort("connectionreset")
        elif offset in self.holds:
            self.holds.discard(offset)  # and never an answer
        else:
            route.continue_()


def test_an_upload_resumes_after_breaks_and_pauses(served: Any, page: Any, tmp_path: Path) -> None:
    address, _, unit, data = served
    log = tmp_path / "fw.log"
    log.write_bytes(b"".join(bytes([65 + n]) * PIECE for n in range(6)))
    hunt, pieces = new_hunt(page, address, unit), Pieces(page)
    pieces.breaks, pieces.holds = {2 * PIECE}, {3 * PIECE}
    send(page, log)
    page.wait_for_selector("text=12,0 MB / 24,0 MB (50 %)")
    assert page.locator(".pieces progress").evaluate("bar => bar.value / bar.max") == 0.5
    assert pieces.sent(5) == [0, PIECE, 2 * PIECE, 2 * PIECE, 3 * PIECE], "the broken piece was sent again"
    page.reload()
    page.wait_for_selector("text=đang dở")
    assert "đang dở 12,0 MB" in page.locator("table.list").inner_text()
    pieces.offsets.clear()
    pieces.holds = {4 * PIECE}
    send(page, log)
    page.wait_for_selector("text=16,0 MB / 24,0 MB")
    assert pieces.sent(2) == [3 * PIECE, 4 * PIECE], "nothing that is there is sent again"
    page.click("button:has-text('Tạm dừng tải lên')")
    page.wait_for_selector("text=Đã tạm dừng")
    assert page.locator("button:has-text('Tạm dừng tải lên')").count() == 0
    pieces.offsets.clear()
    page.click("form[data-pieces] button")
    page.wait_for_selector("text=đã tải xong")
    assert pieces.offsets == [4 * PIECE, 5 * PIECE]
    (stored,) = (data / "hunts" / str(hunt)).iterdir()
    assert stored.read_bytes() == log.read_bytes()
    page.click("button:has-text('Bỏ và xóa các tệp')")
    page.wait_for_selector("text=Nhật ký đã được xóa")
    assert not stored.exists()


def send(page: Any, log: Path) -> None:
    page.set_input_files("#logs", str(log))
    page.click("form[data-pieces] button")


def piece(number: int) -> bytes:
    """Make a unique piece of the large log."""
    return hashlib.sha256(str(number).encode()).digest() * (PIECE // 32)


def large(offset: int) -> bytes:
    """Return a piece of the large log from an offset."""
    number, inside = divmod(offset, PIECE)
    return (piece(number) + (piece(number + 1) if number + 1 < LARGE else b""))[inside : inside + PIECE]


class Sender:
    """A sender of pieces with the session and token of the page."""

    def __init__(self, page: Any, address: str, hunt: int) -> None:
        self.goal = str(urlsplit(address).netloc)
        self.path = f"/office/findings/hunts/{hunt}/files/"
        cookies = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
        token = page.locator("form[data-pieces] [name=csrfmiddlewaretoken]").first.input_value()
        self.headers = {"Cookie": cookies, "X-CSRFToken": str(token), "Origin": address}

    def ask(
        self, path: str, body: bytes, kind: str = "application/octet-stream"
    ) -> tuple[int, dict[str, Any]]:
        """Send a request; return the answer as JSON."""
        import json

        line = http.client.HTTPConnection(self.goal, timeout=60)
        try:
            line.request("POST", path, body, {**self.headers, "Content-Type": kind})
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            line.close()

    def announce(self, size: int) -> dict[str, Any]:
        body = f"name=large.log&size={size}".encode()
        return self.ask(self.path, body, "application/x-www-form-urlencoded")[1]

    def breaks_off(self, path: str, data: bytes, length: int) -> None:
        """Send a piece over a connection that breaks in the middle."""
        host, _, port = self.goal.partition(":")
        lines = [f"{name}: {value}" for name, value in self.headers.items()]
        head = [f"POST {path} HTTP/1.1", f"Host: {self.goal}", f"Content-Length: {length}", *lines]
        with socket.create_connection((host, int(port)), timeout=60) as line:
            line.sendall("\r\n".join([*head, "", ""]).encode() + data)


def highest_memory(address: str) -> int:
    """Return the peak memory of the web server's processes, in bytes."""
    port = urlsplit(address).port
    serving = {
        one.pid for one in psutil.net_connections("inet") if one.laddr and one.laddr.port == port and one.pid
    }
    found = 0
    for number in serving - {psutil.Process().pid}:
        with suppress(OSError):
            said = Path(f"/proc/{number}/status").read_text()
            found = max(found, int(re.search(r"VmHWM:\s+(\d+) kB", said)[1]) * 1000)  # type: ignore[index]
    assert found, "no process serves"
    return found


def test_a_large_log_needs_little_memory_despite_breaks(served: Any, page: Any) -> None:
    address, _, unit, data = served
    hunt = new_hunt(page, address, unit)
    sender, size = Sender(page, address, hunt), LARGE * PIECE
    answer = sender.announce(size)
    at = f"{sender.path}{answer['file']}/?offset="
    assert sender.ask(f"{at}0", piece(0))[1] == {"received": PIECE}
    before = highest_memory(address)
    received, sent = PIECE, 0
    while received < size:
        sent += 1
        offset, data_of = received, large(received)
        if sent % 25 == 0:
            sender.breaks_off(f"{at}{offset}", data_of[: PIECE // 3], PIECE)
            assert sender.ask(f"{at}0", piece(0))[0] == 409, "what is there is not written again"
        status, answer = sender.ask(f"{at}{offset}", data_of)
        received = answer["received"]
        assert (status, received) == (200, offset + len(data_of)) or offset < received < offset + PIECE // 2
    assert sent >= LARGE - 1
    assert sender.announce(size)["received"] == size
    assert highest_memory(address) - before < GROWTH_BYTES
    (stored,) = (data / "hunts" / str(hunt)).iterdir()
    with stored.open("rb") as file:
        assert all(file.read(PIECE) == piece(number) for number in range(LARGE))
        assert file.read() == b""
    page.click("button:has-text('Bỏ và xóa các tệp')")
    page.wait_for_selector("text=Nhật ký đã được xóa")
    assert not stored.exists()
