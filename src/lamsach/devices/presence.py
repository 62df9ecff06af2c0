"""On which days a machine was seen in the logs at all, so that one that was switched off is not taken for a clean one.

Whoever reads the findings later asks for machines that he knows; the others must stay unknown to him. So a machine stands here under a mark made from its
hardware address or host name, and not under its name.

The evidence is a sample: every lease, session and log-on record, and those lines of other logs that the hunt parses anyway. A day that is missing proves
nothing; a day that is here does.
"""

from __future__ import annotations

import hashlib
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
    """The mark of a machine: the first 20 hexadecimal digits of a SHA-256. `kind`: mac, name (see `names.host_key`) or ip."""
    return hashlib.sha256(f"lamsach presence {kind} {value}".encode("utf-8", "replace")).hexdigest()[:20]


class Presence:
    """Collects the days. Adding is associative and commutative."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._days: dict[str, set[date]] = {}

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
        host = host_key(name) if name else None
        marks = [mark_of("mac", mac)] if mac else []
        marks += [mark_of("name", host)] if host else []
        if not marks and ip:
            marks = [mark_of("ip", ip)]
        for mark in marks:
            known = self._days.get(mark)
            if known is not None:
                known.update(days)
            elif len(self._days) < MOST:
                self._days[mark] = set(days)

    def found(self) -> dict[str, tuple[date, ...]]:
        """The days by mark, both in order."""
        return {mark: tuple(sorted(days)) for mark, days in sorted(self._days.items())}
