"""A few seconds of `bench/deadline.py`: users and readers together on PostgreSQL.

Through `lamsach serve` with two processes; no error, nothing lost or doubled. The bench measures the speed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.deadline import options, run
from bench.deadline_load import BRANCH, PUBLIC, SENDING, WHOLE, Confirmed, differences
from bench.deadline_table import table

from .conftest import TEMPLATE
from .postgres import fresh

SMALL = "--units 40 --users 24 --minutes 0.05 --rate 8 --public 20 --processes 2 --bundle 100000 --sockets 20"


@pytest.mark.long
def test_users_and_readers_at_once(tmp_path: Path, postgresql: str) -> None:
    wanted = options(SMALL.split())
    found = run(tmp_path / "data", fresh(postgresql, template=TEMPLATE), wanted)
    assert found.wrong == []
    assert found.processes == 2
    led = {page + where for page in ("home", "board", "late list", "unit page") for where in (BRANCH, WHOLE)}
    assert {*found.costs} == {*SENDING, PUBLIC, "home", *led}
    assert len(found.measured.times[PUBLIC]) == 60
    assert 30 < found.peak_mb < 350
    assert "| 64 |" in table(found, wanted)


def test_what_is_lost_or_doubled_is_told() -> None:
    confirmed = Confirmed(acknowledged=[1, 2], bundles=[5], reports=[5, 6], stated={5: 9}, sent=[5])
    stored = {
        "acknowledged": [1, 2], "bundles": [5], "imports": 1, "reports": [5, 6], "stated": {"5": 9},
        "sent": [5], "unread": 0, "broken": 0, "doubled": 0, "deliveries": 1, "audited": 1,
    }  # fmt: skip
    assert differences(confirmed, stored) == []
    for change in (
        {"acknowledged": [1]}, {"acknowledged": [1, 2, 2]}, {"bundles": []}, {"unread": 1}, {"imports": 2},
        {"reports": [5]}, {"stated": {"5": 8}}, {"stated": {}}, {"sent": [5, 6]}, {"broken": 1},
        {"doubled": 1}, {"deliveries": 2}, {"audited": 0},
    ):  # fmt: skip
        assert differences(confirmed, {**stored, **change}), change
