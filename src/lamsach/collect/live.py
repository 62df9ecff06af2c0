"""Listed values in lines that just came: told within seconds, to a file and to an address.

The lines go the hunt's way. Leases and inventory are not asked: that is the retro-hunt's work; a live sighting names the device as
its line does.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lamsach.archive.describing import RawStream
from lamsach.collect.streams import Stream
from lamsach.devices.identify import Identifier
from lamsach.errors import LamsachError, OutputError, UsageError
from lamsach.hunt import merge
from lamsach.hunt.chunks import Pool, cut
from lamsach.hunt.coverage import CoverageCount
from lamsach.hunt.engine import Sieve
from lamsach.hunt.examine import Examiner, Rules
from lamsach.hunt.lists import LoadedList
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.run import hunt
from lamsach.hunt.workers import Sieved, sieve_chunk
from lamsach.i18n import mark
from lamsach.logs.base import FileContext
from lamsach.logs.detect import detect
from lamsach.logs.opening import HEAD_BYTES, LogFile
from lamsach.model import Event, RawSighting, SightingKey

_HEAD_LINES = (1, 20, 100, 500)
"""So many lines are known each time that the format of a source is told anew."""
_WAITING = 10_000
"""Sightings that wait for an address that does not answer; the oldest are dropped and counted, not those in the file."""
_BATCH = 500
_TIMEOUT_S = 10
_RETRY_S = 5.0
Record = dict[str, Any]


class _Reader(Examiner):
    """Reads one source's new lines; what was there is counted elsewhere."""

    def _cover(self, sieved: Sieved, total: int) -> None:
        pass

    def at(self, line: int) -> None:
        """The 0-based number of the next line."""
        self.state.lines = line


class LiveMatcher:
    """Looks at lines of any source as they come. `tell` gets the sightings of each look."""

    def __init__(self, listed: LoadedList, zone: ZoneInfo, tell: Callable[[list[Record]], None]) -> None:
        self._compiled = listed.compiled
        self._matcher = Matcher(listed.compiled)
        self._zone = zone
        self._tell = tell
        self._identify = Identifier()
        self._lock = threading.Lock()
        self._sieve = Sieve(self._compiled)
        self._free = Pool(1)
        self._readers: dict[str, _Reader] = {}
        self._heads: dict[str, tuple[int, bytes]] = {}
        self._found: merge.RawSightings = {}

    def look(self, stream: Stream, lines: bytes) -> None:
        """Look at whole lines of a source."""
        with self._lock:
            reader = self._reader(stream, lines)
            reader.at(stream.lines - lines.count(b"\n"))
            for chunk in cut(RawStream(lines), self._free):
                part = sieve_chunk(self._sieve, 0, chunk)
                reader.chunk(part)
                self._free.put(chunk.buffer)
            if self._found:
                records = [self._record(key, value) for key, value in self._found.items()]
                self._found.clear()
                self._tell(records)

    def look_at_file(self, log: LogFile) -> None:
        """Look at a whole file. Raises InputError when it cannot be read."""
        rules = Rules(self._identify, _nothing, self._zone)
        result = hunt(self._compiled, [log], self._matcher, rules, threads=1)
        if result.found:
            self._tell([self._record(key, value) for key, value in result.found.items()])

    def _reader(self, stream: Stream, lines: bytes) -> _Reader:
        key = stream.header.key
        known, head = self._heads.get(key, (0, b""))
        if known < _HEAD_LINES[-1] and len(head) < HEAD_BYTES:
            head += lines[: HEAD_BYTES - len(head)]
            count = head.count(b"\n")
            self._heads[key] = (count, head if count < _HEAD_LINES[-1] else b"")
            if any(known < step <= count for step in _HEAD_LINES):
                self._readers[key] = self._new_reader(stream.header.name, head)
        return self._readers[key]

    def _new_reader(self, name: str, head: bytes) -> _Reader:
        detection = detect(head)
        context = FileContext(name, self._zone, head=detection.lines)
        rules = Rules(self._identify, _nothing, self._zone)
        return _Reader(
            replace(detection, binary=None), context, self._matcher, rules, self._found, CoverageCount()
        )

    @staticmethod
    def _record(key: SightingKey, sighting: RawSighting) -> Record:
        who = key.identity
        record: Record = {
            "record": "live_sighting",
            "seen": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "indicator": key.indicator,
            "type": key.indicator_type.value,
            "ip": who.ip,
            "name": who.name,
            "mac": who.mac,
            "user": who.user,
            "role": key.role.value,
            "match": key.match.value,
            "status": key.status.value,
            "observer": key.observer or None,
            "format": key.format or None,
            "count": sighting.count,
            "first": sighting.first.astimezone(UTC).isoformat() if sighting.first else None,
            "last": sighting.last.astimezone(UTC).isoformat() if sighting.last else None,
            "actions": {action.value: count for action, count in sighting.actions.items()},
            "evidence": [
                {"file": item.file, "line": item.line, "text": item.text} for item in sighting.evidence
            ],
        }
        return {name: value for name, value in record.items() if value is not None}


def _nothing(_event: Event) -> None:
    pass


class Outbox:
    """Where sightings go: appended to a file as JSON lines, and sent to an http or https address as a JSON array (POST).

    Raises UsageError for an address of another kind.
    """

    def __init__(
        self, path: Path | None, url: str | None, on_problem: Callable[[LamsachError], None]
    ) -> None:
        if url is not None and not url.lower().startswith(("http://", "https://")):
            raise UsageError("Sightings can be sent to http and https only.", url, "Give such an address.")
        self.told = 0
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
        """Tell sightings."""
        self.told += len(records)
        if self._path is not None:
            try:
                with self._path.open("ab") as file:
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
        request = urllib.request.Request(  # noqa: S310 - the kind was checked
            self._url,
            json.dumps(batch, ensure_ascii=False).encode("utf-8", "replace"),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                return 200 <= int(answer.status) < 300
        except (OSError, ValueError) as error:
            self._on_problem(
                OutputError(
                    mark("The sightings cannot be sent."),
                    f"{self._url}: {error}",
                    mark("They wait and are sent again."),
                )
            )
            return False

    def close(self) -> None:
        """Send what waits, if it goes at once, and end."""
        with self._ready:
            self._ended = True
            self._ready.notify()
        if self._url is not None:
            self._thread.join(_TIMEOUT_S + 1)
