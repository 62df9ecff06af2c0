"""Lines that cannot become a segment remain in the spool, in order, and never become two."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.archive import catalog
from lamsach.archive.archive import HEAD, Archive, Writer, writing
from lamsach.archive.export import export
from lamsach.archive.segment import compress
from lamsach.archive.store import Store
from lamsach.archive.verification import verify
from lamsach.collect import sealer as sealer_module
from lamsach.collect.sealer import WELL_BYTES_S, Pace, Sealer
from lamsach.collect.service import Collector
from lamsach.collect.settings import Settings
from lamsach.collect.spool import Header, Spool
from lamsach.errors import LamsachError, OutputError
from tests.poll import until

PATIENCE_S = 120.0


def full(folder: Path, number: int, begin: int) -> Spool:
    spool = Spool(folder, Header("k", "syslog-tcp/192.0.2.1", "tcp", "default", number, begin, number - 1))
    spool.append(f"line {number}\n".encode(), {})
    spool.close()
    return spool


def lines(archive: Archive, folder: Path) -> list[str]:
    return [line for item in export(archive, folder) for line in item.path.read_text().splitlines()]


def test_a_disk_that_fills_behind_a_segment_does_not_double_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(str(tmp_path / "archive"), create=True)
    write, failures = Store.write, [True]

    def failing(store: Store, name: str, data: bytes, *, sync: bool = True) -> None:
        if name == HEAD and failures:
            failures.clear()
            raise OutputError("The disk is full.", name, "")
        write(store, name, data, sync=sync)

    monkeypatch.setattr(Store, "write", failing)
    with writing(archive) as writer:
        sealer = Sealer(writer, {}, lambda _error: None)
        sealer.start()
        for number in (1, 2):
            sealer.put(full(tmp_path, number, 7 * (number - 1)))
        sealer.finish()
    assert failures == []
    assert lines(archive, tmp_path / "out") == ["line 1", "line 2"]
    assert verify(archive).problems == []


def test_lines_left_at_the_end_are_not_overtaken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the next start would regard them as archived, and delete them."""
    place = tmp_path / "archive"
    archive = Archive(str(place), create=True)
    add, failures = Writer.add, [True]

    def failing(writer: Writer, *arguments: object, **more: object) -> str:
        if failures:
            failures.clear()
            raise OutputError("The disk is full.", "", "")
        return add(writer, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Writer, "add", failing)
    spool = tmp_path / "spool"
    spool.mkdir()
    with writing(archive) as writer:
        sealer = Sealer(writer, {}, lambda _error: None)
        sealer.give_up()
        sealer.start()
        for number in (1, 2, 3):
            sealer.put(full(spool, number, 7 * (number - 1)))
        sealer.finish()
    assert failures == []
    assert archive.segments() == []
    with writing(archive) as writer:
        settings = Settings(host="127.0.0.1")
        collector = Collector(archive, writer, spool, settings, None, lambda _error: None, lambda *_: None)
        collector.stop()
        collector.run()
    assert lines(archive, tmp_path / "out") == ["line 1", "line 2", "line 3"]


def test_an_end_does_not_wait_for_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer_module, "_RETRY_SECONDS", 0.05)
    archive = Archive(str(tmp_path / "archive"), create=True)

    def failing(*_arguments: object, **_more: object) -> str:
        raise OutputError("The disk is full.", "", "")

    monkeypatch.setattr(Writer, "add", failing)
    problems: list[LamsachError] = []
    with writing(archive) as writer:
        sealer = Sealer(writer, {}, problems.append)
        sealer.start()
        spools = [full(tmp_path, number, 7 * (number - 1)) for number in range(1, sealer_module.WAITING + 4)]
        for spool in spools[: sealer_module.WAITING]:
            sealer.put(spool)
        until(lambda: problems)
        sealer.give_up()
        for spool in spools[sealer_module.WAITING :]:
            sealer.put(spool)
        sealer.finish()
    assert problems
    assert all(spool.path.exists() for spool in spools)


def test_segments_are_compressed_well_while_there_is_time() -> None:
    now = [100.0]
    pace = Pace(lambda: now[0])

    def of(segments: int, every_s: float, size_bytes: int) -> int:
        well = 0
        for _ in range(segments):
            now[0] += every_s
            well += pace.allows(size_bytes)
        return well

    assert of(50, 10.0, 8 << 20) == 50
    assert of(50, 1.0, WELL_BYTES_S) == 50
    assert of(200, 8 / 200, 8 << 20) <= 5  # 200 MB/s
    now[0] += 5.0
    assert of(50, 1.0, WELL_BYTES_S) == 50


@pytest.mark.parametrize("quick", [False, True])
def test_lines_that_arrive_too_fast_are_compressed_quickly(
    quick: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pace, "allows", lambda _pace, _size: not quick)
    raw = b"".join(b"line %d of %d\n" % (number, number * number) for number in range(5000))
    archive = Archive(str(tmp_path / "archive"), create=True)
    spool = Spool(tmp_path, Header("k", "syslog-tcp/192.0.2.1", "tcp", "default", 1))
    spool.append(raw, {})
    spool.close()
    with writing(archive) as writer:
        Sealer(writer, {}, lambda _error: None).seal(spool)
    (entry,) = archive.segments()
    wanted = {level: compress(raw, level) for level in (1, 9)}
    assert archive.frame(entry, archive.head(entry)) == wanted[1 if quick else 9] != wanted[9 if quick else 1]


def test_packs_are_made_while_there_is_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "PART", 2)
    monkeypatch.setattr(catalog, "GROUP", 6)
    monkeypatch.setattr(sealer_module, "PART", 2)
    archive = Archive(str(tmp_path / "archive"), create=True)
    with writing(archive) as writer:
        sealer = Sealer(writer, {}, lambda _error: None)
        for number in range(1, 6):
            sealer.seal(full(tmp_path, number, 7 * number))
        parts = archive.store.names("packs")
        assert len(parts) == 2
        monkeypatch.setattr(Pace, "allows", lambda _pace, _size: False)
        for number in range(6, 9):
            sealer.seal(full(tmp_path, number, 7 * number))
        assert archive.store.names("packs") == parts
        monkeypatch.setattr(Pace, "allows", lambda _pace, _size: True)
        sealer.seal(full(tmp_path, 9, 63))
        made = archive.store.names("packs")
        assert not set(made) & set(parts)
    assert sum(len(pack.rows) for pack in catalog.Catalog(archive).packs()) == 9
    assert archive.store.names("packs") == made
