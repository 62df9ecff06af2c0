"""web_access: golden cases."""

from __future__ import annotations

import golden
import pytest
from reading_of_cases import records_of

from lamsach.logs.formats.web_access import WebAccess


@pytest.mark.parametrize("log", golden.cases("web_access"), ids=lambda log: log.stem)
def test_golden(log):
    assert WebAccess.score([line for line in golden.lines_of(log) if line]) > 0.7
    records = [record for record in records_of(WebAccess, log) if "refused" not in record]
    assert records == golden.expected(log)
