"""Chromium for tests, by Playwright.

Debian's `chromium-headless-shell` is preferred: all pages of the demo's portal take 105 s of processor time
with it, and 152 s with the full browser.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.programs import require_program


@contextmanager
def chromium() -> Iterator[Any]:
    """Open Playwright's browser for the block."""
    sync_api = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium-headless-shell") or require_program("chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()
