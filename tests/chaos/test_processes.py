"""Short slice of the portal on several processes that are killed; the long one is `make chaos`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.chaos.processes import Processes
from tests.portal.postgres import require_postgresql

pytestmark = [
    pytest.mark.real_clock("the processes share PostgreSQL's clock"),
    pytest.mark.skipif(os.name != "posix", reason="needs signals"),
]


@pytest.mark.long
def test_nothing_is_lost_or_doubled_while_processes_are_killed() -> None:
    require_postgresql()
    # not pytest's own folder: PostgreSQL's user may not enter it
    with tempfile.TemporaryDirectory(prefix="lamsach-chaos-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        found = Processes(Path(name), seed=7, units=5, at_once=5).run(pause_s=4.0, kills=4)
    assert found["wrong"] == []
    assert sum(found["mishaps"].values()) >= 4
