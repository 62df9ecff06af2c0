"""A chunk's memory is read as bytes; arrays in the cache are mapped or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.hunt.memory import anonymous, populate
from lamsach.hunt.sets.npy import mapped

TEXT = st.binary(min_size=1, max_size=40).map(lambda data: data.replace(b"\0", b"\n"))
PLACE = st.integers(0, 45)


@given(TEXT, st.binary(min_size=1, max_size=4), PLACE, PLACE)
@settings(max_examples=200, deadline=None)
def test_memory_answers_as_bytes_do(data: bytes, wanted: bytes, begin: int, end: int) -> None:
    memory = anonymous(len(data))
    memory[:] = data
    begin, end = min(begin, len(data)), min(end, len(data))
    assert memory.find(wanted, begin, end) == data.find(wanted, begin, end)
    assert memory.rfind(wanted, begin, end) == data.rfind(wanted, begin, end)
    assert memory.startswith(wanted, begin, end) == data.startswith(wanted, begin, end)
    assert memory[begin:end] == data[begin:end]


@pytest.mark.parametrize("size", [1, 4096, 2 << 20, (4 << 20) + 1])
def test_memory_is_zero_and_can_be_written_to_its_end(size: int) -> None:
    memory = anonymous(size)
    assert len(memory) == size
    assert memory[-1] == 0
    array = np.frombuffer(memory, np.uint8)
    array[-1] = 7
    assert memory[-1] == 7


def test_more_memory_than_there_is_is_no_other_error() -> None:
    with pytest.raises(MemoryError):
        anonymous(1 << 62)


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.uint32, np.int64, np.uint64])
@pytest.mark.parametrize("shape", [(0,), (5,), (3, 2)])
def test_a_saved_array_is_mapped_as_it_was(tmp_path: Path, kind: type, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=kind).reshape(shape)
    np.save(tmp_path / "a.npy", array)
    found = mapped(tmp_path / "a.npy")
    populate(found.memory)
    assert np.dtype(found.kind) == array.dtype
    assert found.shape == shape
    assert found.memory[found.begin :] == array.tobytes()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY\x01\x00",
        b"\x93NUMPY\x01\x00\xff\xff{",
        b"\x93NUMPY\x02\x00" + b" " * 100,
        b"\x93NUMPY\x01\x00\x40\x00"
        + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(63)
        + b"\n",
        b"\x93NUMPY\x01\x00\x40\x00"
        + b"{'descr': '<u8', 'fortran_order': True, 'shape': (1,), }".ljust(63)
        + b"\n",
        b"\x93NUMPY\x01\x00\x40\x00" + b"__import__('os').system('true')".ljust(63) + b"\n",
    ],
)
def test_what_is_no_array_s_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(data)
    with pytest.raises(ValueError):
        mapped(path)
