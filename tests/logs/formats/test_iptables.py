"""iptables: golden cases."""

from __future__ import annotations

import golden
import pytest
from reading_of_cases import records_of

from lamsach.logs.formats.iptables import Iptables


@pytest.mark.parametrize("log", golden.cases("iptables"), ids=lambda log: log.stem)
def test_golden(log):
    assert Iptables.score(golden.lines_of(log)) == 1.0
    assert records_of(Iptables, log) == golden.expected(log)
