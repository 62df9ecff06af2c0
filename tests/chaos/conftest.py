"""The marker of the chaos run's short slices.

Those that take a minute run in CI or when they are asked for.
"""

from __future__ import annotations

import os

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker."""
    config.addinivalue_line("markers", "chaos: a short slice of `make chaos`")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what takes a minute."""
    if os.environ.get("LAMSACH_CI") or os.environ.get("LAMSACH_CHAOS"):
        return
    for item in items:
        if item.get_closest_marker("chaos") and "[True]" in item.name:
            item.add_marker(pytest.mark.skip(reason="a minute: set LAMSACH_CHAOS=1"))
