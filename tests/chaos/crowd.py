"""People and programs of many units that act simultaneously: acknowledge, hand in findings, report.

Each retries when its connection is cut.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
import urllib.parse
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.poll import came

_CUT = (OSError, http.client.HTTPException)
PIECE = 700
TRIES = 200


class Member:
    """People of one unit, with their own address. `wrong`: forbidden answers."""

    def __init__(self, port: int, place: dict[str, Any], number: int) -> None:
        self._port, self._place, self._unit = port, place, place["units"][number]
        self._address = f"198.51.100.{number % 250 + 1}"
        self.wrong: list[str] = []
        self.answers: Counter[int] = Counter()
        self.cuts = 0

    def ask(self, method: str, path: str, body: bytes | str = "", **headers: str) -> tuple[int, str, bytes]:
        """Return status, place and body of the answer.

        Retries a cut connection: any answer but a server error is accepted.
        """
        response = came(lambda: self._once(method, path, body, headers), every=0.05)
        status, place, page = response or (0, "", b"")
        self.answers[status] += 1
        if status in (0, 429) or status >= 500:
            self.wrong.append(f"{method} {path}: {status}")
        return status, place, page

    def _once(self, method: str, path: str, body: bytes | str, headers: dict[str, str]) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(method, path, body, {"X-Forwarded-For": self._address, **headers})
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Location") or "", answer.read()
        except _CUT:
            self.cuts += 1
            return None
        finally:
            connection.close()

    def run(self, stop: threading.Event) -> None:
        """Do the unit's complete part."""
        for part in (self.acknowledge, self.hand_in, self.report):
            if not stop.is_set():
                part()

    def _form(self, path: str, cookies: str = "", **fields: str) -> tuple[int, str, bytes]:
        token = "a" * 32
        headers = {
            "Cookie": f"{cookies}{self._place['csrf']}={token}",
            "X-CSRFToken": token,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return self.ask("POST", path, urllib.parse.urlencode(fields), **headers)

    def acknowledge(self) -> None:
        """Acknowledge by the link in the letter. 409: an earlier request with a lost answer succeeded."""
        link = self._unit["link"]
        self.ask("GET", link)
        day = self._place["day"]
        status, _, page = self._form(link, kind="acknowledged", who="A", day=day, note="")
        if status not in (200, 404, 409):
            self.wrong.append(f"acknowledge: {status} {page[:200]!r}")

    def hand_in(self) -> None:
        """Send the bundle in pieces, like a program, from the offset stated by the portal."""
        data = Path(self._unit["bundle"]).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        address = f"/api/campaigns/{self._place['campaign']}/findings/{digest}"
        offset = 0
        for _ in range(TRIES):
            status, _, body = self.ask(
                "PUT",
                f"{address}?offset={offset}&size={len(data)}",
                data[offset : offset + PIECE],
                Authorization=f"Bearer {self._unit['token']}",
            )
            answer = json.loads(body) if status in (200, 409) else {}
            if answer.get("bundle"):
                return
            if not answer:
                self.wrong.append(f"a piece: {status} {body[:200]!r}")
                return
            offset = int(answer["received"])
        self.wrong.append("the bundle is never whole")

    def report(self) -> None:
        """Create, submit, approve and send a report."""
        cookies = f"{self._place['session']}={self._unit['session']}; "
        path = f"/office/campaigns/{self._place['campaign']}/reports/{self._unit['pk']}/"
        status, made, page = self._form(path, cookies, x="1")
        if status != 302:
            self.wrong.append(f"make a report: {status} {page[:200]!r}")
            return
        for version, action in enumerate(("submit", "approve", "send"), 1):
            self.ask("GET", made, Cookie=cookies)
            values = {"version": str(version), "action": action, "signer": "A"}
            cuts = self.cuts
            status, _, page = self._form(f"{made}step/", cookies, **values)
            # 409 after a cut: the first attempt was committed, its answer lost. Steps are counted at the end.
            if status != 302 and not (status == 409 and self.cuts > cuts):
                self.wrong.append(f"{action}: {status} {page[:200]!r}")


class Crowd:
    """All members, a limited number at a time."""

    def __init__(self, port: int, place: dict[str, Any], at_once: int) -> None:
        self.members = [Member(port, place, number) for number in range(len(place["units"]))]
        self._waiting = list(self.members)
        self._lock, self._stop = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self._run) for _ in range(at_once)]

    def _run(self) -> None:
        while (member := self._next()) is not None:
            try:
                member.run(self._stop)
            except Exception as error:
                member.wrong.append(f"{type(error).__name__}: {error}")

    def _next(self) -> Member | None:
        with self._lock:
            return self._waiting.pop() if self._waiting and not self._stop.is_set() else None

    def begin(self) -> None:
        """Start the members."""
        for thread in self.threads:
            thread.start()

    @property
    def done(self) -> float:
        """Return the share of members that have started."""
        return 1 - len(self._waiting) / len(self.members)

    def over(self) -> bool:
        """Return whether all are done."""
        return not any(thread.is_alive() for thread in self.threads)

    def end(self) -> None:
        """Start no further member, and wait for the others."""
        self._stop.set()
        for thread in self.threads:
            thread.join()

    def total(self, count: Callable[[Member], int]) -> int:
        """Sum a number over all members."""
        return sum(map(count, self.members))
