"""Chunks of EVTX files, read many at a time into the same memory."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from lamsach.errors import UnreadableError
from lamsach.logs.binary.evtx.chunks import CHUNK_BYTES, FILE_MAGIC, MARGIN, ChunkReader

_BROKEN = UnreadableError("The file is damaged.", "a.evtx", "Copy it again.")


def chunk(number: int) -> bytes:
    return b"ElfChnk\0" + bytes([number]) * (CHUNK_BYTES - 8)


def header(size: int = 4096) -> bytes:
    return FILE_MAGIC.ljust(40, b"\0") + size.to_bytes(2, "little") + bytes(size - 42)


def source(data: bytes, seed: int, *, breaks: bool = False) -> Callable[[memoryview], int]:
    """Gives the data piece by piece; one that breaks raises at the end."""
    chance, at = random.Random(seed), 0

    def readinto(view: memoryview) -> int:
        nonlocal at
        piece = data[at : at + min(len(view), chance.choice([1, 7, 5000, 70_000]))]
        if breaks and not piece:
            raise _BROKEN
        view[: len(piece)] = piece
        at += len(piece)
        return len(piece)

    return readinto


def read(reader: ChunkReader, into: list[bytes]) -> None:
    for batch in reader.batches():
        assert not any(batch[-MARGIN:])
        whole = batch[:-MARGIN].tobytes()
        into += [whole[at : at + CHUNK_BYTES] for at in range(0, len(whole), CHUNK_BYTES)]


UNUSED = bytes(CHUNK_BYTES)
FILES = {
    "nothing": (b"", [], False),
    "a header": (header(), [], False),
    "half a header": (header()[:100], [], False),
    "a longer header": (header(8192) + chunk(1), [chunk(1)], False),
    "a chunk alone": (chunk(1), [chunk(1)], False),
    "a few bytes": (b"Elf", [b"Elf".ljust(CHUNK_BYTES, b"\0")], True),
    "several": (header() + chunk(1) + chunk(2) + chunk(3), [chunk(1), chunk(2), chunk(3)], False),
    "unused ones": (header() + UNUSED + chunk(1) + 3 * UNUSED + chunk(2) + UNUSED, [chunk(1), chunk(2)], False),
    "a chunk that begins with zeros": (header() + bytes(9) + chunk(1)[9:], [bytes(9) + chunk(1)[9:]], False),
    "cut off": (header() + chunk(1) + chunk(2)[:700], [chunk(1), chunk(2)[:700].ljust(CHUNK_BYTES, b"\0")], True),
    "cut off where it is unused": (header() + chunk(1) + UNUSED[:700], [chunk(1)], False),
}  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 128])
@pytest.mark.parametrize("name", FILES)
def test_chunks_come_in_order_whatever_comes_at_once(name: str, count: int) -> None:
    data, expected, cut = FILES[name]
    for seed in range(3):
        reader = ChunkReader(source(data, seed), count, 1 << 20)
        found: list[bytes] = []
        read(reader, found)
        assert found == expected
        assert reader.cut == cut


@pytest.mark.parametrize("count", [1, 2, 128])
@pytest.mark.parametrize("lost", [0, 1, 700, CHUNK_BYTES - 1])
def test_whole_chunks_before_damage_are_given(lost: int, count: int) -> None:
    data = header() + chunk(1) + chunk(2) + chunk(3)
    found: list[bytes] = []
    with pytest.raises(UnreadableError, match="damaged"):
        read(ChunkReader(source(data[: len(data) - lost], 5, breaks=True), count), found)
    assert found == [chunk(1), chunk(2), chunk(3)][: 3 if not lost else 2]
