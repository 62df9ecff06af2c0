"""Presence of machines, kept beside a segment: the sampled events cut down to what `devices.presence` reads.

Who had an address is asked when a list comes, with the leases of then; so the address and the time are kept,
not a machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from lamsach.archive.signs import Sign, Signs, replay
from lamsach.devices.witness import Witness
from lamsach.model import Event, EventKind

Seen = tuple[str | None, str | None, str | None, str | None, str]
"""Address, hardware address, host name, user, time (ISO 8601, UTC)."""
MOST = 2000
"""Rows kept of one segment."""
_HOUR, _DAY = len("2022-09-01T08"), len("2022-09-01")


def seen_of(event: Event) -> Seen | None:
    """Return what the event says of its machine; None when it says nothing."""
    if event.time is None or event.kind is EventKind.LEASE:
        return None
    if event.device_ip is not None and event.source_ip not in (None, event.device_ip):
        return None
    if not (event.device_ip or event.device_mac or event.device_name):
        return None
    stamp = event.time.astimezone(UTC).isoformat()
    return event.device_ip, event.device_mac, event.device_name, event.user, stamp


class Noted:
    """Gathers what the sampled events of one segment tell: signs of infrastructure, and who was there."""

    def __init__(self) -> None:
        self._signs = Signs()
        self._seen: dict[Seen, None] = {}

    def __call__(self, event: Event) -> None:
        """Take an event into account."""
        self._signs.observe(event)
        if len(self._seen) < MOST:
            seen = seen_of(event)
            if seen is not None:
                self._seen[seen] = None

    def take(self) -> tuple[list[list[Any]], list[list[Any]]]:
        """Signs and rows so far, which are then forgotten."""
        rows = [list(row) for row in self._seen]
        self._seen.clear()
        return self._signs.take(), rows


class FewSeen:
    """Fewer rows of many segments: a machine with a name once a day, an address alone once an hour."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], Sequence[Any]] = {}

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Take the rows of a segment."""
        for row in rows:
            length = _DAY if row[1] or row[2] else _HOUR
            self._kept.setdefault((*row[:4], row[4][:length]), row)

    def groups(self) -> list[list[Any]]:
        """Return the rows by machine: address, hardware address, host name, user, and times with blanks
        between.
        """
        times: dict[tuple[Any, ...], list[str]] = {}
        for *words, stamp in self._kept.values():
            times.setdefault(tuple(words), []).append(stamp)
        return [[*words, " ".join(stamps)] for words, stamps in times.items()]


def replay_seen(rows: Iterable[Sequence[Any]], present: Callable[[Event], None]) -> None:
    """Tell the rows to `present`, as events."""
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
    """Tell signs and rows, or groups of rows, to whom they concern.

    An `observe` that is no Witness is told of the signs alone.
    """
    if isinstance(observe, Witness):
        replay(signs, observe.shows)
        observe.present_groups(seen)
    else:
        replay(signs, observe)
