"""Days on which a machine was in the logs at all, so that one that was off does not pass for a clean one.

Readers of the findings ask for machines that they know; the others must stay unknown to them. So a machine
has a mark made from its hardware address or host name with the unit's key (HMAC-SHA-256) in place of its
name: nobody can confirm a guessed address without the key. The machines that were found are in the findings
by name, with their marks (`Presence.marks_of`), so that the next hunt's days find them.

The evidence is a sample: every lease, session and log-on record, and those lines of other logs that the hunt
parses anyway. A day that is missing proves nothing; a day that is here does.
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
"""How many machines are kept; further ones are left out."""
_ALIVE = frozenset({LeaseAction.ASSIGNED, LeaseAction.RENEWED, LeaseAction.RELEASED, LeaseAction.OBSERVED})


@lru_cache(maxsize=65536)
def mark_of(kind: str, value: str) -> str:
    """A machine's mark without a key: 20 hexadecimal digits of a SHA-256. `kind`: mac, name or ip."""
    return hashlib.sha256(f"lamsach presence {kind} {value}".encode("utf-8", "replace")).hexdigest()[:20]


@lru_cache(maxsize=65536)
def keyed_mark(key: bytes, kind: str, value: str) -> str:
    """The mark of a machine under a unit's key: the first 32 hexadecimal digits of an HMAC-SHA-256."""
    said = f"lamsach presence 2 {kind} {value}".encode("utf-8", "replace")
    return hmac.digest(key, said, "sha256").hex()[:32]


def key_name(key: bytes) -> str:
    """Return what a key is called in findings; nothing of the key follows from it."""
    return hmac.digest(key, b"lamsach presence key", "sha256").hex()[:16]


def told_by(mac: str | None, name: str | None, ip: str | None) -> list[tuple[str, str]]:
    """Kind and value of what marks a machine: hardware address and host name, else its address."""
    host = host_key(name) if name else None
    said = [("mac", mac)] if mac else []
    said += [("name", host)] if host else []
    return said or ([("ip", ip)] if ip else [])


class Presence:
    """Collector of the days, in any order. Without the unit's `key` the marks fit no other hunt."""

    def __init__(self, zone: ZoneInfo, key: bytes | None = None) -> None:
        self._zone = zone
        self._key = key or secrets.token_bytes(32)
        self._days: dict[str, set[date]] = {}
        self._times_seen: dict[str, int] = {}

    def observe(self, event: Event, identify: Callable[[Event], Identity]) -> None:
        """A line that was parsed: its own machine was there, unless the other side spoke."""
        if event.time is None or event.kind is EventKind.LEASE:
            return
        if event.device_ip is not None and event.source_ip not in (None, event.device_ip):
            return
        self.see(identify(event), [event.time.astimezone(self._zone).date()])

    def day_of(self, time: datetime) -> date:
        """The day of a time on the zone's calendar."""
        return time.astimezone(self._zone).date()

    def see(self, found: Identity, days: Iterable[date]) -> None:
        """A machine that was there on these days of the zone's calendar."""
        self._see(days, found.mac, found.name, found.ip)

    def watch(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events of leases and log-ons as they pass."""
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
        """The marks of a machine."""
        return tuple(keyed_mark(self._key, kind, value) for kind, value in told_by(mac, name, ip))

    @property
    def seen(self) -> int:
        """Return how many machines were seen."""
        return len(self._times_seen)

    @property
    def machines(self) -> int:
        """Estimate of the number of machines: those seen, over their probable share of all.

        I. J. Good, "The Population Frequencies of Species", 1953: the share of the unseen is that of the
        sightings that stayed single. A machine counts with three sightings at most, so that those whose lines
        are all read do not hide how few of the others' are.
        """
        once = sum(times == 1 for times in self._times_seen.values())
        sightings = sum(self._times_seen.values())
        return round(self.seen * (sightings + 1) / (sightings + 1 - once))

    @property
    def key_name(self) -> str:
        """Return what the key is called."""
        return key_name(self._key)

    def found(self) -> dict[str, tuple[date, ...]]:
        """The days by mark, both in order."""
        return {mark: tuple(sorted(days)) for mark, days in sorted(self._days.items())}
