"""Descriptions of sources: the head is read on demand, at any size, and survives rewriting."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import pytest

from lamsach.archive.sources import Source, load, pack_head, save
from lamsach.archive.store import Store
from lamsach.errors import UnreadableError


@pytest.mark.parametrize("size", [0, 1, 100, 4000, 60_000])
@pytest.mark.parametrize("name", ["fw.log", "a\n" + "ố" * 3000])
def test_stored_and_changed(tmp_path: Path, size: int, name: str) -> None:
    store, head = Store(str(tmp_path)), random.Random(size).randbytes(size)
    source = Source("0123456789abcdef", name, packed_head=pack_head(head), format="zeek_tsv")
    save(store, source)
    for _ in range(3):
        source = pickle.loads(pickle.dumps(load(store, source.object_name)))
        assert (source.head, source.name, source.format) == (head, name, "zeek_tsv")
        source.whole = not source.whole
        save(store, source)
    assert load(store, source.object_name).whole is True
    source.head = b"another"
    save(store, source)
    assert load(store, source.object_name).head == b"another"


def test_a_large_head_is_not_held(tmp_path: Path) -> None:
    store, head = Store(str(tmp_path)), random.Random(1).randbytes(60_000)
    save(store, Source("0123456789abcdef", "fw.log", packed_head=pack_head(head)))
    assert load(store, "sources/0123456789abcdef.src").packed_head == b""


@pytest.mark.parametrize("size", [10, 60_000])
def test_a_damaged_source_is_unreadable(tmp_path: Path, size: int) -> None:
    store = Store(str(tmp_path))
    save(store, Source("0123456789abcdef", "fw.log", packed_head=pack_head(random.Random(1).randbytes(size))))
    path = tmp_path / "sources" / "0123456789abcdef.src"
    whole = path.read_bytes()
    place = whole.index(b"\n")
    path.write_bytes(whole[:place] + b"\nXXXX" + whole[place + 5 :])
    with pytest.raises(UnreadableError):
        load(store, "sources/0123456789abcdef.src")
    path.write_bytes(whole[: place + size // 2 + 10])
    with pytest.raises(UnreadableError):
        print(load(store, "sources/0123456789abcdef.src").head)
    path.write_bytes(whole[: place // 2])
    with pytest.raises(UnreadableError):
        load(store, "sources/0123456789abcdef.src")
