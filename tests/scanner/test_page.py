"""The local page: access to it, and a whole visit from the scan to the undo."""

from __future__ import annotations

import io
import signal
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from lamsach.cli.scan import run as scan_run
from lamsach.errors import OutputError
from lamsach.scanner.control import Control
from lamsach.scanner.findings import Result
from lamsach.scanner.options import Mode, Options
from lamsach.scanner.page import elevation
from lamsach.scanner.page.job import Receiver, Records
from lamsach.scanner.page.server import Page
from tests.poll import until

from .planted import EICAR


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "bad<b>.com").write_bytes(EICAR)
    options = Options(paths=[str(tmp_path / "files")], jobs=0, nice=False)
    server = Page(options, "vi")
    real = server.job.start_scan
    monkeypatch.setattr(server.job, "start_scan", lambda _: real(Mode.PATHS))
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def request(
    page: Page, name: str = "", *, post: bool = False, headers: dict[str, str] | None = None, path: str = ""
) -> tuple[int, str]:
    link = HTTPConnection("127.0.0.1", page.server_address[1], timeout=10)
    link.putrequest("POST" if post else "GET", path or f"/{page.token}/{name}", skip_host=True)
    for key, value in {"Host": page.host, "Content-Length": "0", **(headers or {})}.items():
        link.putheader(key, value)
    link.endheaders()
    answer = link.getresponse()
    text = answer.read().decode("utf-8", "replace")
    link.close()
    return answer.status, text


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/wrong/", {}),
        ("//", {}),
        ("", {"Host": "evil.example"}),
        ("", {"Host": "localhost"}),
        ("", {"Host": "127.0.0.1"}),
    ],
)
def test_strangers_are_not_answered(page: Page, path: str, headers: dict[str, str]) -> None:
    for post in (False, True):
        assert request(page, path=path, headers=headers, post=post) == (404, "")


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_page_cannot_start_anything(page: Page, headers: dict[str, str]) -> None:
    assert request(page, "look", post=True, headers=headers)[0] == 403
    assert page.job.result is None


def test_a_visit_from_scan_to_clean(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "files" / "bad<b>.com"
    assert "Kiểm tra" in request(page)[1]
    assert request(page, "look", post=True)[0] == 303
    page.job.wait(20)
    assert "bad&lt;b&gt;.com" in request(page, "found")[1]
    assert file.exists()
    plan = request(page, "clean")[1]
    assert "bad&lt;b&gt;.com" in plan
    assert file.exists()
    request(page, "clean", post=True)
    page.job.wait(20)
    assert not file.exists()
    with urllib.request.urlopen(page.address + "result.zip") as answer:
        names = zipfile.ZipFile(io.BytesIO(answer.read())).namelist()
    assert "manifest.json" in names
    assert "bad&lt;b&gt;.com" in request(page, "undo")[1]
    request(page, "undo", post=True)
    page.job.wait(20)
    assert file.read_bytes() == EICAR
    assert "<script" not in request(page)[1]


def test_the_result_is_sent_by_the_button_only(page: Page) -> None:
    sent: list[Records] = []
    fails = [True]

    def send(_result: Result, records: Records) -> None:
        if fails:
            raise OutputError("The portal cannot be reached.", "https://portal.example")
        sent.append(records)

    page.job.receiver = Receiver("Phòng <Một>", send)
    assert "Phòng &lt;Một&gt;" in request(page)[1]
    request(page, "send", post=True)  # nothing to send yet
    request(page, "look", post=True)
    page.job.wait(20)
    assert not sent
    assert 'action="send"' in request(page)[1]
    request(page, "send", post=True)
    page.job.wait(20)
    assert "portal.example" in request(page)[1]
    fails.clear()
    request(page, "send", post=True)
    page.job.wait(20)
    text = request(page)[1]
    assert "Đã gửi kết quả đến Phòng &lt;Một&gt;" in text
    assert 'action="send"' not in text
    assert sent == [[]]


def test_without_a_receiver_there_is_nothing_to_press(page: Page) -> None:
    request(page, "look", post=True)
    page.job.wait(20)
    assert 'action="send"' not in request(page)[1]
    assert page.job.start_send() is False


def test_unknown_names_lead_back(page: Page) -> None:
    assert request(page, "../../etc/passwd")[0] == 303
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://{page.host}/")


def test_the_page_reports_that_it_can_be_closed(page: Page) -> None:
    status, text = request(page, "end", post=True)
    assert status == 200
    assert "đóng" in text


@pytest.mark.parametrize(("can_elevate", "granted"), [(False, True), (True, False), (True, True)])
def test_elevation_only_on_request(
    page: Page, monkeypatch: pytest.MonkeyPatch, can_elevate: bool, granted: bool
) -> None:
    prompts: list[bool] = []

    def elevate() -> bool:
        prompts.append(granted)
        return granted

    monkeypatch.setattr(elevation, "can_elevate", lambda: can_elevate)
    monkeypatch.setattr(elevation, "start_elevated", elevate)
    assert ("quyền quản trị</button>" in request(page)[1]) is can_elevate
    assert not prompts
    status, text = request(page, "elevate", post=True)
    assert bool(prompts) is can_elevate
    if can_elevate and granted:
        assert (status, "chạy lại" in text) == (200, True)
    else:
        assert status == 303
        assert "Kiểm tra" in request(page)[1]


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no such signals there")
def test_a_scan_is_paused_and_resumed_by_signals() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGUSR2)]
    control = Control()
    try:
        scan_run._pausing(control)
        signal.raise_signal(signal.SIGUSR1)
        until(lambda: control.progress().paused)
        signal.raise_signal(signal.SIGUSR2)
        until(lambda: not control.progress().paused)
        control.check()
    finally:
        signal.signal(signal.SIGUSR1, before[0])
        signal.signal(signal.SIGUSR2, before[1])
