"""Presence of machines in a segment: sampled events reduced to the input of `devices.presence`.

Stores addresses and times instead of machines: a later retro-hunt identifies the holders with the leases of
that time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from lamsach.archive.signs import Sign, Signs, replay
from lamsach.devices.witness import Witness
from lamsach.model import Event, EventKind

PresenceRow = tuple[str | None, str | None, str | None, str | None, str]
"""Address, hardware address, host name, user, time (ISO 8601, UTC)."""
MOST = 2000
"""Maximum number of rows stored per segment."""
_HOUR, _DAY = len("2022-09-01T08"), len("2022-09-01")


def presence_row(event: Event) -> PresenceRow | None:
    """Return the presence row of an event; None when it names no machine."""
    if event.time is None or event.kind is EventKind.LEASE:
        return None
    if event.device_ip is not None and event.source_ip not in (None, event.device_ip):
        return None
    if not (event.device_ip or event.device_mac or event.device_name):
        return None
    stamp = event.time.astimezone(UTC).isoformat()
    return event.device_ip, event.device_mac, event.device_name, event.user, stamp


class SegmentObserver:
    """Collector of the signs of infrastructure and of presence in the sampled events of one segment."""

    def __init__(self) -> None:
        self._signs = Signs()
        self._seen: dict[PresenceRow, None] = {}

    def __call__(self, event: Event) -> None:
        """Observe an event."""
        self._signs.observe(event)
        if len(self._seen) < MOST:
            seen = presence_row(event)
            if seen is not None:
                self._seen[seen] = None

    def take(self) -> tuple[list[list[Any]], list[list[Any]]]:
        """Return and clear signs and rows."""
        rows = [list(row) for row in self._seen]
        self._seen.clear()
        return self._signs.take(), rows


class PresenceSummary:
    """Reduced rows of many segments: a named machine once a day, a bare address once an hour."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Any, ...], Sequence[Any]] = {}

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add the rows of a segment."""
        for row in rows:
            length = _DAY if row[1] or row[2] else _HOUR
            self._rows.setdefault((*row[:4], row[4][:length]), row)

    def groups(self) -> list[list[Any]]:
        """Return rows by machine: address, hardware address, host name, user, space-separated times."""
        times: dict[tuple[Any, ...], list[str]] = {}
        for *machine, stamp in self._rows.values():
            times.setdefault(tuple(machine), []).append(stamp)
        return [[*machine, " ".join(stamps)] for machine, stamps in times.items()]


def replay_presence(rows: Iterable[Sequence[Any]], present: Callable[[Event], None]) -> None:
    """Pass the rows to `present`, as events."""
    for address, mac, name, user, stamp in rows:
        present(
            Event(
                time=datetime.fromisoformat(stamp),
                device_ip=address,
                device_mac=mac,
                device_name=name,
                user=user,
            )
        )


def replay_all(
    signs: Iterable[Sequence[Any]] | Iterable[Sign],
    seen: Iterable[Sequence[Any]],
    observe: Callable[[Event], None],
) -> None:
    """Pass signs and rows, or groups of rows, to an observer.

    An `observe` that is no Witness gets the signs only.
    """
    if isinstance(observe, Witness):
        replay(signs, observe.observe_infrastructure)
        observe.observe_presence_groups(seen)
    else:
        replay(signs, observe)
