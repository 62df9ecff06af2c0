"""EVTX files: whole, damaged, cut short, copied while in use; small ones are written by the test."""

from __future__ import annotations

import io
import json
import random
import struct
import sys
from pathlib import Path

import pytest

from lamsach.errors import UnreadableError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.windows.evtx import Evtx
from lamsach.logs.formats.windows.windows_event_json import WindowsEventJson
from lamsach.model import Event, EventKind, Refusal

sys.path.append(str(Path(__file__).parents[1]))

from evtx_builder import CHUNK_BYTES, chunk, event, file

SAMPLES = Path(__file__).parents[3] / "../shared/samples/evtx"


def connection(number: int) -> tuple:
    return event(3, {"Initiated": "true", "SourceIp": "10.20.0.31", "SourcePort": str(49000 + number),
                     "DestinationIp": "203.0.113.77", "DestinationPort": "443",
                     "User": "UNIT\\minh.tran"})  # fmt: skip


def read(data: bytes) -> tuple[list[Event], list[Refusal], bool]:
    """Return events, refusals, and whether the file is reported as cut short."""
    events: list[Event] = []
    refusals: list[Refusal] = []
    try:
        for item in Evtx(FileContext("a.evtx")).read(io.BytesIO(data)):
            (events if isinstance(item, Event) else refusals).append(item)
    except UnreadableError:
        return events, refusals, True
    return events, refusals, False


def ports(events: list[Event]) -> list[int]:
    return [event.source_port - 49000 for event in events]


FIVE = chunk([connection(n) for n in range(5)])
FIVE_MORE = chunk([connection(n) for n in range(5, 10)], first=6)


def test_a_record_is_an_event():
    events, refusals, cut = read(file(FIVE))
    assert (len(events), refusals, cut) == (5, [], False)
    first = events[0]
    assert (first.kind, first.source_ip, first.source_port) == (EventKind.CONNECTION, "10.20.0.31", 49000)
    assert (first.destination_ip, first.device_ip, first.device_name) == (
        "203.0.113.77",
        "10.20.0.31",
        "PC-MINH",
    )
    assert (first.user, first.format, first.file, first.line) == ("UNIT\\minh.tran", "evtx", "a.evtx", 1)
    assert first.time.isoformat() == "2026-06-10T08:00:01.500000+00:00"


def test_the_chunks_are_read_in_order_and_lines_count_records():
    events, _, _ = read(file(FIVE, FIVE_MORE))
    assert ports(events) == list(range(10))
    assert [event.line for event in events] == list(range(1, 11))


@pytest.mark.parametrize(
    "data",
    [
        file(FIVE, FIVE_MORE, dirty=True),
        FIVE + FIVE_MORE,
        file(FIVE, bytes(CHUNK_BYTES), FIVE_MORE, bytes(CHUNK_BYTES)),
    ],
    ids=["dirty header", "no header", "unused chunks"],
)
def test_the_header_is_not_trusted(data):
    events, refusals, cut = read(data)
    assert (ports(events), refusals, cut) == (list(range(10)), [], False)


def test_a_damaged_record_spoils_no_other():
    place = FIVE.index("Event".encode("utf-16-le"), 512)
    damaged = bytearray(FIVE)
    damaged[place - 8 : place + 400] = b"\xff" * 408
    events, refusals, cut = read(file(bytes(damaged), FIVE_MORE))
    assert (ports(events), len(refusals), cut) == (list(range(1, 10)), 1, False)
    assert refusals[0].reference.row == 1
    assert refusals[0].reason


@pytest.mark.parametrize("record", [0, 1, 3])
@pytest.mark.parametrize(("size", "lost"), [(8, 0), (200, 1)])
def test_a_damaged_head_of_a_record_spoils_no_other(record, size, lost):
    """Damage in the head alone leaves the record itself readable."""
    place = 511
    for _ in range(record + 1):
        place = FIVE.index(b"\x2a\x2a\0\0", place + 1)
    damaged = bytearray(FIVE)
    damaged[place : place + size] = b"\xff" * size
    events, refusals, _ = read(file(bytes(damaged), FIVE_MORE))
    assert ports(events) == [n for n in range(10) if n != record or not lost]
    assert len(refusals) == lost


