from __future__ import annotations

import io
import struct
import tarfile

import pytest

from lamsach.scanner.archives import Budget, content, members
from lamsach.scanner.options import Limits
from lamsach.scanner.safe_open import Skipped


def header(kind: bytes, size: int, name: str = "x") -> bytes:
    info = tarfile.TarInfo(name)
    info.type = kind
    block = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    block[124:136] = b"%011o\0" % size if size >= 0 else b"\xff" * 4 + struct.pack(">q", size)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def extended(kind: bytes, body: bytes) -> bytes:
    return header(kind, len(body)) + body + b"\0" * (-len(body) % 512)


FIRST = header(b"0", 0, "first")
END = header(b"0", 0, "last") + b"\0" * 1024


def names(data: bytes) -> list[str]:
    return [
        member.name for member in members(io.BytesIO(data), "tar", "x.tar", Budget.of(len(data), Limits()))
    ]


@pytest.mark.parametrize(
    "data",
    [
        FIRST + extended(b"x", b"1" * (1 << 20)) + END,
        FIRST + extended(b"g", b"1" * (1 << 20)) + END,
        FIRST + extended(b"x", b"9 a=" + b"\xff" * (2 << 20)) + END,
        FIRST + extended(b"L", b"a" * (2 << 20)) + END,
        FIRST + header(b"0", -512) + END,
        FIRST + header(b"x", -1024) + END,
        header(b"0", -512) + END,
    ],
    ids=["number", "number for all", "large", "long name", "back to the first", "back from a header", "back"],
)
def test_headers_that_would_break_the_reader(data: bytes) -> None:
    with pytest.raises(Skipped) as caught:
        names(data)
    assert caught.value.reason == "archive_damaged"


@pytest.mark.parametrize("layout", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_and_attributes_are_read(layout: int) -> None:
    file, long = io.BytesIO(), "thư-mục/" * 60 + "x"
    with tarfile.open(fileobj=file, mode="w", format=layout) as archive:
        for name in ("first", long, "last"):
            info = tarfile.TarInfo(name)
            info.size = 3
            info.pax_headers = {"SCHILY.xattr.user.a": "9" * 200, "mtime": "1664150400.123456789"}
            archive.addfile(info, io.BytesIO(b"abc"))
    budget = Budget.of(1 << 20, Limits())
    found = [
        (member.name, content(member, budget).read())
        for member in members(io.BytesIO(file.getvalue()), "tar", "x.tar", budget)
    ]
    assert found == [("first", b"abc"), (long, b"abc"), ("last", b"abc")]


@pytest.mark.parametrize("size", [0, 100, 1024])
def test_an_archive_that_is_cut_off_in_a_header_is_damaged(size: int) -> None:
    with pytest.raises(Skipped) as caught:
        names((FIRST + extended(b"x", b"12 path=abcd\n"))[:size])
    assert caught.value.reason == "archive_damaged"


def test_an_archive_without_its_end_is_read() -> None:
    assert names(FIRST) == ["first"]
