"""Live matching: listed values in new lines, reported within seconds to a file and an address.

Lines are processed like a hunt's, but leases and inventory are left to the retro-hunt; a live sighting names
the device as its line does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from lamsach.archive.segment_facts import RawStream
from lamsach.collect.outbox import Record
from lamsach.collect.streams import Stream
from lamsach.devices.identify import Identifier
from lamsach.hunt import merge
from lamsach.hunt.account import Account
from lamsach.hunt.chunks import Pool, cut
from lamsach.hunt.engine import Sieve
from lamsach.hunt.examine import Uncounted
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.run import hunt
from lamsach.hunt.sets.lists import LoadedList
from lamsach.hunt.workers import sieve_chunk
from lamsach.logs.base import FileContext
from lamsach.logs.opening.inputs import HEAD_BYTES, LogFile
from lamsach.logs.reading.detect import detect
from lamsach.model import Event, RawSighting, SightingKey

_HEAD_LINES = (1, 20, 100, 500)
"""Line counts after which the format of a source is detected again."""


class LiveMatcher:
    """Matcher of new lines of any source. `report` gets the sightings of each call."""

    def __init__(self, listed: LoadedList, zone: ZoneInfo, report: Callable[[list[Record]], None]) -> None:
        self._compiled = listed.compiled
        self._matcher = Matcher(listed.compiled)
        self._zone = zone
        self._report = report
        self._identify = Identifier()
        self._lock = threading.Lock()
        self._sieve = Sieve(self._compiled)
        self._free = Pool(1)
        self._readers: dict[str, Uncounted] = {}
        self._heads: dict[str, tuple[int, bytes]] = {}
        self._found: merge.RawSightings = {}

    def match(self, stream: Stream, lines: bytes) -> None:
        """Match whole lines of a source."""
        with self._lock:
            reader = self._reader(stream, lines)
            reader.state.lines = stream.before
            for chunk in cut(RawStream(lines), self._free):
                part = sieve_chunk(self._sieve, 0, chunk)
                reader.chunk(part)
                self._free.put(chunk.buffer)
            if self._found:
                records = [self._record(key, value) for key, value in self._found.items()]
                self._found.clear()
                self._report(records)

    def match_file(self, log: LogFile) -> None:
        """Match a whole file. Raises InputError when it cannot be read."""
        rules = Rules(self._identify, _nothing, self._zone)
        result = hunt(self._compiled, [log], self._matcher, rules, threads=1)
        if result.found:
            self._report([self._record(key, value) for key, value in result.found.items()])

    def _reader(self, stream: Stream, lines: bytes) -> Uncounted:
        key = stream.header.key
        known, head = self._heads.get(key, (0, b""))
        if known < _HEAD_LINES[-1] and len(head) < HEAD_BYTES:
            head += lines[: HEAD_BYTES - len(head)]
            count = head.count(b"\n")
            self._heads[key] = (count, head if count < _HEAD_LINES[-1] else b"")
            if any(known < step <= count for step in _HEAD_LINES):
                self._readers[key] = self._new_reader(stream.header.name, head)
        return self._readers[key]

    def _new_reader(self, name: str, head: bytes) -> Uncounted:
        detection = detect(head)
        context = FileContext(name, self._zone, head=detection.lines)
        rules = Rules(self._identify, _nothing, self._zone)
        return Uncounted(
            replace(detection, binary=None), context, self._matcher, rules, self._found, Account()
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
