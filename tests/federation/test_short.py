"""Short runs of the simulation with few units; the long one is `make federation`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.federation.__main__ import opened, server
from tests.federation.month import Month
from tests.federation.run import M, Run

pytestmark = pytest.mark.real_clock("each portal has a clock of its own")


def played(
    folder: Path, seed: int, units: int, days: int, lost: str, *, tls: bool = False, postgresql: bool = False
) -> None:
    """Play some days of a seed; `lost`: the portal to restore from a backup."""
    files = folder / "files"
    files.mkdir()
    with server(postgresql) as address, opened(folder, address) as (portals, url):
        account = Month(Run(portals, files, seed, units, days, url if tls else ""), lost).play()
    assert account.wrong == []
    for event in ("transfers", "files", "report", "findings", "judge", "answer_many", f"restored {lost}"):
        assert account.counted[event] > 0, event


@pytest.mark.long
def test_three_portals_show_what_one_would_show(tmp_path: Path) -> None:
    """Sealed files and TLS, with cuts, losses, replays, disorder, wrong clocks, and a restored province."""
    played(tmp_path, 22, 16, 6, "B01.A", tls=True)


@pytest.mark.long
def test_on_postgresql_with_the_ministry_put_back(tmp_path: Path) -> None:
    """Files only, with cut transfers; each portal's database on a server."""
    played(tmp_path, 24, 10, 5, M, postgresql=True)
