"""Chunks of EVTX files, in file order."""

from __future__ import annotations

import io
import random

import pytest

from lamsach.errors import UnreadableError
from lamsach.logs.binary.evtx.records import CHUNK_BYTES, FILE_MAGIC, read_chunks

_BROKEN = UnreadableError("The file is damaged.", "a.evtx", "Copy it again.")


def chunk(number: int) -> bytes:
    return b"ElfChnk\0" + bytes([number]) * (CHUNK_BYTES - 8)


def header(size: int = 4096) -> bytes:
    return FILE_MAGIC.ljust(40, b"\0") + size.to_bytes(2, "little") + bytes(size - 42)


class _Pieces(io.RawIOBase):
    """A stream of pieces; with `breaks` it raises at the end."""

    def __init__(self, data: bytes, seed: int, *, breaks: bool = False) -> None:
        self._data, self._chance, self._breaks = data, random.Random(seed), breaks

    def readable(self) -> bool:
        return True

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        piece = self._data[: min(len(view), self._chance.choice([1, 7, 5000, 70_000]))]
        if self._breaks and not piece:
            raise _BROKEN
        view[: len(piece)] = piece
        self._data = self._data[len(piece) :]
        return len(piece)


UNUSED = bytes(CHUNK_BYTES)
FILES = {
    "nothing": (b"", []),
    "a header": (header(), []),
    "half a header": (header()[:100], []),
    "a longer header": (header(8192) + chunk(1), [chunk(1)]),
    "a chunk alone": (chunk(1), [chunk(1)]),
    "a few bytes": (b"Elf", [b"Elf"]),
    "several": (header() + chunk(1) + chunk(2) + chunk(3), [chunk(1), chunk(2), chunk(3)]),
    "unused ones": (header() + UNUSED + chunk(1) + 3 * UNUSED + chunk(2) + UNUSED, [chunk(1), chunk(2)]),
    "a chunk that begins with zeros": (header() + bytes(9) + chunk(1)[9:], [bytes(9) + chunk(1)[9:]]),
    "cut off": (header() + chunk(1) + chunk(2)[:700], [chunk(1), chunk(2)[:700]]),
    "cut off where it is unused": (header() + chunk(1) + UNUSED[:700], [chunk(1)]),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_chunks_in_order_for_any_piece_size(name: str) -> None:
    data, expected = FILES[name]
    for seed in range(5):
        assert list(read_chunks(io.BufferedReader(_Pieces(data, seed), 1 << 17))) == expected


@pytest.mark.parametrize("lost", [0, 1, 700, CHUNK_BYTES - 1])
def test_complete_chunks_before_damage(lost: int) -> None:
    data = header() + chunk(1) + chunk(2) + chunk(3)
    found: list[bytes] = []
    stream = io.BufferedReader(_Pieces(data[: len(data) - lost], 5, breaks=True), 1 << 20)
    with pytest.raises(UnreadableError, match="damaged"):
        found.extend(read_chunks(stream))
    assert found == [chunk(1), chunk(2), chunk(3)][: 3 if not lost else 2]
