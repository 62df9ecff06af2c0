"""Stored data are unchanged or the change is detected; deletions have a recorded reason."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard

from lamsach.archive import retention
from lamsach.archive.archive import Archive, writing
from lamsach.archive.export import export
from lamsach.archive.intake import fill
from lamsach.archive.records import ERASED, records
from lamsach.archive.retention import Hold, erase, expire, hold, holds, release, repair, rewrite
from lamsach.archive.retro import retro
from lamsach.archive.segment import decompress
from lamsach.archive.sources import save
from lamsach.archive.verification import verify
from lamsach.errors import LamsachError, OutputError, UnreadableError, UsageError
from lamsach.investigate import Request
from lamsach.logs.opening.inputs import find_logs
from tests.archive.builders import BEGIN, filled, firewall_line, firewall_log, write_list

SMALL = 16 << 10


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "fw.log"
    path.write_text("\n".join(firewall_log(random.Random(1), 1200, hits=5)) + "\n")
    return path


@pytest.fixture
def archive(tmp_path: Path, log: Path) -> Archive:
    return filled(tmp_path / "archive", log, chunk_bytes=SMALL)[0]


def paths(archive: Archive) -> list[Path]:
    folder = archive.store.folder
    assert folder is not None
    return [folder / entry.name for entry in archive.segments()]


def test_a_new_archive_is_whole(archive: Archive, log: Path) -> None:
    result = verify(archive)
    assert result.problems == []
    assert result.raw_bytes == log.stat().st_size
    assert result.lines == 1200
    assert result.segments == len(paths(archive)) > 5


def test_a_segment_is_a_zstd_file(archive: Archive, log: Path) -> None:
    whole = b""
    for path in paths(archive):
        with zstandard.ZstdDecompressor().stream_reader(path.read_bytes(), read_across_frames=True) as reader:
            whole += reader.read()
    assert whole == log.read_bytes()


def _flip(place: int) -> Callable[[list[Path]], None]:
    def change(files: list[Path]) -> None:
        data = bytearray(files[2].read_bytes())
        data[place] ^= 1
        files[2].write_bytes(bytes(data))

    return change


CHANGES: dict[str, Callable[[list[Path]], object]] = {
    "a byte of the lines": _flip(-20),
    "a byte of the description": _flip(60),
    "a byte of the length": _flip(5),
    "a segment taken away": lambda files: files[3].unlink(),
    "the last segment taken away": lambda files: files[-1].unlink(),
    "the first segment taken away": lambda files: files[0].unlink(),
    "two exchanged": lambda files: (
        files[1].rename(files[1].with_suffix(".x")),
        files[2].rename(files[1]),
        files[1].with_suffix(".x").rename(files[2]),
    ),
    "one cut off": lambda files: files[4].write_bytes(files[4].read_bytes()[:-100]),
    "one cut to its head": lambda files: files[4].write_bytes(files[4].read_bytes()[:300]),
    "one emptied": lambda files: files[4].write_bytes(b""),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen(name: str, archive: Archive) -> None:
    CHANGES[name](paths(archive))
    assert verify(archive).problems


@pytest.mark.parametrize("name", CHANGES)
def test_a_retro_hunt_survives_a_change(name: str, archive: Archive, tmp_path: Path) -> None:
    CHANGES[name](paths(archive))
    listed = write_list(tmp_path)
    findings, _, _ = retro(archive, Request([""], [str(listed)]))
    assert findings.devices


def test_a_forged_segment_has_the_wrong_seal(archive: Archive, tmp_path: Path) -> None:
    other = filled(tmp_path / "other", tmp_path / "fw.log", chunk_bytes=SMALL)[0]
    paths(archive)[2].write_bytes(paths(other)[2].read_bytes())
    assert verify(archive).problems
    findings, _, _ = retro(archive, Request([""], [str(write_list(tmp_path))]))
    assert any("seal" in problem.what for problem in findings.problems)


def test_old_segments_expire_and_the_rest_remains_whole(archive: Archive, log: Path) -> None:
    count = len(paths(archive))
    now = BEGIN + timedelta(days=100, hours=5)
    with writing(archive) as writer:
        assert expire(writer, {"default": 100}, now, really=False).segments
        assert len(paths(archive)) == count
        done = expire(writer, {"default": 100}, now)
    assert 0 < done.segments < count
    assert len(paths(archive)) == count - done.segments
    assert verify(archive).problems == []
    lines = sum(archive.head(entry).description.lines for entry in archive.segments())
    assert lines + done.lines == 1200


@pytest.mark.parametrize(("days", "wanted"), [(89, True), (0, True), (90, False)])
def test_nothing_expires_before_the_law_allows(days: int, wanted: bool, archive: Archive) -> None:
    with writing(archive) as writer:
        if wanted:
            with pytest.raises(UsageError):
                expire(writer, {"default": days})
        else:
            assert expire(writer, {"other": days}).segments == 0


def test_a_hold_protects_until_it_is_released(archive: Archive) -> None:
    now = BEGIN + timedelta(days=400)
    with writing(archive) as writer:
        hold(writer, Hold("case-7", "asked for by the court", "*fw.log", "2022-09-01T03:00:00+00:00"))
        done = expire(writer, {"default": 90}, now)
        assert done.held
        assert done.segments
        assert [item.name for item in holds(archive)] == ["case-7"]
        release(writer, "case-7")
        assert holds(archive) == []
        assert expire(writer, {"default": 90}, now).segments == done.held
        with pytest.raises(UsageError):
            release(writer, "case-7")
    assert archive.segments() == []
    assert verify(archive).problems == []


def test_personal_data_are_erased_for_good(tmp_path: Path) -> None:
    lines = [
        firewall_line(BEGIN + timedelta(seconds=n), f"10.0.0.{n % 200 + 1}", "192.0.2.9") for n in range(600)
    ]
    lines[100] += ' user="Nguyenvana" note="nguyenvanan"'
    lines[590] += ' user="NGUYENVANA"'
    log = tmp_path / "fw.log"
    log.write_text("\n".join(lines) + "\n")
    archive, _ = filled(tmp_path / "archive", log, chunk_bytes=SMALL)
    retro(archive, Request([""], [str(write_list(tmp_path))]))
    with writing(archive) as writer:
        asked = erase(writer, ["nguyenvana", "10.0.0.11"], "request 12", really=False)
        done = erase(writer, ["nguyenvana", "10.0.0.11"], "request 12")
        assert asked == done
        assert done.lines == 5
        assert erase(writer, ["nguyenvana"], "again").segments == 0
    assert verify(archive).problems == []
    assert [path.path.read_bytes() for path in export(archive, tmp_path / "out")] == [
        log.read_bytes()
        .replace(b"Nguyenvana", b"*" * 10)
        .replace(b"NGUYENVANA", b"*" * 10)
        .replace(b"srcip=10.0.0.11 ", b"srcip=********* ")
    ]
    record = records(archive)[-1]
    assert record.values["reason"] == "request 12"
    everything = b"".join(path.read_bytes() for path in (tmp_path / "archive").rglob("*") if path.is_file())
    assert b"guyenvana" not in everything.lower().replace(b"nguyenvanan", b"")
    with writing(archive) as writer:  # the chain goes on behind a rewritten end
        list(fill(writer, find_logs([str(write_list(tmp_path))])))
    assert verify(archive).problems == []


def test_erasing_holds_few_lines_in_memory(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH_BYTES", 3 * SMALL)
    before = verify(archive).segments
    with writing(archive) as writer:
        assert erase(writer, ["FG100E"], "request").segments == before
    made = [record.values for record in records(archive)]
    assert len(made) > 1
    assert all(len(values["changes"]) <= 3 for values in made)
    assert sum(len(values["changes"]) for values in made) == before
    assert verify(archive).problems == []


def test_a_wrong_clock_neither_hastens_nor_prevents_deletion(archive: Archive) -> None:
    source = retention.all_sources(archive)[0]
    now = datetime.now(UTC)
    with writing(archive) as writer:
        source.kind = "udp"  # lines dated 2022 that arrived today
        save(archive.store, source)
        assert expire(writer, {"default": 90}, now, really=False).segments == 0
        source.kind = "file"
        save(archive.store, source)
        for entry in archive.segments():
            head = archive.head(entry)
            head.description.last = "2099-01-01T00:00:00+00:00"
            change = (entry, head.digest, decompress(archive.frame(entry, head), entry.name))
            rewrite(writer, ERASED, [(*change, head.description, "text")])
        assert expire(writer, {"default": 90}, now, really=False).segments == 0
        late = now + timedelta(days=91)
        assert expire(writer, {"default": 90}, late, really=False).segments == len(archive.segments())


def test_segments_under_a_hold_are_not_erased(archive: Archive, tmp_path: Path) -> None:
    with writing(archive) as writer:
        hold(writer, Hold("case-7", "court"))
        done = erase(writer, ["203.0.113.66"], "request")
        assert (done.segments, done.held > 0) == (0, True)
        with pytest.raises(UsageError):
            erase(writer, ["ab"], "too short")


def test_a_cut_segment_is_repaired(archive: Archive, tmp_path: Path) -> None:
    whole = paths(archive)[4].read_bytes()
    paths(archive)[4].write_bytes(whole[:-300])
    paths(archive)[2].write_bytes(b"nothing of it is left")
    with writing(archive) as writer:
        done = repair(writer)
    assert done.segments == 2
    assert verify(archive).problems == []
    assert (tmp_path / "archive" / "damaged").is_dir()


def test_lines_come_back_as_they_were(archive: Archive, log: Path, tmp_path: Path) -> None:
    written = list(export(archive, tmp_path / "out"))
    assert [item.path.read_bytes() for item in written] == [log.read_bytes()]
    again = list(export(archive, tmp_path / "out"))
    assert again[0].path != written[0].path
    assert list(export(archive, tmp_path / "out", pattern="*other*")) == []
    part = list(export(archive, tmp_path / "part", since=BEGIN + timedelta(hours=8)))
    assert 0 < part[0].path.stat().st_size < log.stat().st_size
    with pytest.raises(OutputError):
        list(export(archive, log / "below a file"))


def test_two_writers_exclude_each_other(archive: Archive) -> None:
    with writing(archive), pytest.raises(OutputError), writing(archive):
        pass


@pytest.mark.parametrize("spoil", ["archive.json", "chain.key"])
def test_a_damaged_archive_is_reported(spoil: str, archive: Archive) -> None:
    assert archive.store.folder is not None
    (archive.store.folder / spoil).write_bytes(b"{nothing")
    with pytest.raises(LamsachError):
        Archive(archive.store.url)


def test_a_folder_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError):
        Archive(str(tmp_path / "nowhere"))


def test_an_archive_on_another_file_system(tmp_path: Path, log: Path) -> None:
    url = f"memory://lamsach-{tmp_path.name}"
    archive = Archive(url, create=True)
    with writing(archive) as writer:
        list(fill(writer, find_logs([str(log)])))
    findings, _, _ = retro(Archive(url), Request([""], [str(write_list(tmp_path))]))
    assert findings.devices
    assert verify(Archive(url)).problems == []
