"""Days on which a source was not received are blind, although it wrote on them."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lamsach.archive.archive import writing
from lamsach.archive.records import GAP
from lamsach.archive.retro import Gap, blind, days_of, gaps, retro
from lamsach.investigate import Request
from tests.archive.builders import filled, firewall_log, write_list

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        ("2022-09-01T01:00+00:00", "2022-09-01T01:59+00:00", []),
        ("2022-09-01T01:00+00:00", "2022-09-01T02:00+00:00", [1]),
        ("2022-09-01T16:30+00:00", "2022-09-01T18:10+00:00", [2]),
        ("2022-09-01T16:30+00:00", "2022-09-01T17:30+00:00", []),
        ("2022-09-01T10:00+00:00", "2022-09-03T20:00+00:00", [1, 2, 3, 4]),
    ],
)
def test_which_days_a_gap_makes_blind(since: str, until: str, days: list[int]) -> None:
    gap = Gap("a", datetime.fromisoformat(since), datetime.fromisoformat(until))
    assert list(days_of(gap, ZONE)) == [date(2022, 9, day) for day in days]


def test_a_gap_concerns_its_own_source(tmp_path: Path) -> None:
    found = [Gap("a", datetime(2022, 9, 1, tzinfo=UTC), datetime(2022, 9, 1, 5, tzinfo=UTC))]
    assert blind(found, {"a": {"FG-A"}, "b": {"FG-B"}}, ZONE) == {("FG-A", date(2022, 9, 1))}


def test_a_retro_hunt_reports_gaps(tmp_path: Path) -> None:
    log = tmp_path / "fw.log"
    log.write_text("\n".join(firewall_log(random.Random(1), 3000, 2)) + "\n")
    archive, _ = filled(tmp_path / "archive", log)
    with writing(archive) as writer:
        values = {"sources": [str(log)], "clean": True}
        writer.record(GAP, **values, since="2022-09-01T02:00:00+00:00", until="2022-09-01T06:00:00+00:00")
        writer.record(GAP, **values, since="no time", until="2022-09-01T06:00:00+00:00")
    assert len(gaps(archive)) == 1
    request = Request([], [str(write_list(tmp_path))])
    findings, _, _ = retro(archive, request)
    assert ("FG-A", date(2022, 9, 1)) in findings.blind_days
