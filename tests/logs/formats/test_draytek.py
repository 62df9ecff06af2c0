"""draytek: golden cases."""

from __future__ import annotations

import golden
import pytest
from reading_of_cases import records_of

from lamsach.logs.formats.draytek import Draytek


@pytest.mark.parametrize("log", golden.cases("draytek"), ids=lambda log: log.stem)
def test_golden(log):
    assert Draytek.score(golden.lines_of(log)) == 1.0
    assert records_of(Draytek, log) == golden.expected(log)
