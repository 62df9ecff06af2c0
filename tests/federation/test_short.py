"""Some days of the simulation with few units; the long one is `make federation`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.federation.__main__ import opened
from tests.federation.month import Month

pytestmark = pytest.mark.real_clock("each portal has a clock of its own")


def test_three_portals_show_what_one_would_show(tmp_path: Path) -> None:
    """By sealed files and by TLS on loopback: cuts, losses, replays, disorder, clocks that are off, a province put back from a backup."""
    portals, url = opened(tmp_path)
    try:
        for seed, by in ((21, ""), (22, url)):
            files = tmp_path / f"files-{seed}"
            files.mkdir()
            account = Month(portals, files, seed, units=16, days=6, url=by).run()
            assert account.wrong == [], seed
            for what in ("transfers", "report", "findings", "judge", "answer_many"):
                assert account.counted[what] > 0, (seed, what)
    finally:
        for portal in portals.values():
            portal.end()
