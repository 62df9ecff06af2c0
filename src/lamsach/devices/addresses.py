"""Which addresses a device held when, as its sightings show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from lamsach.devices.forwarding import Item
from lamsach.model import AddressInterval

MOST_INTERVALS = 50
"""A device with more changes of address than this is given one interval an address instead."""
_TRUST = ("lease", "session", "inventory", "log", "observed", "address", "none")


def intervals(items: Sequence[Item]) -> tuple[AddressInterval, ...]:
    """The addresses of a device in the order of time, an address that it left and came back to twice.

    The order is that of `last`, so the last interval holds the latest address; addresses without any time come first.
    IPv4 and IPv6 addresses are followed apart, since a machine holds both at once.
    """
    found: list[AddressInterval] = []
    for version_6 in (False, True):
        members = [
            (key, raw) for key, raw in items if key.identity.ip and (":" in key.identity.ip) is version_6
        ]
        found.extend(_runs(members))
    earliest = datetime.min.replace(tzinfo=UTC)
    return tuple(
        sorted(
            found, key=lambda one: (one.last or earliest, ":" not in one.ip, one.first or earliest, one.ip)
        )
    )


def _runs(items: Sequence[Item]) -> list[AddressInterval]:
    how: dict[str, str] = {}
    moments: set[tuple[datetime, str]] = set()
    for key, raw in items:
        ip = key.identity.ip or ""
        how[ip] = min(how.get(ip, "none"), key.identity.how, key=_TRUST.index)
        ends = [time for time in (raw.first, raw.last) if time is not None]
        moments.update((time, ip) for time in ends)
        if ends:
            between = (datetime.fromtimestamp(time, UTC) for time in raw.times)
            moments.update((time, ip) for time in between if min(ends) < time < max(ends))
    runs: list[list[tuple[datetime, str]]] = []
    for moment in sorted(moments):
        if not runs or runs[-1][-1][1] != moment[1]:
            runs.append([moment])
        runs[-1].append(moment)
    if len(runs) > MOST_INTERVALS:
        runs = [[moment for moment in sorted(moments) if moment[1] == ip] for ip in sorted(how)]
        runs = [run for run in runs if run]
    timed = {run[0][1] for run in runs}
    without = [AddressInterval(ip, None, None, how[ip]) for ip in sorted(how.keys() - timed)]
    return without + [AddressInterval(run[0][1], run[0][0], run[-1][0], how[run[0][1]]) for run in runs]
