"""Delivery of a report to the centre by HTTPS: the same bytes until accepted or refused."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from lamsach.errors import OutputError, UsageError
from lamsach.i18n import mark
from lamsach.results.upload import LATER
from lamsach.runtime.web_address import is_private
from lamsach.runtime.web_client import WebClient, WebError

CONTENT_TYPE = "text/xml; charset=utf-8"
TIMEOUT_S, TRIES, ANSWER_BYTES = 30.0, 6, 20_000
UNREACHED = mark("The centre could not be reached. The report was not sent; nothing is lost.")
REFUSED = mark("The centre refused the report.")
NOTHING = mark("No log of the period was searched, and no machine was scanned in it.")
NOT_SENT = mark("No report was made: it would look as if nothing were there.")


class Outcome(StrEnum):
    """Outcome of a delivery."""

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"


def outcome_of(status: int) -> Outcome:
    """Classify a status: 2xx is accepted, a server out of order is retried, all others are refusals."""
    if 200 <= status < 300:
        return Outcome.TAKEN
    return Outcome.LATER if status in LATER or not status else Outcome.REFUSED


def digest_of(document: bytes) -> str:
    """Return the SHA-256 that identifies a report, also at the centre (`Idempotency-Key`)."""
    return hashlib.sha256(document).hexdigest()


def headers_of(document: bytes) -> dict[str, str]:
    """Return the HTTP headers of a report."""
    return {"Content-Type": CONTENT_TYPE, "Idempotency-Key": digest_of(document)}


@dataclass(frozen=True, slots=True)
class Receipt:
    """Answer of the centre to a report (its SHA-256), with its time."""

    url: str
    sha256: str
    at: datetime
    status: int
    answer: str

    def as_json(self) -> bytes:
        """Encode the receipt for a file."""
        record = {
            "url": self.url,
            "sha256": self.sha256,
            "at": self.at.astimezone(UTC).isoformat(timespec="seconds"),
            "status": self.status,
            "answer": self.answer,
        }
        return json.dumps(record, ensure_ascii=False, indent=1).encode() + b"\n"


def check_address(url: str) -> None:
    """Raise UsageError for an address that is neither HTTPS nor on this machine."""
    if not is_private(url):
        raise UsageError(
            mark("A report goes to an address that begins with https."),
            url[:200],
            mark("Give the address that the centre gave."),
        )


def send(
    document: bytes, url: str, client: WebClient | None = None, wait: Callable[[float], None] = time.sleep
) -> Receipt:
    """Send the report, retried with growing pauses while the centre is out of order.

    Returns the receipt, of a refusal too; OutputError when the centre cannot be reached.
    """
    check_address(url)
    http, problem = client or WebClient(TIMEOUT_S), ""
    for number in range(TRIES):
        if number:
            wait(min(2.0**number, 30.0))
        try:
            with http.ask("POST", url, headers_of(document), document) as answer:
                body = answer.beginning(ANSWER_BYTES).decode("utf-8", "replace")
                if outcome_of(answer.status) is not Outcome.LATER:
                    return Receipt(url, digest_of(document), datetime.now(UTC), answer.status, body)
                problem = str(answer.status)
        except WebError as error:
            problem = str(error)
    raise OutputError(UNREACHED, f"{url} ({problem})", mark("Send it again later."))
