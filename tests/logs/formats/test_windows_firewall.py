"""windows_firewall: golden cases."""

from __future__ import annotations

import golden
import pytest
from reading_of_cases import records_of

from lamsach.logs.formats.windows_firewall import WindowsFirewall


@pytest.mark.parametrize("log", golden.cases("windows_firewall"), ids=lambda log: log.stem)
def test_golden(log):
    assert WindowsFirewall.score([line for line in golden.lines_of(log) if line]) > 0.7
    records = [record for record in records_of(WindowsFirewall, log) if "refused" not in record]
    assert records == golden.expected(log)
