"""Some days of the simulation with few units; the long one is `make federation`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.federation.__main__ import opened, server
from tests.federation.month import M, Month

pytestmark = pytest.mark.real_clock("each portal has a clock of its own")


def played(
    tmp_path: Path, plays: list[tuple[int, bool, str]], units: int = 16, *, postgresql: bool = False
) -> None:
    """Seeds, whether by TLS, and which portal is put back from a backup."""
    with server(postgresql) as address, opened(tmp_path, address) as (portals, url):
        for seed, tls, lost in plays:
            files = tmp_path / f"files-{seed}"
            files.mkdir()
            account = Month(portals, files, seed, units, 6, url if tls else "", lost).run()
            assert account.wrong == [], seed
            for what in ("transfers", "report", "findings", "judge", "answer_many", f"restored {lost}"):
                assert account.counted[what] > 0, (seed, what)


def test_three_portals_show_what_one_would_show(tmp_path: Path) -> None:
    """By sealed files and by TLS on loopback: cuts, losses, replays, disorder, clocks that are off, a province or the ministry put back from a backup."""
    played(tmp_path, [(21, False, "B01.A"), (22, True, M)])


def test_on_postgresql(tmp_path: Path) -> None:
    """The same by sealed files with each portal's database on a server."""
    played(tmp_path, [(24, False, M)], 10, postgresql=True)
