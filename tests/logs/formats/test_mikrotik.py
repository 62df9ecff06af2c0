"""mikrotik: golden cases."""

from __future__ import annotations

import golden
import pytest
from reading_of_cases import records_of

from lamsach.logs.formats.mikrotik import Mikrotik


@pytest.mark.parametrize("log", golden.cases("mikrotik"), ids=lambda log: log.stem)
def test_golden(log):
    assert Mikrotik.score(golden.lines_of(log)) == 1.0
    assert records_of(Mikrotik, log) == golden.expected(log)
