"""Some days of the simulation with few units; the long one is `make federation`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.federation.__main__ import opened, server
from tests.federation.month import M, Month

pytestmark = pytest.mark.real_clock("each portal has a clock of its own")


def played(
    folder: Path, seed: int, units: int, days: int, lost: str, *, tls: bool = False, postgresql: bool = False
) -> None:
    """Some days of a seed; `lost`: which portal is put back from a backup."""
    files = folder / "files"
    files.mkdir()
    with server(postgresql) as address, opened(folder, address) as (portals, url):
        account = Month(portals, files, seed, units, days, url if tls else "", lost).run()
    assert account.wrong == []
    for what in ("transfers", "files", "report", "findings", "judge", "answer_many", f"restored {lost}"):
        assert account.counted[what] > 0, what


def test_three_portals_show_what_one_would_show(tmp_path: Path) -> None:
    """By sealed files and by TLS on loopback.

    Cuts, losses, replays, disorder, clocks that are off, a province put back from a backup.
    """
    played(tmp_path, 22, 16, 6, "B01.A", tls=True)


def test_on_postgresql_with_the_ministry_put_back(tmp_path: Path) -> None:
    """By files alone, also where a transfer is cut; each portal's database on a server."""
    played(tmp_path, 24, 10, 5, M, postgresql=True)
