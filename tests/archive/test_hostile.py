"""Archives of arbitrary bytes: problems are reported, nothing crashes."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.archive import filters
from lamsach.archive.archive import Archive
from lamsach.archive.questions import questions
from lamsach.archive.retro import retro
from lamsach.archive.segment import head_of, salvage
from lamsach.archive.verification import verify
from lamsach.errors import UnreadableError
from lamsach.investigate import Request
from tests.archive.builders import filled, firewall_log, write_list
from tests.archive.test_keys import compiled


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Archive, Path]:
    folder = tmp_path_factory.mktemp("hostile")
    log = folder / "fw.log"
    log.write_text("\n".join(firewall_log(random.Random(1), 400, hits=5)) + "\n")
    return filled(folder / "archive", log, chunk_bytes=16 << 10)[0], write_list(folder)


@pytest.mark.parametrize("seed", range(25))
def test_a_damaged_segment_is_reported(seed: int, made: tuple[Archive, Path]) -> None:
    archive, listed = made
    rng = random.Random(seed)
    assert archive.store.folder is not None
    path = archive.store.folder / archive.segments()[rng.randrange(3)].name
    whole = path.read_bytes()
    data = bytearray(whole)
    head = struct.unpack_from("<I", data, 4)[0]
    for _ in range(rng.choice((1, 3, 30))):
        data[rng.randrange(rng.choice((60, head, len(data))))] = rng.choice(
            (*b'0123456789"[]{},:', rng.randrange(256))
        )
    try:
        path.write_bytes(bytes(data))
        changed = bytes(data) != whole
        assert bool(verify(archive).problems) is changed
        retro(archive, Request([""], [str(listed)]))
    finally:
        path.write_bytes(whole)


def test_a_changed_pack_is_made_anew(made: tuple[Archive, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    archive, listed = made
    monkeypatch.setattr("lamsach.archive.catalog.GROUP", 2)
    before, _, _ = retro(archive, Request([""], [str(listed)]))
    assert archive.store.folder is not None
    for name in archive.store.names("packs"):
        path = archive.store.folder / name
        path.write_bytes(path.read_bytes().replace(b"fortigate", b"fortigatf"))
    after, _, _ = retro(archive, Request([""], [str(listed)]))
    assert after.sightings == before.sightings
    assert after.coverage == before.coverage


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_no_segment(data: bytes) -> None:
    for start in (b"", struct.pack("<II8sI", 0x184D2A50, len(data) + 12, b"LAMSEG1\0", len(data))):
        with pytest.raises(UnreadableError):
            head_of(start + data + b"\0" * 40, "x", b"key")
    salvage(data)


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(*[st.integers(0, 60), st.integers(1, 24)] * 2),
    st.binary(min_size=0, max_size=300),
    st.lists(st.from_regex(r"[a-c](\.[ab]){0,4}\.example", fullmatch=True), max_size=20),
)
def test_a_filter_of_any_bytes_can_be_asked(shape: tuple[int, ...], data: bytes, values: list[str]) -> None:
    size = filters.size_of(shape)
    whole = (data * (size // max(1, len(data)) + 1) + b"\0" * size)[:size]
    filters.query(questions(compiled(*values)), [0], [list(shape)], np.frombuffer(whole, np.uint8))


@pytest.mark.parametrize(
    "shape", [[1, 0, 1, 5], [1, 25, 1, 5], [-1, 10, 1, 5], [1 << 40, 10, 1, 5], [1, 10, 1]]
)
def test_a_shape_that_no_filter_has_is_refused(shape: list[int]) -> None:
    with pytest.raises(ValueError):
        filters.size_of(shape)
