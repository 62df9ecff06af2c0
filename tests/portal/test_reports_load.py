"""Short run of `bench.reports`: many officers together, on PostgreSQL, through `lamsach serve`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.reports import load_test

from .conftest import TEMPLATE
from .postgres import fresh

REPORTS = 16


@pytest.mark.long
def test_many_officers_at_once(tmp_path: Path, postgresql: str) -> None:
    load, after = load_test(tmp_path, fresh(postgresql, template=TEMPLATE), REPORTS, seconds=0.5)
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
def test_two_thousand_reports_in_ten_minutes(tmp_path: Path, postgresql: str) -> None:
    load, after = load_test(tmp_path, fresh(postgresql, template=TEMPLATE), 2000, seconds=600)
    assert load.wrong == []
    assert after["states"] == {"sent": 2000}
    assert (after["units"], after["broken"], after["deliveries"]) == (2000, 0, 2000)
