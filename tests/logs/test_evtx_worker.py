"""The process that parses EVTX chunks: hostile chunks, its end, its absence."""

from __future__ import annotations

import gc
import io
import struct
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench.evtx_builder import FIRST_TIME, Record, sealed, strings, template_chunk
from lamsach.errors import UnreadableError
from lamsach.logs.base import FileContext
from lamsach.logs.binary.evtx import worker
from lamsach.logs.binary.evtx.records import CHUNK_BYTES, RECORDS_START, record_texts
from lamsach.logs.binary.evtx.worker import texts_of
from lamsach.logs.formats.windows.evtx import Evtx
from lamsach.model import Event, Refusal

from .evtx_builder import file

CHUNKS = [template_chunk([Record(5, strings(User=f"user{at}"))] * (at + 1)) for at in range(3)]
_HANGS = """
from lamsach.logs.binary.evtx import worker
def hang(chunk):
    while chunk[-1]: pass
    return ["a"]
worker.MOST_SECONDS, worker.record_texts = 0.3, hang
worker.serve()
"""


@pytest.fixture(autouse=True)
def own_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Isolate the worker from other tests."""
    monkeypatch.setattr(worker, "_local", type(worker._local)())


def nested(times: int, depth: int) -> bytes:
    """Build a chunk with one record, whose template repeats a value `times` times, nested `depth` deep."""
    data = bytearray(RECORDS_START) + struct.pack("<4sIQQ", b"\x2a\x2a\0\0", 0, 1, FIRST_TIME)
    data += b"\x0f\x01\x01\x00\x0c\x01abcd" + struct.pack("<I", len(data) + 14)
    definition = len(data)
    name = "Event".encode("utf-16-le") + b"\0\0"
    body = struct.pack("<IIHH", definition + 39, 0, 5, 5) + name + b"\x02"
    body += struct.pack("<BHB", 0x0E, 0, 33) * times + b"\x04"
    body = b"\x0f\x01\x01\x00" + struct.pack("<BHI", 1, 0xFFFF, len(body)) + body + b"\0"
    data += struct.pack("<I16sI", 0, b"abcd", len(body)) + body
    instance = b"\x0f\x01\x01\x00\x0c\x01abcd" + struct.pack("<I", definition)
    text = ("x" * 200).encode("utf-16-le")
    values = struct.pack("<IHBB", 1, len(text), 1, 0) + text
    for _ in range(depth):
        values = struct.pack("<IHBB", 1, len(instance + values), 33, 0) + instance + values
    data += values
    size = len(data) - RECORDS_START + 4
    struct.pack_into("<I", data, RECORDS_START + 4, size)
    data += struct.pack("<I", size)
    return sealed(bytes(data).ljust(CHUNK_BYTES, b"\0"), 1, 1, RECORDS_START, len(data))


def test_texts_in_chunk_order() -> None:
    assert list(texts_of(iter(CHUNKS))) == [record_texts(chunk) for chunk in CHUNKS]
    assert list(texts_of([])) == []
    assert list(texts_of([CHUNKS[0][:700]])) == [record_texts(CHUNKS[0][:700])]


def test_a_nested_template_is_read() -> None:
    (text,) = record_texts(nested(2, 3))
    assert text is not None
    assert text.count("x" * 200) == 16


@pytest.mark.skipif(sys.platform == "win32", reason="the memory of a process has no limit there")
def test_a_chunk_that_would_fill_the_memory_is_one_damaged_record() -> None:
    """Expands to 3 to the power of 40 values."""
    list(texts_of(CHUNKS))
    assert worker._local.worker._process is not None
    items = list(Evtx(FileContext("a.evtx")).read(io.BytesIO(file(CHUNKS[0], nested(3, 40), CHUNKS[1]))))
    assert [type(item) for item in items] == [Event, Refusal, Event, Event]
    assert [item.line for item in items if isinstance(item, Event)] == [1, 3, 4]


def test_a_chunk_that_takes_too_long_is_one_damaged_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_SERVE", _HANGS)
    endless = CHUNKS[1][:-1] + b"\1"
    assert list(texts_of([CHUNKS[0], endless, CHUNKS[2]])) == [["a"], [None], ["a"]]


@pytest.mark.parametrize("serves", ["1 / 0", "print('hello')", "import sys; sys.stdin.read()"])
def test_without_a_process_the_library_runs_here(serves: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if "stdin" in serves:  # the program is missing

        def fails(*_: object, **__: object) -> None:
            raise OSError

        monkeypatch.setattr(subprocess, "Popen", fails)
    monkeypatch.setattr(worker, "_SERVE", serves)
    assert list(texts_of(CHUNKS)) == [record_texts(chunk) for chunk in CHUNKS]


def test_one_process_reads_file_after_file() -> None:
    list(texts_of(CHUNKS))
    first = worker._local.worker
    list(texts_of(CHUNKS))
    assert worker._local.worker is first


def test_abandoned_process_ends() -> None:
    texts = texts_of(CHUNKS)
    assert next(texts) == record_texts(CHUNKS[0])
    frame = texts.gi_frame  # type: ignore[attr-defined]
    process = frame.f_locals["worker"]._process
    del frame
    texts.close()  # type: ignore[attr-defined]
    del texts
    gc.collect()
    assert process.poll() is not None
    assert list(texts_of(CHUNKS)) == [record_texts(chunk) for chunk in CHUNKS]


def test_process_is_not_shared_after_a_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a fork both processes would read from one pipe."""
    list(texts_of(CHUNKS))
    first = worker._local.worker
    monkeypatch.setattr(first, "_owner", -1)
    assert list(texts_of(CHUNKS)) == [record_texts(chunk) for chunk in CHUNKS]
    assert worker._local.worker is not first


def test_texts_before_damage() -> None:
    def chunks() -> Iterator[bytes]:
        yield from CHUNKS[:2]
        raise UnreadableError("The file is damaged.", "a.evtx", "Copy it again.")

    found: list[list[str | None]] = []
    with pytest.raises(UnreadableError):
        found.extend(texts_of(chunks()))
    assert found == [record_texts(chunk) for chunk in CHUNKS[:2]]
