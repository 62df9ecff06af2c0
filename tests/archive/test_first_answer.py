"""A retro-hunt's first answer is among the full answer's sightings, from the newest segment with one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lamsach.archive import catalog, first_answer
from lamsach.archive.archive import Archive
from lamsach.archive.first_answer import first_sighting
from lamsach.archive.retention import all_sources
from lamsach.archive.retro import retro
from lamsach.cli import main
from lamsach.hunt.sets.lists import load_lists
from lamsach.investigate import Request
from tests.archive.builders import BEGIN, filled, firewall_line, write_list

DAYS = 6


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """Archive of six days with a listed address on the second and fourth.

    On the last, a name of which only the parent's neighbours occur.
    """
    monkeypatch.setattr(catalog, "GROUP", 8)
    monkeypatch.setattr(catalog, "PART", 4)
    logs = []
    for day in range(DAYS):
        times = (BEGIN + timedelta(days=day, seconds=n) for n in range(400))
        lines = [firewall_line(time, "10.0.0.7", "192.0.2.9", f"n{day}.example.org") for time in times]
        if day in (1, 3):
            lines[200] = firewall_line(BEGIN + timedelta(days=day, seconds=200), "10.0.0.8", "203.0.113.66")
        logs.append(tmp_path / f"fw-{day}.log")
        logs[-1].write_text("\n".join(lines) + "\n")
    return filled(tmp_path / "archive", *logs, chunk_bytes=8 << 10)[0]


def asked(archive: Archive, tmp_path: Path, **more: object) -> object:
    listed = str(write_list(tmp_path))
    found = first_sighting(archive, Request([""], [listed], **more), load_lists([listed]))  # type: ignore[arg-type]
    return (
        (found[0].indicator, found[1].evidence[0].file.rpartition("/")[2], found[1].evidence[0].line)
        if found
        else None
    )


def test_the_newest_comes_first(archive: Archive, tmp_path: Path) -> None:
    assert asked(archive, tmp_path) == ("203.0.113.66", "fw-3.log", 201)
    assert asked(archive, tmp_path) == ("203.0.113.66", "fw-3.log", 201)  # from the packs that exist now
    before = BEGIN + timedelta(days=2)
    assert asked(archive, tmp_path, until=before) == ("203.0.113.66", "fw-1.log", 201)
    assert asked(archive, tmp_path, until=before, since=BEGIN + timedelta(days=1.5)) is None


def test_it_is_part_of_the_whole_answer(archive: Archive, tmp_path: Path) -> None:
    listed = str(write_list(tmp_path))
    found = first_sighting(archive, Request([""], [listed]), load_lists([listed]))
    assert found is not None
    whole, _, _ = retro(archive, Request([""], [listed]))
    assert found[0].indicator in {sighting.indicator for sighting in whole.sightings}


def test_few_segments_are_opened_for_it(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_answer, "MOST_OPENED", 0)
    assert asked(archive, tmp_path) is None


def test_a_damaged_segment_does_not_stop_it(archive: Archive, tmp_path: Path) -> None:
    asked(archive, tmp_path)  # makes the packs
    folder = archive.store.folder
    assert folder is not None
    (damaged,) = {source.key for source in all_sources(archive) if source.name.endswith("fw-3.log")}
    for entry in archive.segments():
        if entry.source == damaged:
            path = folder / entry.name
            path.write_bytes(path.read_bytes()[:-20])
    assert asked(archive, tmp_path) == ("203.0.113.66", "fw-1.log", 201)


def test_the_command_reports_it(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["retro", "--archive", str(tmp_path / "archive"), "-i", str(write_list(tmp_path))]
    for large, wanted in ((10**6, False), (1, True)):
        monkeypatch.setattr(first_answer, "LARGE", large)
        with pytest.raises(SystemExit):
            main(words)
        output = capsys.readouterr().err
        assert ("203.0.113.66" in output and "fw-3.log" in output) is wanted, output
