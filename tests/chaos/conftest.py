"""Marker of the chaos run's short slices.

Those that take a minute run in CI or on request.
"""

from __future__ import annotations

import os

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", "chaos: a short slice of `make chaos`")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests that take a minute."""
    if os.environ.get("LAMSACH_CI") or os.environ.get("LAMSACH_CHAOS"):
        return
    for item in items:
        if item.get_closest_marker("chaos") and "[True]" in item.name:
            item.add_marker(pytest.mark.skip(reason="a minute: set LAMSACH_CHAOS=1"))
