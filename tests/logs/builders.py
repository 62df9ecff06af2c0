"""Builders of inputs of every kind, and helpers that read them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

import zstandard

from lamsach.errors import LamsachError
from lamsach.logs.opening.inputs import LogFile, find_logs
from lamsach.logs.opening.limits import DEFAULT_LIMITS, Limits
from lamsach.model import Problem

COMPRESS = {
    "gz": lru_cache(32)(gzip.compress),
    "bz2": lru_cache(32)(bz2.compress),
    "xz": lru_cache(32)(lzma.compress),
    "zst": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
}
"""Compressors; the slow ones cache results, since many tests compress the same data."""
LINES = b"".join(b"%d 10.0.%d.%d evil.example\n" % (n * 7919, n % 251, n * 31 % 253) for n in range(20_000))
SMALL = Limits(max_ratio=100, ratio_from_bytes=1 << 20, max_members=10)
"""Limits that small test files exceed."""


def logs(
    *paths: Path | str, limits: Limits = DEFAULT_LIMITS, password: bytes | None = None
) -> tuple[list[LogFile], list[Problem]]:
    """Return the log files at these paths, and the reported problems."""
    problems: list[Problem] = []
    found = list(
        find_logs([str(path) for path in paths], limits=limits, password=password, on_problem=problems.append)
    )
    return found, problems


def read(log_file: LogFile, piece: int = 1 << 16) -> tuple[bytes, LamsachError | None]:
    """Return a log's readable bytes, and the error at their end."""
    data = bytearray()
    view = memoryview(bytearray(piece))
    try:
        with log_file.open() as stream:
            while count := stream.readinto(view):
                data += view[:count]
    except LamsachError as error:
        return bytes(data), error
    return bytes(data), None


def read_one(path: Path | str, **options: object) -> tuple[bytes, LamsachError | None]:
    """Read the only log at a path."""
    (log_file,), problems = logs(path, **options)  # type: ignore[arg-type]
    assert not problems
    return read(log_file)


def refused(path: Path, **options: object) -> str:
    """Return the only problem of a file in which no log is found."""
    found, (problem,) = logs(path, **options)  # type: ignore[arg-type]
    assert (found, problem.where) == ([], str(path))
    return problem.what


def make_zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip archive."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 6, 5, 7, 31, 12)), data, method)
    return path


def make_tar(members: dict[str, bytes], **options: object) -> bytes:
    """Build a tar archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", **options) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_780_000_000
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def make_locked_zip(path: Path, name: str, data: bytes, password: bytes) -> Path:
    """Write a zip archive with one stored member, locked with the classic cipher.

    APPNOTE.TXT section 6.1."""
    crc = zlib.crc32(data)
    body = _encrypt(bytes(11) + bytes([crc >> 24]) + data, password)
    encoded = name.encode()
    common = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 0x5CC5, crc, len(body), len(data), len(encoded), 0)
    local = b"PK\x03\x04" + common + encoded + body
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + encoded
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    path.write_bytes(local + central + end)
    return path


def _encrypt(data: bytes, password: bytes) -> bytes:
    table = [_crc_entry(n) for n in range(256)]
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = table[(keys[0] ^ byte) & 255] ^ keys[0] >> 8
        keys[1] = ((keys[1] + (keys[0] & 255)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = table[(keys[2] ^ keys[1] >> 24) & 255] ^ keys[2] >> 8

    for byte in password:
        update(byte)
    out = bytearray()
    for byte in data:
        stream = keys[2] | 2
        out.append(byte ^ (stream * (stream ^ 1) >> 8 & 255))
        update(byte)
    return bytes(out)


def _crc_entry(n: int) -> int:
    for _ in range(8):
        n = n >> 1 ^ (0xEDB88320 if n & 1 else 0)
    return n
