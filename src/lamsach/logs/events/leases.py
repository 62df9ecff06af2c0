"""Events that state who held an address."""

from __future__ import annotations

from datetime import datetime, timedelta

from lamsach.logs.events.ends import Role, event_between
from lamsach.model import Action, Event, EventKind, LeaseAction

_LONGEST_S = 3660 * 86400
_BEGINS = frozenset({LeaseAction.ASSIGNED, LeaseAction.RENEWED})


def session_event(
    source: str | None, given: str | None, user: str | None, *, ended: bool = False, name: str | None = None
) -> Event:
    """Return the event of a VPN session that assigns (or, `ended`, releases) an address to a user.

    `source`: the client's address outside of the tunnel, else `given`; `name`: the machine's."""
    action = LeaseAction.RELEASED if ended else LeaseAction.ASSIGNED
    return event_between(
        source, kind=EventKind.LEASE, device_name=name, user=user, action=action, given=given
    )


def lease_end(time: datetime | None, seconds: str | int | None) -> datetime | None:
    """Return the end of a lease of this length; None for one that is unstated, endless or ended."""
    length = int(seconds or 0)
    return time + timedelta(seconds=length) if time and 0 < length <= _LONGEST_S else None


def lease_event(
    address: str | None,
    action: LeaseAction | None,
    *,
    mac: str | None = None,
    name: str | None = None,
    server: str | None = None,
    time: datetime | None = None,
    observer: str | None = None,
    until: datetime | None = None,
    seconds: str | int | None = None,
) -> Event:
    """Return the event of a lease; without address or action, one that only proves the machine.

    `server`: the other end of the message; `seconds`: the lease's length from `time` on, unless it is endless
    (0xffffffff)."""
    whole = address is not None and action is not None
    if action in _BEGINS:
        until = lease_end(time, seconds) or until
    return event_between(
        address,
        server,
        time=time,
        kind=EventKind.LEASE if whole else EventKind.OTHER,
        observer=observer,
        device_name=name,
        device_mac=mac,
        action=action if whole and action else Action.UNKNOWN,
        lease_until=until if whole else None,
        role=Role.HOLDER,
    )
