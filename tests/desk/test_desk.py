"""The page of the hunt.

Forms of a browser arrive complete, a search gives the results, strangers have no access.
"""

from __future__ import annotations

import http.client
import io
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.desk.form_upload import receive
from lamsach.desk.job import Job
from lamsach.desk.pages import STYLE
from lamsach.desk.server import Desk
from lamsach.errors import InputError
from tests.cli.test_hunt_nat import FAR, ZEEK, firewall, outside

KIND = 'multipart/form-data; boundary="edge"'
LOG = "".join(
    (
        f'192.0.2.{number % 4 + 10} - - [26/Sep/2022:10:00:{number:02} +0700] "GET '
        f'http://{"bot-c2.xyz" if number == 7 else "unit.example"}/ HTTP/1.1" 200 12 "-" "-"\n'
    )
    for number in range(60)
)


def form(*parts: tuple[str, str | None, bytes]) -> bytes:
    body = b""
    for name, file, data in parts:
        more = f'; filename="{file}"' if file is not None else ""
        body += (
            f'--edge\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + data + b"\r\n"
        )
    return body + b"--edge--\r\n"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.binary(max_size=2000) | st.sampled_from([b"\r\n--edg", b"\r\n--", b"--edge", b"\r\n" * 9]),
        max_size=4,
    )
)
def test_a_sent_form_arrives(tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("form")
    body = form(
        *((f"f{number}", "Nhật ký.log", data) for number, data in enumerate(contents)), ("t", None, b" x ")
    )
    received = receive(io.BytesIO(body), len(body), KIND, folder)
    assert [paths[0].read_bytes() for paths in received.files.values()] == contents
    assert received.texts == {"t": "x"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\Users\\nam\\a.log", "a.log"),
        ("../../etc/passwd", "passwd"),
        ("..", "_"),
        ("con.txt", "_con.txt"),
        ("a:b*c.log", "a_b_c.log"),
        ("a\0b", "a_b"),
    ],
)
def test_names_stay_in_the_folder(tmp_path: Path, sent: str, kept: str) -> None:
    body = form(("logs", sent, b"1"))
    received = receive(io.BytesIO(body), len(body), KIND, tmp_path)
    (path,) = received.files["logs"]
    assert path == tmp_path / "logs" / "1" / kept


def test_an_empty_field_is_no_file(tmp_path: Path) -> None:
    body = form(("inventory", "", b""))
    assert receive(io.BytesIO(body), len(body), KIND, tmp_path).files == {}


@pytest.mark.parametrize("length", [0, 10, 60, 90])
def test_a_form_that_breaks_off(tmp_path: Path, length: int) -> None:
    body = form(("logs", "a", b"x" * 50))[:length]
    with pytest.raises(InputError):
        receive(io.BytesIO(body), len(body), KIND, tmp_path)


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data"])
def test_what_is_no_form_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(InputError):
        receive(io.BytesIO(b"x"), 1, kind, tmp_path)


@pytest.fixture
def desk() -> Iterator[Desk]:
    job = Job("en")
    with Desk(job) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
    job.close()


def ask(
    desk: Desk, method: str, name: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(desk.host, timeout=60)
    sent = {"Content-Type": KIND, **{key.replace("_", "-"): value for key, value in headers.items()}}
    connection.request(method, f"/{desk.token}/{name}", body, sent)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), data


def test_a_search_from_the_page_ends_in_its_result(desk: Desk) -> None:
    assert b'type="file"' in ask(desk, "GET", "")[2]
    body = form(
        ("lists", "list.txt", b"bot-c2.xyz\n"), ("logs", "access.log", LOG.encode()), ("inventory", "", b"")
    )
    assert ask(desk, "POST", "hunt", body)[0] == 303
    desk.job.wait()
    page = ask(desk, "GET", "")[2].decode()
    assert "<b>0 infected machines, 1 address whose machine is not known.</b>" in page, desk.job.error
    status, headers, report = ask(desk, "GET", "report.html")
    assert status == 200
    assert b"192.0.2.13" in report
    assert "sandbox" in headers["Content-Security-Policy"]
    assert ask(desk, "GET", "findings.zip")[2][:2] == b"PK"
    assert ask(desk, "GET", "report.xlsx")[1]["Content-Disposition"].startswith("attachment")
    assert b'type="file"' in ask(desk, "GET", "again")[2]


