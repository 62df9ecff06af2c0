"""The one way in which tests open Chromium.

Without a display the small build (Debian's `chromium-headless-shell`) does what the whole browser does, with
less to start and to draw: all pages of the demo's portal take 105 s of processor time with it and 152 s with
the whole one.
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
    """Playwright's browser; closed, with all its pages, at the end."""
    sync_api = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium-headless-shell") or require_program("chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()
