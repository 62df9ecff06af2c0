"""EVTX files as Windows writes them, with records as instances of templates.

Records with named data are read as by the reader of all shapes.
"""

from __future__ import annotations

import io
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.evtx_builder import FIRST_TIME, Record, full_chunks, strings, template_chunk
from bench.reading_evtx import EVENT_LOGS, records_of
from lamsach.logs.binary.evtx.records import CHUNK_BYTES, may_state_holder, named_record, record_texts
from lamsach.logs.formats.windows.evtx import Evtx
from lamsach.logs.mappings.windows.events import READS
from lamsach.logs.mappings.windows.record import WindowsRecord
from lamsach.model import Event, EventKind

from .evtx_builder import file
from .evtx_events import SECURITY, connection, filtered, some_digests, some_records
from .evtx_reader import CONTEXT, full_parse, items_of
from .whole_logs import as_tables, by_line

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples" / "evtx" / "files"


def some_log(seed: int, count: int = 3) -> bytes:
    chance = random.Random(seed)
    return file(*(some_records(chance) for _ in range(count)))


@pytest.mark.parametrize(
    "initiated, inbound, device", [(True, False, "192.168.56.1"), (False, True, "192.168.56.101")]
)
def test_initiated_is_a_boolean(initiated: bool, inbound: bool, device: str) -> None:
    """In Sysmon's schema `Initiated` is a Boolean, also in the library's output.

    If it were missed, the remote machine would be blamed."""
    (event,) = items_of(file(template_chunk([connection(initiated)])))
    assert isinstance(event, Event)
    assert (event.inbound, event.device_ip) == (inbound, device)


@pytest.mark.parametrize("seed", range(12))
def test_named_data_are_read_as_any_shape(seed: int) -> None:
    chunk = some_records(random.Random(seed))
    assert items_of(file(chunk)) == full_parse(chunk)


@pytest.mark.parametrize("seed", range(8))
def test_tables_equal_single_events(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "a.evtx"
    path.write_bytes(some_log(seed))
    assert as_tables(path) == by_line(path)


def test_every_time_is_read_to_the_microsecond() -> None:
    (event,) = items_of(file(template_chunk([Record(5, strings(User="an"), time=FIRST_TIME + 19)])))
    assert isinstance(event, Event)
    assert str(event.time) == "2026-06-10 16:00:00.000001+00:00"


@pytest.mark.parametrize("name", EVENT_LOGS)
def test_benchmark_logs_have_named_data(name: str, tmp_path: Path) -> None:
    chunk = next(full_chunks(records_of(name)))
    texts = record_texts(chunk)
    assert len(texts) > 40
    assert all(named_record(json.loads(record_text or "{}")) for record_text in texts)
    assert items_of(file(chunk)) == full_parse(chunk)
    path = tmp_path / "a.evtx"
    path.write_bytes(file(chunk))
    assert as_tables(path) == by_line(path)


def test_digests_are_columns(tmp_path: Path) -> None:
    chance = random.Random(4)
    digests = [(chance.randbytes(32).hex(), chance.randbytes(16).hex()) for _ in range(60)]
    texts = [
        f"SHA256={long.upper()},MD5={short.upper()},IMPHASH={long[:32].upper()}" for long, short in digests
    ]
    records = [Record(7, strings(Hashes=text, User="UNIT\\an")) for text in texts]
    path = tmp_path / "a.evtx"
    path.write_bytes(file(template_chunk(records), template_chunk([Record(7, strings(User="UNIT\\an"))])))
    table, _, _ = as_tables(path)
    assert table.column("sha256").to_pylist() == [*(long for long, _ in digests), None]
    assert table.column("md5").to_pylist() == [*(short for _, short in digests), None]


@pytest.mark.parametrize("seed", range(6))
def test_digests_of_all_kinds(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    records = [Record(7, strings(Hashes=some_digests(chance), User="UNIT\\an")) for _ in range(70)]
    path = tmp_path / "a.evtx"
    path.write_bytes(file(template_chunk(records)))
    assert as_tables(path) == by_line(path)


@pytest.mark.parametrize("record", [connection(True), Record(7, strings(User="an")), filtered(5156, "5")])
def test_most_events_state_no_holder(record: Record) -> None:
    """They are skipped where only log-ons and leases matter."""
    chunk = template_chunk(
        [record, Record(4624, strings(TargetUserName="an", IpAddress="10.1.1.9"), SECURITY, "Security")]
    )
    assert [may_state_holder(record_text or "") for record_text in record_texts(chunk)] == [False, True]
    (event,) = Evtx(CONTEXT).read_holders(io.BytesIO(file(chunk)))
    assert isinstance(event, Event)
    assert (event.kind, event.line) == (EventKind.LOGON, 2)


@pytest.mark.parametrize("seed", range(6))
def test_skipped_events_state_no_holder(seed: int) -> None:
    data = some_log(seed)
    holders = list(Evtx(CONTEXT).read_holders(io.BytesIO(data)))
    others = [item for item in items_of(data) if item not in holders]
    assert all(isinstance(item, Event) for item in others)
    assert {item.kind for item in others if isinstance(item, Event)} <= {*EventKind} - {
        EventKind.LOGON,
        EventKind.LEASE,
    }


class _TrackedData(dict[str, str]):
    """Data that note which names are read."""

    def __init__(self, data: dict[str, str]) -> None:
        super().__init__(data)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_readers_use_only_their_listed_data(data: st.DataObject) -> None:
    """Otherwise events that differ in an unlisted name would be merged."""
    for reader, names in READS.items():
        values = st.sampled_from(
            [
                "",
                "-",
                "192.0.2.1",
                "10.0.0.1:5",
                "443",
                "true",
                "false",
                "an",
                "PC-1$",
                "http://a.example/",
                "0x12",
            ]
        )
        listed = _TrackedData(data.draw(st.dictionaries(st.sampled_from(sorted(names)), values, max_size=8)))
        number = data.draw(st.sampled_from([1, 3, 22, 3008, 4624, 4768, 4776, 5140, 5156, 5157, 6272]))
        reader(WindowsRecord(number, "P", "C", "PC", None, listed))
        assert listed.asked <= names


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not there")
def test_named_data_of_event_logs() -> None:
    for path in sorted(SAMPLES.glob("*.evtx")):
        data = path.read_bytes()
        chunks = [data[at : at + CHUNK_BYTES] for at in range(4096, len(data), CHUNK_BYTES)]
        long = [event for chunk in chunks if any(chunk) for event in full_parse(chunk)]
        numbered = [replace(event, line=number) for number, event in enumerate(long, 1)]
        assert [
            replace(item, file="a.evtx") for item in items_of(data) if isinstance(item, Event)
        ] == numbered
