"""zyxel: golden cases."""

from __future__ import annotations

import golden
import pytest
from reading_of_cases import records_of

from lamsach.logs.formats.zyxel import Zyxel


@pytest.mark.parametrize("log", golden.cases("zyxel"), ids=lambda log: log.stem)
def test_golden(log):
    assert Zyxel.score(golden.lines_of(log)) == 1.0
    assert records_of(Zyxel, log) == golden.expected(log)
