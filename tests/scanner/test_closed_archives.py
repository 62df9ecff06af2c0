"""rar, 7z and cab archives, built byte by byte after the formats' specifications (7z by libarchive)."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path

import pytest

from lamsach.scanner import closed_archives
from lamsach.scanner.findings import Level
from tests.programs import in_ci

from .planted import SMALL, scan_paths

PROGRAM = b"MZ" + b"this stands for a program" * 40
LIBRARY = closed_archives.library()
with_library = pytest.mark.skipif(LIBRARY is None and not in_ci(), reason="libarchive is not installed")


def seven_zip(**files: bytes) -> bytes:
    assert LIBRARY is not None
    out = io.BytesIO()
    with LIBRARY.custom_writer(lambda data: out.write(data) or len(data), "7zip") as archive:
        for name, content in files.items():
            archive.add_file_from_memory(name, len(content), content)
    return out.getvalue()


def cabinet(name: str, content: bytes) -> bytes:
    """Return an MS-CAB file: header, one folder without compression, one file, one block of data."""
    entry = struct.pack("<IIHHHH", len(content), 0, 0, 0x5A21, 0, 0x20) + name.encode() + b"\0"
    start = 36 + 8 + len(entry)
    block = struct.pack("<IHH", 0, len(content), len(content)) + content
    head = struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, start + len(block), 0, 44, 0, 3, 1, 1, 1, 0, 7, 0)
    return head + struct.pack("<IHH", start, 1, 0) + entry + block


def rar4(name: str, content: bytes, flags: int = 0x8000) -> bytes:
    """Return a RAR 2.9 file: marker, archive header, one stored file, end."""

    def block(kind: int, flags: int, fields: bytes) -> bytes:
        body = struct.pack("<BHH", kind, flags, 7 + len(fields)) + fields
        return struct.pack("<H", zlib.crc32(body) & 0xFFFF) + body

    fields = struct.pack(
        "<IIBIIBBHI",
        len(content),
        len(content),
        3,
        zlib.crc32(content),
        0x5A210000,
        20,
        0x30,
        len(name),
        0o100644,
    )
    return (
        b"Rar!\x1a\x07\x00"
        + block(0x73, 0, bytes(6))
        + block(0x74, flags, fields + name.encode())
        + content
        + block(0x7B, 0x4000, b"")
    )


def rar5(name: str, content: bytes) -> bytes:
    """Return a RAR 5.0 file: signature, main header, one stored file, end."""

    def number(value: int) -> bytes:
        out = bytearray()
        while value > 0x7F:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*out, value])

    def block(fields: bytes) -> bytes:
        body = number(len(fields)) + fields
        return struct.pack("<I", zlib.crc32(body)) + body

    size = number(len(content))
    file = (
        number(2)
        + number(2)
        + size
        + number(4)
        + size
        + number(0o644)
        + struct.pack("<I", zlib.crc32(content))
    )
    file += number(0) + number(1) + number(len(name)) + name.encode()
    return (
        b"Rar!\x1a\x07\x01\x00"
        + block(number(1) + number(0) + number(0))
        + block(file)
        + content
        + block(number(5) + number(0) + number(0))
    )


def archive(kind: str, name: str, content: bytes) -> bytes:
    if kind == "7z":
        return seven_zip(**{name: content})
    return {"cab": cabinet, "rar": rar4, "rar5": rar5}[kind](name, content)


KINDS = ("7z", "cab", "rar", "rar5")


@with_library
@pytest.mark.parametrize("kind", KINDS)
def test_a_listed_program_inside_is_found(tmp_path: Path, kind: str) -> None:
    (tmp_path / "setup.bin").write_bytes(archive(kind, "tools/patch.exe", PROGRAM))
    listed = tmp_path / "list.txt"
    listed.write_text(hashlib.sha256(PROGRAM).hexdigest())
    result = scan_paths(tmp_path, lists=[str(listed)], exclude=[str(listed)])
    [finding] = [item for item in result.findings if item.level is Level.MALICIOUS]
    assert finding.subject.endswith("setup.bin!tools/patch.exe")
    assert set(result.skipped) <= {"excluded"}


@with_library
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_ones_are_listed(tmp_path: Path, kind: str) -> None:
    data = archive(kind, "patch.exe", PROGRAM)
    (tmp_path / "a.bin").write_bytes(data[: len(data) - len(PROGRAM) // 2 if kind != "7z" else 60])
    assert "archive_damaged" in scan_paths(tmp_path).skipped


@with_library
def test_a_bomb_is_listed(tmp_path: Path) -> None:
    (tmp_path / "a.7z").write_bytes(seven_zip(a=bytes(3 << 20)))
    assert "archive_bomb" in scan_paths(tmp_path, limits=SMALL).skipped


@with_library
def test_a_locked_one_is_listed(tmp_path: Path) -> None:
    """Flag 4 of a file header marks encryption."""
    (tmp_path / "a.rar").write_bytes(rar4("setup.exe", PROGRAM, flags=0x8004))
    assert scan_paths(tmp_path).skipped.keys() == {"archive_locked"}


@with_library
def test_a_name_that_leaves_the_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.cab").write_bytes(cabinet("..\\..\\x.dll", b"x"))
    assert "climbing_name" in {finding.reason for finding in scan_paths(tmp_path).findings}


@pytest.mark.parametrize("kind", ["cab", "rar", "rar5"])
def test_without_the_library_they_are_reported_as_unopened(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closed_archives, "library", lambda: None)
    (tmp_path / "a.bin").write_bytes(archive(kind, "patch.exe", PROGRAM))
    assert "archive_closed" in scan_paths(tmp_path).skipped
