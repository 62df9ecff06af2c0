"""Delivery of sightings to a file and to an address; and requests to a portal."""

from __future__ import annotations

import itertools
import json
import secrets
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lamsach.errors import LamsachError, OutputError, UsageError
from lamsach.i18n import mark
from lamsach.results.atomic import open_own
from lamsach.runtime.web_client import WebClient, WebError

Record = dict[str, Any]
_WAITING = 10_000
"""Maximum number of sightings that wait for an address; the oldest are dropped and counted."""
_BATCH = 500
_TIMEOUT_S = 10
_RETRY_S = 5.0


def post(url: str, value: Any, token: str = "", method: str = "POST") -> None:
    """Send a value as JSON, with a token for this address only. Raises OutputError if not accepted."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    try:
        with WebClient(_TIMEOUT_S).ask(method, url, headers, data) as answer:
            if 200 <= answer.status < 300:
                return
            problem = str(answer.status)
    except WebError as error:
        problem = str(error)
    raise OutputError(
        mark("The sightings cannot be sent."), f"{url}: {problem}", mark("They wait and are sent again.")
    )


class Outbox:
    """Destination of sightings: a file (JSON lines, appended), and an address (JSON array, POST).

    `token` is sent with them, only to this address. Each sighting has an `id`, so that duplicates are
    recognized. Raises UsageError for an address of another kind.
    """

    def __init__(
        self, path: Path | None, url: str | None, on_problem: Callable[[LamsachError], None], token: str = ""
    ) -> None:
        if url is not None and not url.lower().startswith(("http://", "https://")):
            raise UsageError("Sightings can be sent to http and https only.", url, "Give such an address.")
        self._run = secrets.token_hex(6)
        self._numbers = itertools.count(1)
        self._token = token
        self.reported = 0
        self.dropped = 0
        self._path = path
        self._url = url
        self._on_problem = on_problem
        self._waiting: deque[Record] = deque()
        self._ready = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._send, name="outbox", daemon=True)
        if url is not None:
            self._thread.start()

    def put(self, records: list[Record]) -> None:
        """Report sightings."""
        for record in records:
            record.setdefault("id", f"{self._run}-{next(self._numbers)}")
        self.reported += len(records)
        if self._path is not None:
            try:
                with open_own(self._path, "ab") as file:
                    file.write(
                        b"".join(
                            json.dumps(item, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
                            for item in records
                        )
                    )
            except OSError as error:
                self._on_problem(
                    OutputError(
                        mark("The sightings cannot be written."),
                        f"{self._path}: {error.strerror}",
                        mark("Check the path and the free space."),
                    )
                )
        if self._url is not None:
            with self._ready:
                self._waiting.extend(records)
                while len(self._waiting) > _WAITING:
                    self._waiting.popleft()
                    self.dropped += 1
                self._ready.notify()

    def _send(self) -> None:
        while True:
            with self._ready:
                while not self._waiting and not self._ended:
                    self._ready.wait()
                if not self._waiting:
                    return
                batch = [self._waiting[place] for place in range(min(_BATCH, len(self._waiting)))]
            sent = self._post(batch)
            with self._ready:
                if sent:
                    for _ in range(min(len(batch), len(self._waiting))):
                        self._waiting.popleft()
                elif self._ended:
                    self.dropped += len(self._waiting)
                    return
                else:
                    self._ready.wait(_RETRY_S)

    def _post(self, batch: list[Record]) -> bool:
        assert self._url is not None
        try:
            post(self._url, batch, self._token)
        except OutputError as error:
            self._on_problem(error)
            return False
        return True

    def close(self) -> None:
        """Send what waits, if possible immediately, and stop."""
        with self._ready:
            self._ended = True
            self._ready.notify()
        if self._url is not None:
            self._thread.join(_TIMEOUT_S + 1)
