"""pf_filterlog: golden cases."""

from __future__ import annotations

import golden
import pytest
from reading_of_cases import records_of

from lamsach.logs.formats.pf_filterlog import PfFilterlog


@pytest.mark.parametrize("log", golden.cases("pf_filterlog"), ids=lambda log: log.stem)
def test_golden(log):
    assert PfFilterlog.score(golden.lines_of(log)) == 1.0
    assert records_of(PfFilterlog, log) == golden.expected(log)
