"""Pieces yield the same chunks as one process that reads the whole log.

Their text is in memory or still on the disk.
"""

from __future__ import annotations

import io
import tempfile
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.cluster.borders import Border, Piece, border_after, chunks, sparse_chunks
from lamsach.cluster.split_points import PART_BYTES, Part, parts_of
from lamsach.cluster.texts import OnDisk, WholeError
from lamsach.hunt.chunks import Buffer, Chunk, Pool, cut
from lamsach.logs.opening.sources import HandleSource

Said = tuple[bytes, bool, bool, bool]


def facts(chunk: Chunk) -> Said:
    text = bytes(chunk.buffer.memory[chunk.begin : chunk.end])
    return text, chunk.whole_start, chunk.whole_end, chunk.last


def by_one(text: bytes, chunk_bytes: int) -> list[Said]:
    free, found = Pool(1, chunk_bytes), []
    for chunk in cut(HandleSource(io.BytesIO(text), "a.log"), free):
        found.append(facts(chunk))
        free.put(chunk.buffer)
    return found


def by_pieces(pieces: list[Piece], chunk_bytes: int) -> list[Said]:
    before, found, buffer = Border(), [], Buffer(chunk_bytes)
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        once = [facts(chunk) for chunk in chunks(before, piece, buffer, chunk_bytes, last=last)]
        assert [
            facts(chunk) for chunk in sparse_chunks(before, piece, buffer, chunk_bytes, last=last)
        ] == once
        found += once
        before = border_after(before, piece, chunk_bytes)
    return found


@given(
    lengths=st.lists(st.integers(0, 12_000), max_size=12),
    end=st.booleans(),
    chunk_bytes=st.integers(5000, 9000),
    part_bytes=st.integers(1, 20_000),
    skip=st.sampled_from((0, 3)),
)
@settings(max_examples=60, deadline=None)
def test_as_one_process(lengths: list[int], end: bool, chunk_bytes: int, part_bytes: int, skip: int) -> None:
    text = b"\n".join(b"%d" % (size % 7) * size for size in lengths) + b"\n" * end
    part_bytes = max(part_bytes, len(text) // 20 + skip + 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.log"
        path.write_bytes(b"\xef\xbb\xbf"[:skip] + text)
        with path.open("rb") as handle:
            parts = parts_of(handle, path.stat().st_size, skip, part_bytes)
        on_disk: list[Piece] = [OnDisk(str(path), part) for part in parts]
        data = path.read_bytes()
        loaded: list[Piece] = [data[part.offset + part.skip : part.offset + part.length] for part in parts]
        expected = by_one(text, chunk_bytes)
        assert by_pieces(on_disk, chunk_bytes) == expected
        assert by_pieces(loaded, chunk_bytes) == expected


def test_a_file_that_became_shorter_or_vanished_is_read_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"a line\n" * 1000)
    piece = OnDisk(str(path), Part(0, 7000, False, False))
    assert border_after(Border(), piece, 4096).offset == 585 * 7
    path.write_bytes(b"a line\n" * 500)
    with pytest.raises(WholeError):
        border_after(Border(), piece, 4096)
    with pytest.raises(WholeError):
        list(sparse_chunks(Border(), piece, Buffer(4096), 4096, last=True))
    path.unlink()
    with pytest.raises(WholeError):
        list(chunks(Border(), piece, Buffer(4096), 4096, last=True))


def test_a_chunk_that_is_looked_at_stays_where_it_is_unless_the_file_ends_there(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"a line\n" * 2000)
    buffer = Buffer(4096)
    found = [
        chunk.buffer is buffer
        for chunk in sparse_chunks(
            Border(), OnDisk(str(path), Part(0, 14000, False, True)), buffer, 4096, last=True
        )
    ]
    assert found == [False, False, False, True]


@given(size=st.integers(0, 10**13), threads=st.integers(1, 400))
def test_a_plain_files_pieces_become_shorter_and_are_its_bytes_each_once(size: int, threads: int) -> None:
    parts = parts_of(io.BytesIO(), size, 3, PART_BYTES, threads)
    assert [part.offset for part in parts] == [0, *accumulate(part.length for part in parts)][:-1]
    assert sum(part.length for part in parts) == size
    lengths = [part.length for part in parts]
    assert lengths == sorted(lengths, reverse=True)
    assert [part.last for part in parts] == [False] * (len(parts) - 1) + [True]
    assert len(parts) == 1 or min(lengths[:-1]) >= PART_BYTES


@pytest.mark.parametrize(
    ("size", "megabytes"),
    [
        (6_000_000_000, [512] * 8 + [406, 304, 228, 171, 160, 160, 160, 34]),
        (100_000_000, [23, 17, 16, 16, 16, 5]),
    ],
)
def test_a_plain_logs_pieces(size: int, megabytes: list[int]) -> None:
    assert [part.length >> 20 for part in parts_of(io.BytesIO(), size, 0, PART_BYTES, 2)] == megabytes