def test_doubts_are_shown_where_nothing_is_found(desk: Desk) -> None:
    """As in the report: days without logs, and no claim that a machine is clean."""
    body = form(
        ("lists", "list.txt", b"no-such-name.example\nnot a name at all!!\n"),
        ("logs", "access.log", b"hello\n"),
    )
    ask(desk, "POST", "hunt", body)
    desk.job.wait()
    page = ask(desk, "GET", "")[2].decode()
    report = ask(desk, "GET", "report.html")[2].decode()
    [verdict] = re.findall(r'<p class="verdict"><b>(.*?)</b></p>', report)
    assert f"<b>{verdict}</b>" in page
    assert "not a clean result" in page
    assert "This result is not whole" in page
    assert re.findall(r"<li>(.*?) <a href", report[report.index("This result is not whole") :])[0] in page


def test_a_folder_on_this_machine(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(LOG)
    body = form(("lists", "list.txt", b"bot-c2.xyz\n"), ("log_folder", None, f'"{tmp_path}"'.encode()))
    ask(desk, "POST", "hunt", body)
    desk.job.wait()
    assert desk.job.state == "done"


@pytest.mark.parametrize("on_this_machine", [False, True])
def test_the_machine_behind_a_gateway(desk: Desk, tmp_path: Path, *, on_this_machine: bool) -> None:
    """The gateway's log as a file or by its path.

    Two machines that the web server sees at one address.
    """
    page = ask(desk, "GET", "")[2].decode()
    assert 'name="nat"' in page
    assert 'name="nat_folder"' in page
    translated = (firewall("10.0.0.7", 40007) + firewall("10.0.0.8", 40008)).encode()
    (tmp_path / "fw.log").write_bytes(translated)
    gate = ("nat_folder", None, str(tmp_path).encode()) if on_this_machine else ("nat", "fw.log", translated)
    log = (ZEEK + outside(40007, 10) + outside(40008, 20)).encode()
    ask(desk, "POST", "hunt", form(("lists", "list.txt", FAR.encode()), ("logs", "conn.log", log), gate))
    desk.job.wait()
    assert desk.job.findings is not None, desk.job.error
    assert {device.key for device in desk.job.findings.devices} == {"ip:10.0.0.7", "ip:10.0.0.8"}
    assert desk.job.findings.parameters.nat


@pytest.mark.parametrize("parts", [[("lists", "a.txt", b"bot-c2.xyz")], [("logs", "a.log", b"x")], []])
def test_something_is_missing(desk: Desk, parts: list[tuple[str, str | None, bytes]]) -> None:
    ask(desk, "POST", "hunt", form(*parts))
    assert b"A search needs lists and logs." in ask(desk, "GET", "")[2]


def test_a_list_that_is_none(desk: Desk) -> None:
    ask(desk, "POST", "hunt", form(("lists", "a.txt", b""), ("logs", "a.log", LOG.encode())))
    desk.job.wait()
    assert b'class="wrong"' in ask(desk, "GET", "")[2]


def test_other_sites_and_hosts_reach_nothing(desk: Desk) -> None:
    assert ask(desk, "POST", "hunt", form(), Origin="http://evil.example.com")[0] == 403
    assert ask(desk, "POST", "hunt", form(), Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(desk, "GET", "", Host="evil.example.com")[0] == 404
    desk.token, known = "other", desk.token
    assert ask(desk, "GET", "")[0] == 200
    desk.token = known
    connection = http.client.HTTPConnection(desk.host, timeout=10)
    connection.request("GET", "/")
    assert connection.getresponse().status == 404


def test_results_before_a_search(desk: Desk) -> None:
    assert b'type="file"' in ask(desk, "GET", "report.html")[2]


def test_no_font_is_written_in_a_way_that_browsers_drop() -> None:
    """`inherit` may occur alone, not within the shorthand.

    The whole rule would be ignored and buttons be tiny.
    """
    assert not re.search(r"font:[^;}]*\d[^;}]*inherit", STYLE)
