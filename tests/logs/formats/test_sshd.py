"""sshd: golden cases."""

from __future__ import annotations

import golden
import pytest
from reading_of_cases import records_of

from lamsach.logs.formats.sshd import Sshd


@pytest.mark.parametrize("log", golden.cases("sshd"), ids=lambda log: log.stem)
def test_golden(log):
    assert Sshd.score(golden.lines_of(log)) == 1.0
    assert records_of(Sshd, log) == golden.expected(log)
