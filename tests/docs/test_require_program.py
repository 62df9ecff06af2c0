"""Missing programs: skipped tests on a developer's machine, failures in CI."""

from __future__ import annotations

import pytest

from tests.conftest import require_program


def test_a_program_that_is_there() -> None:
    assert require_program("sh").endswith("/sh")


def test_a_missing_program_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMSACH_CI", "")
    with pytest.raises(pytest.skip.Exception, match="no-such-program"):
        require_program("no-such-program")


def test_a_missing_program_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMSACH_CI", "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-program"):
        require_program("no-such-program")
