"""NetFlow exports as tables equal single flows, for any mix of versions and any truncation."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from lamsach.errors import UnreadableError
from lamsach.logs.binary.netflow import tables as netflow
from lamsach.logs.events.tables import columns_of, schema, table_of
from lamsach.logs.reading.events import ReadCounts, read_events
from lamsach.logs.reading.tables import read_tables
from lamsach.model import Event, Refusal

from .builders import logs
from .test_netflow import PLAIN, RECORD, TIME_S, address, fixed, ipfix, one_set, template, v9

ADDRESSES = ["10.0.0.5", "192.168.3.9", "100.64.0.7", "203.0.113.9", "198.51.100.7", "0.0.0.0", "172.32.0.1",
    "255.255.255.255"]  # fmt: skip
PROTOCOLS = [0, 1, 6, 17, 47, 132]


def _packet(chance: random.Random) -> bytes:
    """Build a packet of a fixed version with flows between any of the addresses."""
    version = chance.choice([1, 5, 5, 5, 7])
    size = 48 if version == 5 else 52
    count = chance.randrange(1, 25)
    flows = b"".join(
        (
            address(chance.choice(ADDRESSES))
            + address(chance.choice(ADDRESSES))
            + bytes(24)
            + struct.pack(">HHHB", chance.randrange(65536), chance.choice([0, 53, 443]), 0,
                chance.choice(PROTOCOLS))
        ).ljust(size, b"\0")
        for _ in range(count)
    )  # fmt: skip
    head = struct.pack(">HHIII", version, count, 99, TIME_S + chance.randrange(100_000), 0)
    return head.ljust(16 if version == 1 else 24, b"\0") + flows


def _any(chance: random.Random) -> bytes:
    kind = chance.randrange(12)
    if kind == 0:
        return v9(template(256, PLAIN), one_set(256, RECORD * chance.randrange(1, 9)))
    if kind == 1:
        sets = [one_set(256, RECORD * chance.randrange(1, 9)) for _ in range(chance.randrange(1, 5))]
        return ipfix(template(256, PLAIN, version=10), *sets)
    if kind == 3:
        return v9(one_set(chance.choice([256, 300]), RECORD))
    if kind == 2:
        return _packet(chance) + bytes(chance.randrange(1, 60))
    return _packet(chance)


def _flows(path: Path) -> tuple[pa.Table, list[Refusal], bool]:
    """Return the flows one by one, the refusals, and whether the file is damaged."""
    (log,), _ = logs(path)
    items, damaged = [], False
    try:
        for item in read_events(log):
            items.append(item)
    except UnreadableError:
        damaged = True
    events = [item for item in items if isinstance(item, Event)]
    table = pa.Table.from_batches([table_of(columns_of(events), len(events))] if events else [], schema())
    return table, [item for item in items if isinstance(item, Refusal)], damaged


def _tables(path: Path) -> tuple[pa.Table, list[Refusal], bool]:
    (log,), _ = logs(path)
    batches, refusals, counts, damaged = [], list[Refusal](), ReadCounts(), False
    try:
        for batch in read_tables(log, counts=counts, on_refusal=refusals.append):
            batches.append(batch)
    except UnreadableError:
        damaged = True
    table = pa.Table.from_batches(batches, schema()).combine_chunks()
    assert (counts.parsed, counts.refused) == (table.num_rows, len(refusals))
    assert counts.lines == counts.parsed + counts.refused
    return table, refusals, damaged


@pytest.mark.parametrize("buffered", [1, 3, netflow._SETS_HELD])
@pytest.mark.parametrize("seed", range(12))
def test_tables_equal_single_flows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, buffered: int
) -> None:
    monkeypatch.setattr(netflow, "_SETS_HELD", buffered)
    monkeypatch.setattr(netflow, "_FEWEST_BYTES", 0 if buffered == 1 else 200)
    chance = random.Random(seed)
    path = tmp_path / "flows.bin"
    path.write_bytes(_packet(chance) + b"".join(_any(chance) for _ in range(60)))
    assert _tables(path) == _flows(path)


@pytest.mark.parametrize("version", [1, 5, 7])
def test_tables_of_each_version_equal_its_events(tmp_path: Path, version: int) -> None:
    path = tmp_path / "flows.bin"
    path.write_bytes(fixed(version, 9) * 20)
    assert _tables(path) == _flows(path)


@pytest.mark.parametrize("make", [v9, ipfix])
def test_plain_templates_are_read_in_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[..., bytes]
) -> None:
    path = tmp_path / "flows.bin"
    described = template(256, [*PLAIN, (1, 4)], version=9 if make is v9 else 10)
    packet = make(described, one_set(256, (RECORD + bytes(4)) * 30))
    path.write_bytes(packet * 20)
    expected = _flows(path)
    monkeypatch.setattr(netflow, "events_of", None)
    assert _tables(path) == expected
    assert expected[0].num_rows == 600


@pytest.mark.parametrize("cut", [1, 7, 50, 200])
def test_flows_before_damage(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "flows.bin"
    path.write_bytes((fixed(5, 9) * 20)[:-cut])
    shown = _tables(path)
    assert shown == _flows(path)
    assert shown[0].num_rows >= 19 * 9
    assert shown[2]
