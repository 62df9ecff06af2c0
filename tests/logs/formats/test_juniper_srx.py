"""juniper_srx: golden cases."""

from __future__ import annotations

import golden
import pytest
from reading_of_cases import records_of

from lamsach.logs.formats.juniper_srx import JuniperSrx


@pytest.mark.parametrize("log", golden.cases("juniper_srx"), ids=lambda log: log.stem)
def test_golden(log):
    assert JuniperSrx.score(golden.lines_of(log)) == 1.0
    assert records_of(JuniperSrx, log) == golden.expected(log)
