"""Destination of a scan's result: the stated addresses, or a bundle's signed campaign."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from lamsach.errors import UsageError
from lamsach.results.upload import Sender
from lamsach.scanner.campaign import Carried
from lamsach.scanner.findings import Level, Result

CARRIED: Carried | None = None
"""Campaign of this bundle; set by the bundle's first module, None in every other program."""


@dataclass(frozen=True, slots=True)
class Portal:
    """Destination of the result: address and token for the whole bundle, and for the fleet's line.

    `sparing`: send the bundle only when a finding needs a person's attention.
    """

    bundle: tuple[str, str] | None = None
    summary: tuple[str, str] | None = None
    sparing: bool = False

    def wants(self, result: Result) -> bool:
        """Return whether the whole bundle of this result is to be sent."""
        return self.bundle is not None and not (self.sparing and result.worst() in (None, Level.RISK))


NOWHERE = Portal()


def stated(send: str | None, report: str | None, variable: str) -> Portal:
    """Return the destination stated on the command line.

    Raises UsageError before the scan when the token is not set, or an address is invalid.
    """
    return Portal(
        (send, _token(variable, send)) if send else None,
        (report, _token(variable, report)) if report else None,
    )


def home(variable: str) -> Portal | None:
    """Return the bundle's own campaign, by the machine's token or the bundle's word; None without either."""
    terms = CARRIED.terms if CARRIED is not None else None
    if terms is None or not terms.portal:
        return None
    word = os.environ.get(variable, "").strip() or terms.word
    if not word:
        return None
    bundle, summary = f"{terms.portal}/findings", f"{terms.portal}/scans"
    Sender(bundle, word)
    return Portal((bundle, word), (summary, word), sparing=True)


def outdated() -> tuple[str, ...]:
    """Return the lists of the bundle when they have expired, by this machine's clock."""
    if CARRIED is None or not CARRIED.is_old(datetime.now(UTC)):
        return ()
    return tuple(Path(path).name for path in CARRIED.lists) or (CARRIED.terms.campaign,)


def receiver() -> str:
    """Describe the receiver of the result: the unit and the portal's host."""
    terms = CARRIED.terms if CARRIED is not None else None
    if terms is None or not terms.portal:
        return ""
    host = urlsplit(terms.portal).hostname or ""
    return f"{terms.unit} ({host})" if terms.unit else host


def _token(variable: str, url: str) -> str:
    word = os.environ.get(variable, "").strip()
    if not word:
        raise UsageError(
            "The environment variable with the unit's token is not set.", variable, "Set it and run again."
        )
    Sender(url, word)
    return word
