"""Days on which a machine appeared in the logs, to distinguish a clean one from one switched off.

Findings must not reveal machines that their reader does not already know. So a machine appears as a mark: an
HMAC-SHA-256 of its hardware address or host name under the unit's key. Without the key nobody can confirm a
guessed address. Machines that were found are in the findings by name, with their marks (`Presence.marks_of`),
so that the days of the next hunt match them.

The evidence is a sample: every lease, session and log-on record, and the lines of other logs that the hunt
parses. A listed day proves presence; a missing one proves nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from lamsach.devices.names import host_key, mac_address
from lamsach.model import Event, EventKind, Identity, LeaseAction

MOST = 100_000
"""Maximum number of machines stored; further ones are dropped."""
_ALIVE = frozenset({LeaseAction.ASSIGNED, LeaseAction.RENEWED, LeaseAction.RELEASED, LeaseAction.OBSERVED})


@lru_cache(maxsize=65536)
def mark_of(kind: str, value: str) -> str:
    """Return a machine's mark without a key: 20 hexadecimal digits of a SHA-256. `kind`: mac, name or ip."""
    return hashlib.sha256(f"lamsach presence {kind} {value}".encode("utf-8", "replace")).hexdigest()[:20]


@lru_cache(maxsize=65536)
def keyed_mark(key: bytes, kind: str, value: str) -> str:
    """Return a machine's mark under a unit's key: the first 32 hexadecimal digits of an HMAC-SHA-256."""
    message = f"lamsach presence 2 {kind} {value}".encode("utf-8", "replace")
    return hmac.digest(key, message, "sha256").hex()[:32]


def key_name(key: bytes) -> str:
    """Return the public name of a key in findings; it reveals nothing of the key."""
    return hmac.digest(key, b"lamsach presence key", "sha256").hex()[:16]


def identifiers_of(mac: str | None, name: str | None, ip: str | None) -> list[tuple[str, str]]:
    """List (kind, value) of what identifies a machine: hardware address and host name, else its address."""
    host = host_key(name) if name else None
    values = [("mac", mac)] if mac else []
    values += [("name", host)] if host else []
    return values or ([("ip", ip)] if ip else [])


class Presence:
    """Collector of the days, in any order. Without the unit's `key` the marks fit no other hunt."""

    def __init__(self, zone: ZoneInfo, key: bytes | None = None) -> None:
        self._zone = zone
        self._key = key or secrets.token_bytes(32)
        self._days: dict[str, set[date]] = {}
        self._times_seen: dict[str, int] = {}

    def observe(self, event: Event, identify: Callable[[Event], Identity]) -> None:
        """Record the machine of a parsed line as present, unless the other side was the sender."""
        if event.time is None or event.kind is EventKind.LEASE:
            return
        if event.device_ip is not None and event.source_ip not in (None, event.device_ip):
            return
        self.see(identify(event), [event.time.astimezone(self._zone).date()])

    def day_of(self, time: datetime) -> date:
        """Return the day of a time on the zone's calendar."""
        return time.astimezone(self._zone).date()

    def see(self, found: Identity, days: Iterable[date]) -> None:
        """Record a machine as present on days of the zone's calendar."""
        self._see(days, found.mac, found.name, found.ip)

    def watch(self, events: Iterable[Event]) -> Iterator[Event]:
        """Pass lease and log-on events through, recording their machines."""
        for event in events:
            if event.time is not None and (event.kind is not EventKind.LEASE or event.action in _ALIVE):
                mac = mac_address(event.device_mac or "")
                day = event.time.astimezone(self._zone).date()
                self._see([day], mac, event.device_name, event.device_ip)
            yield event

    def _see(self, days: Iterable[date], mac: str | None, name: str | None, ip: str | None) -> None:
        marks = self.marks_of(mac, name, ip)
        for mark in marks[:1]:
            if mark in self._times_seen or len(self._times_seen) < MOST:
                self._times_seen[mark] = min(3, self._times_seen.get(mark, 0) + 1)
        for mark in marks:
            known = self._days.get(mark)
            if known is not None:
                known.update(days)
            elif len(self._days) < MOST:
                self._days[mark] = set(days)

    def marks_of(self, mac: str | None, name: str | None, ip: str | None) -> tuple[str, ...]:
        """Return the marks of a machine."""
        return tuple(keyed_mark(self._key, kind, value) for kind, value in identifiers_of(mac, name, ip))

    @property
    def seen(self) -> int:
        """Count of machines seen."""
        return len(self._times_seen)

    @property
    def machines(self) -> int:
        """Estimated number of machines: those seen, divided by their probable share of all.

        I. J. Good, "The Population Frequencies of Species", 1953: the share of the unseen equals that of the
        sightings that stayed single. At most three sightings per machine count, or those whose lines are all
        read would hide how few are read of the others.
        """
        once = sum(times == 1 for times in self._times_seen.values())
        sightings = sum(self._times_seen.values())
        return round(self.seen * (sightings + 1) / (sightings + 1 - once))

    @property
    def key_name(self) -> str:
        """Public name of the key."""
        return key_name(self._key)

    def found(self) -> dict[str, tuple[date, ...]]:
        """Return the days by mark, both sorted."""
        return {mark: tuple(sorted(days)) for mark, days in sorted(self._days.items())}
