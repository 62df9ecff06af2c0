"""A short slice of `bench/reports.py`: many officers at once, on PostgreSQL, through `lamsach serve`; no error, nothing lost, nothing twice. The bench says how long it takes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.reports import load_test

from .postgres import cluster, programs

REPORTS = 16


def test_many_officers_at_once(tmp_path: Path) -> None:
    folder = programs()
    if folder is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed, and in CI every program has to be", pytrace=False)
        pytest.skip("PostgreSQL is not installed")
    with cluster(folder) as database:
        load, after = load_test(tmp_path, database, REPORTS, seconds=0.5)
    assert load.wrong == []
    assert len(load.times["send"]) == REPORTS
    assert after == {
        "states": {"sent": REPORTS},
        "units": REPORTS,
        "broken": 0,
        "steps": {"submit": REPORTS, "approve": REPORTS, "send": REPORTS},
        "deliveries": REPORTS,
    }


@pytest.mark.soak
def test_two_thousand_reports_in_ten_minutes(tmp_path: Path) -> None:
    folder = programs()
    assert folder is not None
    with cluster(folder) as database:
        load, after = load_test(tmp_path, database, 2000, seconds=600)
    assert load.wrong == []
    assert after["states"] == {"sent": 2000}
    assert (after["units"], after["broken"], after["deliveries"]) == (2000, 0, 2000)
