"""Collector's reports to a portal: sightings immediately, the state of sources every few seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from lamsach.collect.outbox import post
from lamsach.errors import LamsachError, OutputError, UsageError
from lamsach.runtime.web_address import is_private, web_parts

EVERY_S = 5.0
_REPORT_EACH = 60
"""One of this many failures in a row is reported."""


def check_url(url: str) -> str:
    """Check the portal's address and strip its last slash. UsageError if invalid or not encrypted."""
    parts = web_parts(url)
    if parts is None or "/collectors/" not in parts.path:
        raise UsageError(
            "This is no address of a portal's collectors.", url, "Copy it from the portal's page of sources."
        )
    if not is_private(url):
        raise UsageError("The token would be sent without encryption.", url, "Give the address with https.")
    return url.rstrip("/")


class Reporter:
    """Reporter to a portal until it is closed. `status` returns the report."""

    def __init__(
        self,
        url: str,
        token: str,
        status: Callable[[], dict[str, Any]],
        on_problem: Callable[[LamsachError], None],
    ) -> None:
        self._url = f"{check_url(url)}/status"
        self._token = token
        self._status = status
        self._on_problem = on_problem
        self._ended = threading.Event()
        self._failures = 0
        self._begun = False
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)

    def start(self) -> None:
        """Start."""
        self._thread.start()

    def close(self) -> None:
        """Report once more, and stop."""
        self._ended.set()
        self._thread.join(EVERY_S)
        self._report()

    def _run(self) -> None:
        while not self._ended.wait(EVERY_S if self._begun else 0.2):
            self._begun = True
            self._report()

    def _report(self) -> None:
        try:
            post(self._url, self._status(), self._token, "PUT")
            self._failures = 0
        except OutputError as error:
            if self._failures % _REPORT_EACH == 0:
                self._on_problem(error)
            self._failures += 1