def test_a_chunk_without_its_magic_is_still_read():
    events, _, _ = read(file(b"\0" * 8 + FIVE[8:], FIVE_MORE))
    assert ports(events) == list(range(10))


def test_a_chunk_of_rubbish_is_refused_once():
    rubbish = random.Random(1).randbytes(CHUNK_BYTES)
    events, refusals, _ = read(file(FIVE, rubbish, FIVE_MORE))
    assert (ports(events), len(refusals)) == (list(range(10)), 1)


def test_a_truncated_file_is_read_and_reported():
    end = FIVE_MORE.index("49007".encode("utf-16-le"))
    events, _, cut = read(file(FIVE, FIVE_MORE)[: 4096 + CHUNK_BYTES + end])
    assert ports(events) == [*range(7)]
    assert cut


def test_any_damage_gives_events_and_refusals_only():
    chance = random.Random(7)
    whole = file(FIVE, FIVE_MORE)
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 10, 300))):
            data[chance.randrange(4096, 4096 + 6000)] = chance.randrange(256)
        events, refusals, _ = read(bytes(data[: chance.choice((len(data), len(data), 70000))]))
        assert all(event.format == "evtx" for event in events)
        assert all(refusal.reason for refusal in refusals)


def test_a_mark_of_a_record_at_the_very_end_is_no_record():
    damaged = bytearray(FIVE)
    damaged[512:520] = b"\xff" * 8
    damaged[-4:] = b"\x2a\x2a\0\0"
    events, _, _ = read(file(bytes(damaged)))
    assert ports(events) == list(range(5))


def test_a_chain_of_names_that_leads_back_to_itself_is_not_followed():
    """A name in the chunk's table refers to another, which refers to the first."""
    one, other = (FIVE.index(name.encode("utf-16-le"), 512) - 8 for name in ("Event", "System"))
    damaged = bytearray(FIVE)
    struct.pack_into("<I", damaged, one, other)
    struct.pack_into("<I", damaged, other, one)
    struct.pack_into("<I", damaged, 128, one)
    events, _, _ = read(file(bytes(damaged)))
    assert ports(events) == list(range(5))


def test_impossible_times_are_refusals():
    events, refusals, _ = read(file(chunk([event(3, {}, time="soon"), connection(1)])))
    assert ports(events) == [1]
    assert refusals[0].reason == "The text is not a time."


@pytest.mark.parametrize(
    "data, computer",
    [
        ({"QueryName": "bot-c2.xyz", "QueryResults": "-"}, "PC-MINH"),
        ({"QueryName": 'a"b\\c'}, 'PC"\\-1'),
        ({}, "PC-Tiếng-Việt"),
    ],
)
def test_the_quick_reader_agrees_with_the_full_one(data, computer):
    """Names and values with escapes, and events without data, are read like any JSON."""
    (found,), _, _ = read(file(chunk([event(22, data, computer=computer)])))
    long = {
        "Event": {"System": {"Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}}, "EventID": 22,
            "Computer": computer,
                                 "TimeCreated": {
                                     "#attributes": {"SystemTime": "2026-06-10T08:00:01.500000Z"}}},
                                     "EventData": data}}  # fmt: skip
    wanted = WindowsEventJson(FileContext("a.evtx")).parse(json.dumps(long), 1)
    assert (found.domain, found.device_name, found.time) == (wanted.domain, wanted.device_name, wanted.time)


def test_recognised_by_its_magic():
    assert Evtx.recognises(file(FIVE)[:4096])
    assert Evtx.recognises(FIVE[:4096])
    assert not Evtx.recognises(b"ElfFile is a word")
    assert not Evtx.recognises(b"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>")


def test_the_samples_give_as_many_records_as_they_hold():
    cases = SAMPLES / "cases.jsonl"
    if not cases.is_file():
        pytest.skip("the samples are not here")
    for line in cases.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        events, refusals, cut = read((SAMPLES / case["file"]).read_bytes())
        assert (len(events), refusals, cut) == (case["expected"]["records"], [], False), case["id"]
