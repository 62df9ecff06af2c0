"""Client of a log store over HTTP: bounded answers, retries with pauses, an error for each cause."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from lamsach.errors import UnreadableError
from lamsach.i18n import mark
from lamsach.runtime.web_client import Answer, WebClient, WebError
from lamsach.stores.address import StoreAddress

TIMEOUT_S = 120.0
TRIES = 6
LONGEST_PAUSE_S = 30.0
ANSWER_BYTES = 64 << 20
"""Maximum bytes of an answer that is read as a whole."""
LINE_BYTES = 16 << 20
"""Maximum bytes of one line of an answer that is read by lines."""
_PIECE_BYTES = 1 << 18
_ERROR_BYTES = 1 << 14
_SHOWN_CHARACTERS = 300
_LATER = frozenset({408, 425, 429, 502, 503, 504})


class Failure(Enum):
    """Reason for an incomplete answer of a store, with its sentence and advice."""

    REFUSED = (
        mark("The store refuses to answer this user."),
        mark("Ask for the right to read these logs, or check LAMSACH_STORE_USER, _PASSWORD and _TOKEN."),
    )
    WRONG = (
        mark("The store does not take the question."),
        mark("Check the address, --field and --time-field; --whole asks for all documents."),
    )
    THROTTLED = (
        mark("The store has no time for the question."),
        mark("Search again when it is less busy, or a shorter time."),
    )
    PARTIAL = (
        mark("A part of the store did not answer."),
        mark("See to its shards or replicas, and search these days again."),
    )
    EXPIRED = (
        mark("The store gave up the search half-way."),
        mark("Search a shorter time, or when the store is less busy."),
    )
    BROKEN = (
        mark("The answer of the store ends too early or cannot be read."),
        mark("Search these days again."),
    )
    TOO_LARGE = (mark("A document of the store is too large."), mark("Search the file that it came from."))
    TOO_MANY = (
        mark("Too many documents of the store are of one second."),
        mark("Search the files that they came from."),
    )
    FEWER = (mark("The store gave fewer documents than it counted."), mark("Search these days again."))
    UNREACHED = (mark("The store cannot be reached."), mark("Check the address and the network."))


class StoreError(UnreadableError):
    """An incomplete answer. `detail`: the store's message, one line."""

    def __init__(self, failure: Failure, where: str, detail: str = "") -> None:
        what, todo = failure.value
        shown = " ".join("".join(c if c.isprintable() else " " for c in detail).split())[:_SHOWN_CHARACTERS]
        super().__init__(what, f"{where} ({shown})" if shown else where, todo)
        self.failure = failure


def by_status(status: int, detail: str) -> Failure:
    """Return the meaning of an answer with a status other than 200."""
    if status in (401, 403):
        return Failure.REFUSED
    if "search_context_missing" in detail or "No search context found" in detail:
        return Failure.EXPIRED
    return Failure.THROTTLED if status in _LATER else Failure.WRONG


@dataclass(slots=True)
class StoreClient:
    """Client of one store.

    `wait` pauses for seconds; `clock_off`: the largest clock difference observed.
    """

    address: StoreAddress
    headers: dict[str, str]
    wait: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    web: WebClient = field(default_factory=lambda: WebClient(TIMEOUT_S))
    clock_off: timedelta = timedelta()
    failure_of: Callable[[int, str], Failure] = by_status

    def ask(self, method: str, path: str, body: Any = None, *, again: bool = True) -> Any:
        """Send `body`, an object, and return the store's JSON answer. Raises StoreError.

        `again`: retry after a lost answer.
        """
        sent = None if body is None else json.dumps(body).encode()
        for trial in range(TRIES):
            last = trial == TRIES - 1 or not again
            try:
                with self.answer(method, path, sent, "application/json") as answer:
                    data = b"".join(self._bounded(answer))
            except StoreError as error:
                if error.failure is not Failure.BROKEN or last:
                    raise
                self._pause(trial, "")
                continue
            return self.parsed(data)
        raise AssertionError

    def lines(self, method: str, path: str, body: bytes, kind: str) -> Iterator[bytes]:
        """Yield the lines of an answer as they arrive. Raises StoreError, also half-way."""
        with self.answer(method, path, body, kind) as answer:
            rest = bytearray()
            try:
                for piece in answer.pieces(_PIECE_BYTES):
                    *whole, end = piece.split(b"\n")
                    for line in whole:
                        yield bytes(rest) + line
                        rest.clear()
                    rest += end
                    if len(rest) > LINE_BYTES:
                        raise self.error(Failure.TOO_LARGE)
            except WebError as error:
                raise self.error(Failure.BROKEN, str(error)) from None
            if rest:
                yield bytes(rest)

    def answer(self, method: str, path: str, body: bytes | None, kind: str) -> Answer:
        """Return a successful answer, retrying while the store is busy. Raises StoreError."""
        headers = self.headers | {"Content-Type": kind, "Accept": "*/*"}
        for trial in range(TRIES):
            last = trial == TRIES - 1
            try:
                answer = self.web.ask(method, f"{self.address.url}{path}", headers, body)
            except WebError as error:
                if "Timeout" in error.kind:  # a shorter period may be answered in time
                    raise self.error(Failure.THROTTLED, str(error)) from None
                if last:
                    raise self.error(Failure.UNREACHED, str(error)) from None
                self._pause(trial, "")
                continue
            self._see_clock(answer)
            if answer.status == 200:
                return answer
            with answer:
                detail = self._beginning(answer)
            if answer.status not in _LATER or last:
                raise self.error(self.failure_of(answer.status, detail), f"HTTP {answer.status} {detail}")
            self._pause(trial, answer.headers.get("Retry-After", ""))
        raise AssertionError

    def parsed(self, data: bytes) -> Any:
        """Parse JSON from the store. Raises StoreError."""
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise self.error(Failure.BROKEN, data[:_SHOWN_CHARACTERS].decode(errors="replace")) from None

    def error(self, failure: Failure, detail: str = "") -> StoreError:
        """Build the error for a failure of this store."""
        return StoreError(failure, str(self.address), detail)

    def _bounded(self, answer: Answer) -> Iterator[bytes]:
        size = 0
        try:
            for piece in answer.pieces(_PIECE_BYTES):
                size += len(piece)
                if size > ANSWER_BYTES:
                    raise self.error(Failure.TOO_LARGE)
                yield piece
        except WebError as error:
            raise self.error(Failure.BROKEN, str(error)) from None

    @staticmethod
    def _beginning(answer: Answer) -> str:
        with suppress(WebError):
            return answer.beginning(_ERROR_BYTES).decode(errors="replace")
        return ""

    def _pause(self, trial: int, stated: str) -> None:
        requested = float(stated) if stated.isascii() and stated.isdigit() else 0.0
        self.wait(min(max(requested, 0.5 * 2**trial), LONGEST_PAUSE_S))

    def _see_clock(self, answer: Answer) -> None:
        with suppress(ValueError, TypeError):
            off = abs(parsedate_to_datetime(answer.headers["Date"]) - self.now())
            self.clock_off = max(self.clock_off, off)
