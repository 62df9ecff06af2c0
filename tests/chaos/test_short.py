"""Short slice of the chaos run; the long one is `make chaos`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.chaos.run import Chaos
from tests.chaos.world import clock_library
from tests.portal.postgres import require_postgresql

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.real_clock("mishaps set the clocks of single programs"),
    pytest.mark.skipif(os.name != "posix", reason="needs signals"),
]


@pytest.mark.parametrize("portal", [False, pytest.param(True, marks=pytest.mark.long)])
def test_sent_is_archived_is_found(portal: bool) -> None:
    if portal:
        require_postgresql()
    # not pytest's own folder: PostgreSQL's user may not enter it
    with tempfile.TemporaryDirectory(prefix="lamsach-chaos-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        account = Chaos(Path(name), seed=7, portal=portal).run(8, first=["clock skewed", "collector killed"])
    assert account.wrong == []
    assert account.archived_of_file == account.written > 0
    assert account.found == account.planted > 0
    assert sum(account.mishaps.values()) > 0
    assert not clock_library() or account.mishaps["clock skewed"] > 0
