"""Table of bad inputs: one clear line per problem, the other inputs still hunted, an exact status.

Next to each bad input are a good log and a good list, in which the hunt has to find the usual machine.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import openpyxl
import pytest
import zstandard

from lamsach.errors import ExitStatus
from tests.logs.builders import make_locked_zip, make_tar, make_zip

from .bad_input import INPUT, OTHER, PARTIAL, USAGE, Case, check, option
from .command_runner import LISTED, bind_line, lamsach

ENTITY = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 or str()};" * 10}">' for n in range(1, 10))
    + "]>"
)


def put(
    name: str, data: bytes | str | Callable[[], bytes], option: str | None = None
) -> Callable[[Path], list[object]]:
    """Return a case of one file; content that is slow to make is made when needed."""

    def make(folder: Path) -> list[object]:
        path = folder / name
        content = data() if callable(data) else data
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return [option, path] if option else [path]

    return make


@cache
def many_lines(count: int = 20_000) -> bytes:
    """Return poorly compressible lines, so that a cut leaves a beginning; the first line is a hit."""
    chance = random.Random(8)
    others = (bind_line(OTHER, f"{chance.randbytes(20).hex()}.example") for _ in range(count))
    return "\n".join([bind_line(OTHER), *others, ""]).encode()


def cut_short(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def flipped(data: bytes) -> bytes:
    middle = len(data) * 2 // 3
    return data[:middle] + bytes(byte ^ 0x55 for byte in data[middle : middle + 40]) + data[middle + 40 :]


def locked(folder: Path) -> list[object]:
    return [make_locked_zip(folder / "locked.zip", "a.log", bind_line(OTHER).encode(), b"s3same")]


def locked_with_another(folder: Path) -> list[object]:
    return [*locked(folder), "--password-env", "WRONG"]


def upward(folder: Path) -> list[object]:
    members = {"../../outside.log": bind_line(OTHER).encode(), "/etc/outside.log": bind_line(OTHER).encode()}
    make_zip(folder / "upward.zip", members)
    return [folder / "upward.zip"]


def workbook(declaration: str) -> bytes:
    """Return a workbook whose sheet begins with a document type."""
    book = openpyxl.Workbook()
    book.active.append(["IP", "Tên máy"])
    book.active.append(["192.168.1.9", "MAY-09"])
    stream = io.BytesIO()
    book.save(stream)
    out = io.BytesIO()
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("xl/worksheets/") or name == "xl/sharedStrings.xml":
                body = data[data.index(b"?>") + 2 :] if data.startswith(b"<?xml") else data
                data = b"<?xml version='1.0'?>" + declaration.encode() + body.replace(b"MAY-09", b"&a;")
            new.writestr(name, data)
    return out.getvalue()


def loop(folder: Path) -> list[object]:
    (folder / "loop.log").symlink_to(folder / "pool.log")
    (folder / "pool.log").symlink_to(folder / "loop.log")
    return [folder / "loop.log"]


CUT = "The compressed data are cut short; what came before was read."
LOGS = [
    Case("empty file", put("empty.log", b""), "empty.log", "The log is empty."),
    Case("empty gzip", put("empty.log.gz", lambda: gzip.compress(b"")), "empty.log.gz", "The log is empty."),
    Case("missing file", option("missing.log"), "missing.log", "The file does not exist."),
    Case("pattern without a file", option("missing-*.log"), "missing-*.log", "No file"),
    Case("loop of links", loop, "loop.log", "The file could not be read."),
    Case("truncated gzip", put("cut.log.gz", lambda: cut_short(gzip.compress(many_lines()))), "cut.log.gz",
        CUT, also=OTHER),
    Case("truncated bzip2", put("cut.log.bz2", lambda: cut_short(bz2.compress(many_lines()))), "cut.log.bz2",
        CUT, also=OTHER),
    Case("truncated xz", put("cut.log.xz", lambda: cut_short(lzma.compress(many_lines()))), "cut.log.xz", CUT,
        also=OTHER),
    Case("truncated zstd", put("cut.log.zst", lambda: cut_short(zstandard.compress(many_lines()))),
        "cut.log.zst", CUT, also=OTHER),
    Case("damaged gzip", put("bad.log.gz", lambda: flipped(gzip.compress(many_lines()))), "bad.log.gz",
        "damaged", also=OTHER),
    Case("no zip behind its first bytes", put("bad.zip", b"PK\x03\x04" + b"x" * 100), "bad.zip", "damaged"),
    Case("truncated tar", put("cut.tar", lambda: cut_short(make_tar({"a.log": many_lines()}))), "cut.tar",
        "cut short", also=OTHER),
    Case("locked zip without a password", locked, "locked.zip", "password"),
    Case("locked zip with another password", locked_with_another, "locked.zip", "password"),
    Case("bomb", put("bomb.log.gz", lambda: gzip.compress(bytes(1 << 23))), "bomb.log.gz",
        "it looks like a decompression bomb"),
    Case("bomb in a zip", lambda folder: [make_zip(folder / "bomb.zip", {"a.log": bytes(1 << 23)})],
        "bomb.zip", "decompression bomb"),
    Case("binary file", put("program.log", b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40), "program.log",
        "This is not text"),
    Case("binary file with the value",
        put("memory.log", bytes(64) + b"\n" + LISTED.encode() + b"\n" + bytes(64)), "memory.log",
        "This is not text"),
]  # fmt: skip
LISTS = [
    Case("missing list", option("-i", "missing.txt"), "missing.txt", "The file is not there."),
    Case("empty list", put("empty.txt", b"", "-i"), "empty.txt", "The list is empty."),
    Case("list as a folder that is missing", option("-i", "no/such/folder"), "no/such/folder",
        "The file is not there."),
    Case("truncated list", put("cut.txt.gz", lambda: cut_short(gzip.compress(many_lines(2_000))), "-i"),
        "cut.txt.gz", "damaged or cut short"),
    Case("list of bytes", put("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "-i"), "a.xls",
        "old format"),
    Case("damaged workbook", put("bad.xlsx", lambda: workbook("")[:-60], "-i"), "bad.xlsx", "damaged"),
    Case("bomb as a list", put("bomb.txt.gz", lambda: gzip.compress(b"0" * (70 << 20), 1), "-i"),
        "bomb.txt.gz", "this is how a decompression bomb looks"),
    Case("XXE in a list", put("list.xlsx", lambda: workbook(ENTITY), "-i"), "list.xlsx", "XML bomb"),
    Case("billion laughs in a list", put("list.xlsx", lambda: workbook(LAUGHS), "-i"), "list.xlsx",
        "XML bomb"),
    Case("XML with entities", put("list.xml", "<?xml version='1.0'?>" + LAUGHS + "<x>&a9;</x>", "-i"),
        "list.xml", "XML bomb"),
    Case("JSON cut short", put("list.json", '{"type": "bundle", "objects": [{"pattern": "[ipv4', "-i"),
        "list.json", "cut short"),
    Case("XXE in the inventory", put("machines.xlsx", lambda: workbook(ENTITY), "--inventory"),
        "machines.xlsx", "declares a document type"),
    Case("billion laughs in the inventory", put("machines.xlsx", lambda: workbook(LAUGHS), "--inventory"),
        "machines.xlsx", "declares a document type"),
    Case("missing inventory", option("--inventory", "machines.csv"), "machines.csv",
        "The inventory cannot be read."),
    Case("damaged inventory", put("machines.xlsx", lambda: workbook("")[:-60], "--inventory"),
        "machines.xlsx", "The workbook is damaged"),
    Case("inventory without machines", put("machines.csv", "a,b\n1,2\n", "--inventory"), "machines.csv",
        "No table with addresses"),
    Case("missing exceptions", option("--exceptions", "good.txt"), "good.txt", "The file is not there."),
    Case("missing leases", option("--leases", "dhcpd.leases"), "dhcpd.leases", "The file does not exist."),
]  # fmt: skip
USES = [
    Case("suffix", option("-o", "report.doc"), "report.doc", "this one is not known", USAGE),
    Case("no suffix", option("-o", "report"), "report", "this one is not known", USAGE),
    Case("since", option("--since", "31/02/2024"), "31/02/2024", "This is no date or time.", USAGE),
    Case("until", option("--until", "yesterday"), "yesterday", "This is no date or time.", USAGE),
    Case("until before since", option("--since", "2024-03-02", "--until", "01/03/2024"),
        "2024-03-02 - 01/03/2024", "end before it begins", USAGE),
    Case("time zone", option("--timezone", "Mars/Olympus"), "Mars/Olympus",
        "There is no time zone of this name.", USAGE),
    Case("time zone as a path", option("--timezone", "../../etc/passwd"), "../../etc/passwd",
        "There is no time zone of this name.", USAGE),
    Case("infrastructure", option("--infrastructure", "10.0.0.0/99"), "10.0.0.0/99",
        "no address, network or host name", USAGE),
    Case("format", option("--format", "telex"), "telex", "There is no log format of this name.", USAGE),
    Case("language", option("--language", "xx"), "xx", "There is no such language.", USAGE),
    Case("password's variable", option("--password-env", "NOT_SET"), "NOT_SET", "is not set", USAGE),
]  # fmt: skip


@pytest.mark.parametrize("case", [*LOGS, *LISTS, *USES], ids=lambda case: case.name)
def test_a_bad_input_ends_with_its_status_and_one_line(case: Case, folder: Path) -> None:
    check(case, folder)


@pytest.mark.parametrize("case", [case for case in LOGS if not case.also], ids=lambda case: case.name)
def test_nothing_but_that_log(case: Case, folder: Path) -> None:
    ran = lamsach("hunt", *case.make(folder), "-i", "list.txt")
    matching = [line for line in ran.errors if case.what in line]
    # A part of a bomb or program was searched; the other inputs yield nothing.
    assert ran.status in (INPUT, PARTIAL)
    assert (len(ran.errors), len(matching)) == (1, 1), ran.errors


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        (None, "only.txt", "The file is not there."),
        ("", "only.txt", "The list is empty."),
        ("com.vn\n10.0.0.1\nhello there\n", "only.txt", "The list holds no usable value."),
    ],
    ids=["missing", "empty", "nothing usable"],
)
def test_nothing_but_that_list(folder: Path, text: str | None, where: str, what: str) -> None:
    if text is not None:
        (folder / "only.txt").write_text(text)
    ran = lamsach("hunt", "good.log", "-i", "only.txt")
    assert (ran.status, ran.out, len(ran.errors)) == (INPUT, "", 1)
    assert ran.errors[0].startswith(f"{where}: {what} ")


def test_the_right_password_opens(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIGHT", "s3same")
    ran = lamsach("hunt", "good.log", "-i", "list.txt", *locked(folder), "--password-env", "RIGHT")
    assert (ran.status, ran.errors) == (ExitStatus.FOUND, [])
    assert OTHER in ran.out
    assert "s3same" not in ran.out


def test_names_outside_an_archive_write_nothing(folder: Path) -> None:
    ran = lamsach("hunt", "good.log", "-i", "list.txt", *upward(folder), "-o", "found.jsonl")
    assert ran.status == ExitStatus.FOUND
    assert OTHER in ran.out
    assert not list(folder.parent.rglob("outside.log"))
    assert ".." not in (folder / "found.jsonl").read_text()
