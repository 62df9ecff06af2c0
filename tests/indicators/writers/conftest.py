"""Tests that need a third party's program (`pytest -m programs`)."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "programs: needs the real program that takes an output")
