"""The hunt as run by a person: its results for every kind of input, and its exit status."""

from __future__ import annotations

import bz2
import csv
import fcntl
import gzip
import json
import lzma
import os
import signal
import subprocess
import sys
import termios
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import zstandard

from lamsach.errors import ExitStatus
from tests.logs.builders import make_tar, make_zip
from tests.poll import until

from .command_runner import COMMAND, Ran, bind_line, child, environment, lamsach, write_list, write_log

FIRST, SECOND = "192.168.1.1", "192.168.1.2"
LINES = "".join(bind_line(address) + "\n" for address in (FIRST, SECOND, FIRST)).encode()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the command, with a good list."""
    monkeypatch.chdir(tmp_path)
    write_list(tmp_path / "list.txt")
    return tmp_path


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def seen(path: Path) -> list[tuple[str, str, int]]:
    """Return (device, indicator, count) of the sightings in a JSON lines result."""
    return [
        (record["device"], record["indicator"], record["count"])
        for record in records(path)
        if record["record"] == "sighting"
    ]


EXPECTED = [(f"ip:{FIRST}", "evil.example", 2), (f"ip:{SECOND}", "evil.example", 1)]


def test_findings_are_written_and_summarised(folder: Path) -> None:
    (folder / "a.log").write_bytes(LINES)
    ran = lamsach("hunt", "a.log", "-i", "list.txt", "-o", "found.jsonl")
    assert (ran.status, ran.errors) == (ExitStatus.FOUND, ["Written: found.jsonl"])
    assert seen(folder / "found.jsonl") == EXPECTED
    assert ran.out.startswith("2 infected machines.")


def test_nothing_found_and_all_days_covered(folder: Path) -> None:
    lines = [bind_line(FIRST, "good.example", f"2024-03-0{day}T10:00:00+07:00") for day in (1, 2, 3)]
    (folder / "a.log").write_text("\n".join(lines) + "\n")
    ran = lamsach("hunt", "a.log", "-i", "list.txt")
    assert (ran.status, ran.errors) == (ExitStatus.NOTHING_FOUND, [])
    assert FIRST not in ran.out


def test_nothing_found_and_a_day_missing(folder: Path) -> None:
    lines = [bind_line(FIRST, "good.example", f"2024-03-0{day}T10:00:00+07:00") for day in (1, 3)]
    (folder / "a.log").write_text("\n".join(lines) + "\n")
    ran = lamsach("hunt", "a.log", "-i", "list.txt")
    assert (ran.status, ran.errors) == (ExitStatus.BLIND, [])
    assert "02/03/2024" in ran.out


def test_nothing_found_and_the_requested_days_not_covered(folder: Path) -> None:
    (folder / "a.log").write_text(bind_line(FIRST, "good.example") + "\n")
    assert lamsach("hunt", "a.log", "-i", "list.txt", "--since", "2024-02-29").status == ExitStatus.BLIND
    day = ("--since", "01/03/2024", "--until", "01/03/2024")
    assert lamsach("hunt", "a.log", "-i", "list.txt", *day).status == ExitStatus.NOTHING_FOUND


def zipped(data: bytes, path: Path) -> None:
    make_zip(path, {"unit/dns/a.log": data})


PACKED: dict[str, Callable[[bytes, Path], object]] = {
    "a.log.gz": lambda data, path: path.write_bytes(gzip.compress(data[:100]) + gzip.compress(data[100:])),
    "a.log.bz2": lambda data, path: path.write_bytes(bz2.compress(data)),
    "a.log.xz": lambda data, path: path.write_bytes(lzma.compress(data)),
    "a.log.zst": lambda data, path: path.write_bytes(zstandard.compress(data)),
    "a.zip": zipped,
    "a.tar": lambda data, path: path.write_bytes(make_tar({"a.log": data})),
    "a.tar.gz": lambda data, path: path.write_bytes(gzip.compress(make_tar({"a.log": data}))),
    "crlf.log": lambda data, path: path.write_bytes(data.replace(b"\n", b"\r\n")),
    "last line without an end.log": lambda data, path: path.write_bytes(data.rstrip(b"\n")),
    "utf8-bom.log": lambda data, path: path.write_bytes(b"\xef\xbb\xbf" + data),
    "utf16-le-bom.log": lambda data, path: path.write_bytes(data.decode().encode("utf-16")),
    "utf16-be.log": lambda data, path: path.write_bytes(data.decode().encode("utf-16-be")),
    "utf16-le.log.gz": lambda data, path: path.write_bytes(gzip.compress(data.decode().encode("utf-16-le"))),
}


@pytest.mark.parametrize("name", PACKED)
def test_every_packing_gives_the_same_sightings(folder: Path, name: str) -> None:
    PACKED[name](LINES, folder / name)
    ran = lamsach("hunt", name, "-i", "list.txt", "-o", "found.jsonl")
    assert (ran.status, ran.errors) == (ExitStatus.FOUND, ["Written: found.jsonl"])
    assert seen(folder / "found.jsonl") == EXPECTED


@pytest.mark.parametrize("words", [["logs"], ["logs/*.log"], ["logs/a.log", "logs/b.log"], ["logs/**/*.log"]])
def test_folders_and_patterns(folder: Path, words: list[str]) -> None:
    (folder / "logs").mkdir()
    write_log(folder / "logs" / "a.log", [FIRST])
    write_log(folder / "logs" / "b.log", [FIRST, SECOND])
    assert lamsach("hunt", *words, "-i", "list.txt", "-o", "found.jsonl").status == ExitStatus.FOUND
    assert seen(folder / "found.jsonl") == EXPECTED


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
def test_standard_input_is_hunted_as_a_file(folder: Path, pack: Callable[[bytes], bytes]) -> None:
    ran = child("hunt", "-", "-i", "list.txt", "-o", "found.jsonl", data=pack(LINES))
    assert (ran.status, ran.errors) == (ExitStatus.FOUND, ["Written: found.jsonl"])
    assert seen(folder / "found.jsonl") == EXPECTED


def test_a_syslog_servers_mixed_file(folder: Path) -> None:
    squid = (
        "1709262000.250    120 192.168.1.3 TCP_MISS/200 5120 GET http://evil.example/a.bin - "
        "HIER_DIRECT/203.0.113.9 text/html"
    )
    forti = (
        "<189>date=2024-03-01 time=10:00:05 devname=\"fw\" devid=\"FGT60\" logid=\"0000000013\" "
        "type=\"traffic\" subtype=\"forward\" level=\"notice\" "
        "vd=\"root\" srcip=192.168.1.4 srcport=50000 dstip=203.0.113.9 dstport=443 proto=6 "
        "action=\"accept\" policyid=1 service=\"HTTPS\" sentbyte=10 rcvdbyte=10"
    )  # fmt: skip
    mixed = "\n".join([bind_line(FIRST), f"Mar  1 10:00:02 proxy squid[77]: {squid}", forti] * 20) + "\n"
    (folder / "messages").write_text(mixed)
    write_list(folder / "list.txt", "evil.example", "203.0.113.9")
    assert lamsach("hunt", "messages", "-i", "list.txt", "-o", "found.jsonl").status == ExitStatus.FOUND
    assert {
        (record["device"], record["indicator"], record["unparsed"])
        for record in records(folder / "found.jsonl")
        if record["record"] == "sighting"
    } >= {
        (f"ip:{FIRST}", "evil.example", False),
        ("ip:192.168.1.3", "evil.example", False),
        ("ip:192.168.1.4", "203.0.113.9", False),
    }


def test_unknown_text_is_marked(folder: Path) -> None:
    (folder / "notes.txt").write_text("the machine spoke to http://www.evil.example/x and then no more\n" * 3)
    ran = lamsach("hunt", "notes.txt", "-i", "list.txt", "-o", "found.jsonl")
    assert ran.status == ExitStatus.FOUND
    (sighting,) = (record for record in records(folder / "found.jsonl") if record["record"] == "sighting")
    assert (sighting["unparsed"], sighting["count"]) == (True, 3)
    assert ran.out.startswith("0 infected machines, ")


TIMES = ["2024-03-01T10:00:00+07:00", "2024-03-02T00:00:00+07:00", "2024-03-03T23:59:59+07:00"]


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ([], {1, 2, 3}),
        (["--since", "2024-03-02"], {2, 3}),
        (["--until", "2024-03-02"], {1, 2}),
        (["--until", "01/03/2024"], {1}),
        (["--since", "02/03/2024", "--until", "02/03/2024"], {2}),
        (["--since", "2024-03-02T00:00:01"], {3}),
        (["--until", "2024-03-02T00:00"], {1}),
        (["--since", "2024-03-01T17:00:00Z", "--until", "2024-03-01T17:00:01Z"], {2}),
        (["--since", "2024-03-02", "--timezone", "UTC"], {3}),
    ],
)
def test_since_and_until(folder: Path, words: list[str], days: set[int]) -> None:
    (folder / "a.log").write_text("".join(bind_line(FIRST, time=time) + "\n" for time in TIMES))
    assert lamsach("hunt", "a.log", "-i", "list.txt", *words, "-o", "found.jsonl").status == ExitStatus.FOUND
    evidence = [record for record in records(folder / "found.jsonl") if record["record"] == "evidence"]
    assert {record["line"] for record in evidence} == days


@pytest.mark.parametrize(
    ("excepted", "status"),
    [
        ("evil.example", ExitStatus.NOTHING_FOUND),
        ("www.evil.example", ExitStatus.NOTHING_FOUND),
        ("other.example", ExitStatus.FOUND),
        ("notevil.example", ExitStatus.FOUND),
    ],
)
def test_excepted_values_decide_the_status(folder: Path, excepted: str, status: ExitStatus) -> None:
    (folder / "a.log").write_bytes(LINES)
    write_list(folder / "good.txt", excepted)
    ran = lamsach("hunt", "a.log", "-i", "list.txt", "--exceptions", "good.txt")
    assert (ran.status, ran.errors) == (status, [])


def test_results_of_every_kind(folder: Path) -> None:
    (folder / "a.log").write_bytes(LINES)
    names = ["r.html", "r.xlsx", "r.csv", "r.jsonl", "r.zip"]
    words = [word for name in names for word in ("-o", name)]
    ran = lamsach("hunt", "a.log", "-i", "list.txt", *words)
    assert (ran.status, ran.errors) == (ExitStatus.FOUND, [f"Written: {name}" for name in names])
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert FIRST in page
    assert 'lang="en"' in page
    book = openpyxl.load_workbook(folder / "r.xlsx", read_only=True)
    cells = {cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    assert {FIRST, SECOND, "evil.example"} <= cells
    rows = list(csv.reader((folder / "r.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {FIRST, SECOND} <= {cell for row in rows for cell in row}
    with zipfile.ZipFile(folder / "r.zip") as bundle:
        assert bundle.testzip() is None
        assert "manifest.json" in bundle.namelist()


@pytest.mark.parametrize(("language", "word"), [("vi", "máy nhiễm"), ("en", "infected machine")])
def test_the_language_of_results_is_stated(folder: Path, language: str, word: str) -> None:
    write_log(folder / "a.log")
    ran = lamsach("hunt", "a.log", "-i", "list.txt", "--language", language, "-o", "r.html")
    assert word in ran.out
    assert f'lang="{language}"' in (folder / "r.html").read_text(encoding="utf-8")


def test_vietnamese_is_the_default_language(folder: Path) -> None:
    write_log(folder / "a.log")
    ran = child("hunt", "a.log", "gone.log", "-i", "list.txt", variables={"LANG": "C"})
    assert ran.out.startswith("1 máy nhiễm.")
    assert len(ran.errors) == 1
    assert "does not exist" not in ran.errors[0]


def test_a_pipe_gets_neither_colours_nor_progress(folder: Path) -> None:
    (folder / "a.log").write_bytes(LINES)
    ran = child("hunt", "a.log", "-i", "list.txt", variables={"TERM": "xterm-256color"})
    assert (ran.status, ran.errors) == (ExitStatus.FOUND, [])
    assert "\x1b" not in ran.out
    assert "\r" not in ran.out


def test_the_figures_of_the_run(folder: Path) -> None:
    (folder / "a.log").write_bytes(LINES)
    ran = lamsach("hunt", "a.log", "-i", "list.txt", "--stats")
    figures = json.loads(ran.errors[-1])
    assert (figures["bytes"], figures["lines"]) == (len(LINES), 3)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_changes_nothing(folder: Path, threads: int) -> None:
    (folder / "a.log").write_bytes(LINES * 50)
    lamsach("hunt", "a.log", "-i", "list.txt", "--threads", threads, "-o", "found.jsonl")
    assert seen(folder / "found.jsonl") == [(device, value, count * 50) for device, value, count in EXPECTED]


def test_a_closed_pipe_does_not_prevent_results(folder: Path) -> None:
    (folder / "a.log").write_bytes(LINES)
    read_end, write_end = os.pipe()
    os.close(read_end)
    hunting = subprocess.Popen(
        [COMMAND, "hunt", "a.log", "-i", "list.txt", "-o", "found.jsonl"],
        stdout=write_end, stderr=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    os.close(write_end)
    _, errors = hunting.communicate()
    assert (hunting.returncode, errors) == (ExitStatus.FOUND, b"Written: found.jsonl\n")
    assert seen(folder / "found.jsonl") == EXPECTED


def interrupted_after(data: bytes, pieces: int, folder: Path) -> Ran:
    """Run the hunt on standard input, interrupted while more input is to come."""
    hunting = subprocess.Popen(
        [COMMAND, "hunt", "-", "-i", "list.txt", "-o", "found.jsonl"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), cwd=folder,
    )  # fmt: skip
    assert hunting.stdin is not None
    assert hunting.stdout is not None
    assert hunting.stderr is not None
    for _ in range(pieces):
        hunting.stdin.write(data)
    hunting.stdin.flush()
    pipe = hunting.stdin.fileno()
    until(lambda: not int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder))
    hunting.send_signal(signal.SIGINT)
    out, errors = hunting.stdout.read(), hunting.stderr.read()
    hunting.wait()
    hunting.stdin.close()
    return Ran(hunting.returncode, out.decode(), errors.decode().splitlines())


def test_ctrl_c_shows_the_findings_so_far(folder: Path) -> None:
    filler = "".join(bind_line(SECOND, f"n{number}.example") + "\n" for number in range(8000)).encode()
    ran = interrupted_after(LINES + filler, 40, folder)
    assert ran.status == ExitStatus.INTERRUPTED
    assert FIRST in ran.out
    assert "partial" in ran.out
    assert ran.errors == ["Written: found.jsonl"]
    assert records(folder / "found.jsonl")[0]["partial"] is True


def test_a_contradiction_in_the_inventory_is_reported_and_the_hunt_completes(folder: Path) -> None:
    (folder / "a.log").write_bytes(LINES)
    (folder / "machines.csv").write_text(f"IP,Host name\n{FIRST},alpha\n{FIRST},beta\n")
    ran = lamsach("hunt", "a.log", "-i", "list.txt", "--inventory", "machines.csv", "-o", "found.jsonl")
    assert ran.status == ExitStatus.FOUND
    assert [line for line in ran.errors if line.startswith("machines.csv")]
    assert "could not be read" not in ran.out


def test_a_sighting_names_the_threat_that_the_list_states(folder: Path) -> None:
    (folder / "a.log").write_bytes(LINES)
    (folder / "list.csv").write_text("value,threat\nevil.example,Botnet A\n")
    lamsach("hunt", "a.log", "-i", "list.csv", "-o", "found.jsonl")
    threats = {item["threat"] for item in records(folder / "found.jsonl") if item["record"] == "sighting"}
    assert threats == {"Botnet A"}


def test_a_firewall_that_writes_the_far_end_first_blames_the_machine_inside(folder: Path) -> None:
    (folder / "list.txt").write_text("203.0.113.9\n")
    (folder / "asa.log").write_text(
        "Mar 01 2024 10:00:00 fw : %ASA-6-302013: Built outbound TCP connection 7 for "
        "outside:203.0.113.9/443 "
        "(203.0.113.9/443) to inside:10.1.1.5/50000 (192.0.2.1/50000)\n"
        "Mar 01 2024 10:00:01 fw : %ASA-6-302013: Built inbound TCP connection 8 for "
        "outside:203.0.113.9/4431 "
        "(203.0.113.9/4431) to inside:10.1.1.6/443 (192.0.2.1/443)\n"
    )
    lamsach("hunt", "asa.log", "-i", "list.txt", "-o", "found.jsonl")
    states = {
        item["ip"]: item["state"] for item in records(folder / "found.jsonl") if item["record"] == "device"
    }
    assert states == {"10.1.1.5": "infected", "10.1.1.6": "inbound"}


def test_the_proposed_command_has_the_given_options(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a.log").write_bytes(LINES)
    monkeypatch.setenv("WORD", "known to nobody")
    options = ["--timezone", "UTC", "--format", "bind", "--password-env", "WORD", "--language", "en"]
    ran = lamsach("hunt", "a.log", "-i", "list.txt", *options)
    proposed = [line.strip() for line in ran.out.splitlines() if line.startswith("   lamsach hunt")]
    assert proposed
    assert all(line.startswith(f"lamsach hunt a.log -i list.txt {' '.join(options)}") for line in proposed)
    assert "known to nobody" not in ran.out
    assert lamsach(*proposed[0].split()[1:]).status == ExitStatus.FOUND
