"""Parquet and Arrow: columns by name, nested ones, types, damage."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from lamsach.errors import UnreadableError
from lamsach.logs.reading.events import detection_for, read_events
from lamsach.model import Event, Refusal

from .builders import logs

WHEN = datetime(2026, 6, 5, 0, 31, 12, 494000, tzinfo=UTC)
PC, SERVER = "10.20.1.15", "203.0.113.9"


def parquet(table: pa.Table, **options: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def arrow_file(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def arrow_stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return sink.getvalue()


def feather_file(version: int, compression: str = "uncompressed"):
    def write(table: pa.Table) -> bytes:
        sink = io.BytesIO()
        feather.write_feather(table, sink, version=version, compression=compression)
        return sink.getvalue()

    return write


WRITERS = {
    "parquet": parquet,
    "parquet zstd": lambda table: parquet(table, compression="zstd"),
    "parquet in row groups": lambda table: parquet(table, row_group_size=1),
    "arrow": arrow_file,
    "arrow stream": arrow_stream,
    "arrow feather": feather_file(2, "lz4"),
}


def read(tmp_path, data: bytes) -> list[Event | Refusal]:
    path = tmp_path / "table"
    path.write_bytes(data)
    (log_file,), _ = logs(path)
    return list(read_events(log_file))


def flat() -> pa.Table:
    return pa.table(
        {
            "ts": pa.array([WHEN, None, WHEN], pa.timestamp("ns", "UTC")),
            "src_ip": [PC, PC, None],
            "src_port": pa.array([51514, None, 5], pa.uint16()),
            "dst_ip": pa.array([SERVER] * 3).dictionary_encode(),
            "dst_port": [443, 53, 80],
            "query": [None, "C2.example.", None],
            "action": ["allow", "deny", ""],
            "bytes": [1, 2, 3],
        }
    )


@pytest.mark.parametrize("writer", WRITERS)
def test_columns_by_name(tmp_path, writer):
    data = WRITERS[writer](flat())
    events = read(tmp_path, data)
    assert [event.line for event in events] == [1, 2, 3]
    first, second, third = events
    assert (first.time, first.source_ip, first.source_port) == (WHEN, PC, 51514)
    assert (first.destination_ip, first.destination_port, first.device_ip) == (SERVER, 443, PC)
    assert (second.domain, second.time, second.action.value) == ("c2.example", None, "blocked")
    assert (third.source_ip, third.destination_port) == (None, 80)
    assert {event.format for event in events} == {writer.split()[0]}
    (log_file,), _ = logs(tmp_path / "table")
    assert detection_for(log_file).binary.name == writer.split()[0]


def test_nested_columns_and_lists(tmp_path):
    table = pa.table(
        {
            "@timestamp": pa.array([datetime(2026, 6, 5, 7, 31, 12)], pa.timestamp("us")),
            "source": [{"ip": PC, "port": 51514}],
            "destination": [{"ip": SERVER, "port": 53}],
            "dns": [{"question": {"name": "c2.example"}, "resolved_ip": [SERVER, "203.0.113.10"]}],
        }
    )
    (event,) = read(tmp_path, parquet(table))
    assert event.time == datetime(2026, 6, 5, 0, 31, 12, tzinfo=UTC)  # without a stated zone: Vietnam's
    assert (event.source_ip, event.source_port, event.domain) == (PC, 51514, "c2.example")
    assert event.answers == (SERVER, "203.0.113.10")


def test_addresses_as_numbers_and_bytes(tmp_path):
    table = pa.table(
        {
            "src_ip": pa.array([0x0A14010F], pa.uint32()),
            "dst_ip": pa.array([bytes((203, 0, 113, 9))], pa.binary(4)),
            "date": pa.array([date(2026, 6, 5)], pa.date32()),
        }
    )
    (event,) = read(tmp_path, parquet(table))
    assert (event.source_ip, event.destination_ip) == (PC, SERVER)
    assert event.time == datetime(2026, 6, 4, 17, tzinfo=UTC)


def test_a_row_with_an_impossible_time_is_refused(tmp_path):
    table = pa.table({"time": ["2026-13-45 99:00:00", "2026-06-05 07:31:12"], "src_ip": [PC, PC]})
    refusal, event = read(tmp_path, parquet(table))
    assert isinstance(refusal, Refusal)
    assert refusal.reference.row == 1
    assert event.line == 2


def test_table_of_unknown_columns_is_searched(tmp_path):
    table = pa.table({"x": ["went to http://c2.example/a and 203.0.113.9."], "n": [5]})
    (event,) = read(tmp_path, parquet(table))
    assert "http://c2.example/a" in event.mentioned
    assert (event.format, event.line) == ("parquet", 1)


@pytest.mark.parametrize("writer", ["parquet", "arrow", "arrow stream"])
def test_damage_is_one_error(tmp_path, writer):
    data = WRITERS[writer](flat())
    for size in (12, len(data) // 2, len(data) - 9):
        with pytest.raises(UnreadableError):
            read(tmp_path, data[:size] + b"\xff" * 40 if writer != "arrow stream" else data[:size])


def test_encrypted_file_is_reported(tmp_path):
    with pytest.raises(UnreadableError, match="encrypted"):
        read(tmp_path, b"PARE" + bytes(100))
