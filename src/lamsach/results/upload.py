"""Upload of findings bundles to a portal, in resumable pieces; or signing them for a USB stick.

The address is `.../api/campaigns/NUMBER/findings`, as the portal's page of findings shows it; the token is
the unit's. See `lamsach.portal.findings.api`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from lamsach.errors import LamsachError, OutputError, UnreadableError, UsageError
from lamsach.i18n import mark
from lamsach.runtime.web_address import is_private, web_parts
from lamsach.runtime.web_client import WebClient

if TYPE_CHECKING:
    from lamsach.results.sealed.files import Seal

PIECE_BYTES = 4_000_000
TRIES = 6
TIMEOUT_S = 60
POLLS = 120
SIGNED = "lamsach-signed/1"
LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed later."""
_TRY_AGAIN = mark("Send it later with `lamsach send`; what has arrived is kept there.")


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer of the portal: `imported`, `refused`, or `received` while it is processed; reason and counts."""

    state: str
    problem: str
    counts: dict[str, int]


@dataclass(slots=True)
class Sender:
    """Sender to one address. `wait` sleeps for some seconds; `on_progress` gets bytes received and total."""

    answer_key: ClassVar[str] = "received"
    """Key in every answer of the portal; a body without it comes from an intermediary."""
    content_type: ClassVar[str] = "application/octet-stream"
    url: str
    token: str
    wait: Callable[[float], None] = time.sleep
    on_progress: Callable[[int, int], None] = lambda _done, _total: None

    def __post_init__(self) -> None:
        if web_parts(self.url) is None:
            raise UsageError(
                mark("This is no address of a portal."),
                self.url,
                mark("Copy it from the portal's page of findings."),
            )
        if not is_private(self.url):
            raise UsageError(
                mark("The token would be sent without encryption."),
                self.url,
                mark("Give the address with https."),
            )
        self.url = self.url.rstrip("/")

    def send(self, path: Path) -> Answer:
        """Send the bundle and wait until the portal has read it.

        OutputError when the portal cannot be reached or refuses it.
        """
        try:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                size = file.tell()
                place = f"{self.url}/{sha256}"
                answer = self._ask("GET", place)
                while not answer.get("state"):
                    offset = int(answer["received"])
                    self.on_progress(offset, size)
                    file.seek(offset)
                    data = file.read(PIECE_BYTES)
                    answer = self._ask("PUT", f"{place}?offset={offset}&size={size}", data)
        except OSError as error:
            raise UnreadableError(
                mark("The findings bundle cannot be opened."),
                str(path),
                mark("Check the name of the file and the permission to read it."),
            ) from error
        self.on_progress(size, size)
        for _ in range(POLLS):
            if answer["state"] != "received":
                break
            self.wait(0.5)
            answer = self._ask("GET", place)
        return Answer(str(answer["state"]), str(answer.get("problem", "")), dict(answer.get("counts") or {}))

    def _ask(self, method: str, address: str, data: bytes | None = None) -> dict[str, Any]:
        """Send a request, retried with growing pauses while the portal or the network is out of order."""
        problem = ""
        for number in range(TRIES):
            if number:
                self.wait(min(2.0**number, 30.0))
            status, body = self._once(method, address, data)
            if status in (200, 409):
                return body
            problem = str(body.get("problem", "")) or (str(status) if status else "")
            if status and status not in LATER:
                raise self._refused(status, problem)
            if method == "PUT":  # it may have arrived nevertheless
                status, body = self._once("GET", address.partition("?")[0])
                if status == 200 and (body.get("state") or data is None):
                    return body
        raise OutputError(mark("The portal cannot be reached."), f"{self.url} {problem}".strip(), _TRY_AGAIN)

    def _refused(self, status: int, problem: str) -> LamsachError:
        if status == 401:
            return OutputError(
                mark("The portal does not know this token."),
                self.url,
                mark("Make a new one on the unit's page."),
            )
        if status == 404:
            return OutputError(
                mark("There is no such campaign for this unit."),
                self.url,
                mark("Copy it from the portal's page of findings."),
            )
        return OutputError(mark("The portal refused the bundle."), f"{self.url} {problem}".strip(), "")

    def _once(self, method: str, address: str, data: bytes | None = None) -> tuple[int, dict[str, Any]]:
        """Return status and body; status 0 without a valid answer."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": self.content_type}
        try:
            with WebClient(TIMEOUT_S).ask(method, address, headers, data) as answer:
                body = answer.beginning(1_000_000)
                return answer.status, _object(body, self.answer_key if 200 <= answer.status < 300 else "")
        except (OSError, ValueError, LookupError):
            return 0, {}


def _object(data: bytes, must_hold: str = "") -> dict[str, Any]:
    """Parse the JSON object of an answer, empty for anything else.

    `must_hold`: ValueError for an answer without this key.
    """
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    if isinstance(found, dict) and (not must_hold or must_hold in found):
        return found
    if not must_hold:
        return {}
    raise ValueError("no answer of a portal")


def signature(token_digest: str, sha256: str) -> str:
    """Return the HMAC-SHA256 (RFC 2104) of the bundle's digest, keyed by the digest of the shared token."""
    return hmac.new(token_digest.encode(), f"{SIGNED}\n{sha256}".encode(), hashlib.sha256).hexdigest()


def sign(path: Path, token: str, target: Path, seal: Seal | None = None) -> None:
    """Write the bundle after a signature by the unit's token; sealed for a `.age` target."""
    from lamsach.results.atomic import atomic_file
    from lamsach.results.sealed.files import seal_for, sealing

    digest = hashlib.sha256(token.encode()).hexdigest()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableError(
            mark("The findings bundle cannot be opened."),
            str(path),
            mark("Check the name of the file and the permission to read it."),
        ) from error
    sha256 = hashlib.sha256(data).hexdigest()
    head = {"schema": SIGNED, "sha256": sha256, "token": digest[:16], "signature": signature(digest, sha256)}
    with atomic_file(target) as stream, sealing(stream, seal_for(target, seal)) as inner:
        inner.write(json.dumps(head, separators=(",", ":")).encode() + b"\n")
        inner.write(data)


_FINAL = frozenset({409, 422})
"""Statuses after which a summary is never accepted: the campaign is over, or it is not understood."""
_AGAIN = mark("It waits next to the quarantine and is sent with the next scan.")


class Reporter(Sender):
    """Sender of summaries to one address, which checks the address and guards the token like `Sender`."""

    answer_key: ClassVar[str] = "taken"
    content_type: ClassVar[str] = "application/json"

    def report(self, data: bytes) -> str | None:
        """Send one summary; None when it was accepted, else the reason of its final refusal.

        OutputError when it may be accepted later.
        """
        problem = ""
        for number in range(TRIES):
            if number:
                self.wait(min(2.0**number, 30.0))
            status, body = self._once("POST", self.url, data)
            problem = str(body.get("problem", "")) or (str(status) if status else "")
            if status == 200 and body.get("taken"):
                return None
            if status == 200 or status in _FINAL:
                return problem or str(status)
            if status and status not in LATER:
                raise self._refused(status, problem)
        raise OutputError(mark("The portal cannot be reached."), f"{self.url} {problem}".strip(), _AGAIN)
