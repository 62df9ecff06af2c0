"""Unusual, damaged and hostile records of EVTX files affect no others."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.evtx_builder import ANSI, BOOL, FIRST_TIME, STRING, Record, resealed, strings, template_chunk, text
from lamsach.logs.binary.evtx.records import CHUNK_BYTES, RECORDS_START, record_texts
from lamsach.model import Event, Refusal

from .evtx_builder import file
from .evtx_events import connection, some_record
from .evtx_reader import full_parse, items_of

UNUSUAL_RECORDS = {
    "data without names": Record(900, strings(a="1"), unnamed=True),
    "data in another element": Record(900, strings(a="1"), inner="UserData"),
    "no data": Record(900, []),
    "one name twice": Record(900, [("A", *text("1")), ("A", *text("2"))]),
    "a kind that Windows has not": Record(900, [("A", ANSI, b"text")], "Other", "Application"),
    "a name with a quotation mark": Record(900, strings(A="1"), computer='PC"', literal=False),
    "a name with a backslash": Record(900, strings(A="1"), provider="A\\B"),
    "half a surrogate pair": Record(900, [("A", STRING, b"\x00\xd8")], "Other", "Application"),
    "an endless name": Record(900, strings(A="1"), channel="a" * 2000),
    "a truth value of three": Record(3, [("Initiated", BOOL, b"\3\0\0\0")]),
    "more values than usual": Record(900, strings(**{f"a{at}": "1" for at in range(70)})),
    "a time far away": replace(connection(True), time=0),
}


@pytest.mark.parametrize("record", UNUSUAL_RECORDS.values(), ids=UNUSUAL_RECORDS)
def test_unusual_record_affects_no_other(record: Record) -> None:
    usual = connection(True)
    chunk = template_chunk([usual, record, usual])
    items = items_of(file(chunk))
    assert items == full_parse(chunk)
    assert [item.destination_ip for item in items if isinstance(item, Event)][::2] == ["192.168.56.101"] * 2


def test_half_a_character_shifts_no_other_record() -> None:
    data = [strings(QueryName=f"h{at}.example", QueryResults="::ffff:192.0.2.1;") for at in range(5)]
    data[2][0] = ("QueryName", STRING, b"h\0.\0e\0x\0a")
    events = items_of(file(template_chunk([Record(22, values) for values in data])))
    assert [event.domain for event in events if isinstance(event, Event)][2:] == ["h3.example", "h4.example"]


class PanicException(BaseException):
    pass


@pytest.mark.parametrize(
    "error",
    [
        PanicException("Failed to parse record number 1: panicked"),
        RuntimeError("Failed to parse record number 1"),
    ],
)
def test_a_panic_of_the_library_is_a_damaged_record(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def __init__(self, *_: object, **__: object) -> None:
            self._given = iter([{"data": "a"}, error, {"data": "b"}])

        def records_json(self) -> Broken:
            return self

        def __iter__(self) -> Broken:
            return self

        def __next__(self) -> dict[str, str]:
            found = next(self._given)
            if isinstance(found, BaseException):
                raise found
            return found

    monkeypatch.setattr("evtx.PyEvtxParser", Broken)
    assert record_texts(bytes(CHUNK_BYTES)) == ["a", None, "b"]
    monkeypatch.setattr(Broken, "__next__", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        record_texts(bytes(CHUNK_BYTES))


def test_records_without_bodies() -> None:
    """A chunk full of record headers without bodies is refused, and the next chunk is read."""
    count = (CHUNK_BYTES - RECORDS_START) // 32
    chunk = bytearray(template_chunk([connection(True)]))
    for at in range(count):
        head = struct.pack("<4sIQQ", b"\x2a\x2a\0\0", 32, at, FIRST_TIME)
        chunk[RECORDS_START + 32 * at : RECORDS_START + 32 * at + 32] = (
            head + bytes(4) + struct.pack("<I", 32)
        )
    struct.pack_into("<II", chunk, 44, RECORDS_START, RECORDS_START + 32 * count)
    items = items_of(file(resealed(bytes(chunk)), template_chunk([connection(True)])))
    assert 1 < len(items) <= count + 1
    assert [type(item) for item in items] == [Refusal] * (len(items) - 1) + [Event]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 3),
    st.lists(st.tuples(st.integers(512, 12000), st.binary(min_size=1, max_size=4)), min_size=1, max_size=8),
)
def test_damage_with_valid_checksums_affects_one_chunk(
    seed: int, changes: Sequence[tuple[int, bytes]]
) -> None:
    """An attacker who changes a log can recompute the checksums."""
    data = bytearray(template_chunk([some_record(random.Random(seed + at)) for at in range(12)]))
    for place, new in changes:
        data[place : place + len(new)] = new
    items = items_of(file(resealed(bytes(data)), template_chunk([connection(True)])))
    assert isinstance(items[-1], Event)
    assert items[-1].destination_ip == "192.168.56.101"
