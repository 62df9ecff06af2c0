"""RADIUS accounting and log-ons (RFC 2865, RFC 2866) from any server: address holders over time.

A switch or access point (802.1X) states the device in `Calling-Station-Id`, usually by hardware address; a
VPN server states the client's external or own address there. `Framed-IP-Address` is the device's address;
many switches send it only after DHCP in an interim update, or never: then the hardware address has a user
but no address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from lamsach.logs.events.ends import Way, event_between
from lamsach.logs.text.values import ip_of, mac_of, stated
from lamsach.model import Action, Event, EventKind, LeaseAction

START, STOP, INTERIM = "start", "stop", "interim"
_SERVER_CHOOSES = ("0.0.0.0", "255.255.255.254", "255.255.255.255")  # noqa: S104 - no bind
_STATUS = {
    "1": START, "2": STOP, "3": INTERIM, "start": START, "stop": STOP, "interim-update": INTERIM,
    "alive": INTERIM, "interim update": INTERIM, "accounting-start": START, "accounting-stop": STOP,
}  # fmt: skip
_ACTIONS = {START: LeaseAction.ASSIGNED, INTERIM: LeaseAction.RENEWED, STOP: LeaseAction.RELEASED}


@dataclass(frozen=True, slots=True)
class RadiusRecord:
    """A record's values. `status`: of accounting (`Start`, `2`); `accepted`: of a log-on, or None."""

    time: datetime | None
    user: str | None = None
    framed_ip: str | None = None
    calling_station: str | None = None
    nas: str | None = None
    nas_ip: str | None = None
    status: str | None = None
    accepted: bool | None = None


def event_of(record: RadiusRecord) -> Event:
    """Return a lease for accounting with an address, else a log-on."""
    address = ip_of(record.framed_ip or "")
    address = None if address in _SERVER_CHOOSES else address
    calling = stated(record.calling_station) or ""
    mac, outer = mac_of(calling), ip_of(calling)
    user = stated(record.user)
    name = machine_name(user)
    status = _STATUS.get((record.status or "").lower())
    known = address is not None and bool(mac or user)
    return event_between(
        outer or address,
        ip_of(record.nas_ip or ""),
        time=record.time,
        kind=EventKind.LEASE if status and known else EventKind.LOGON,
        observer=stated(record.nas) or stated(record.nas_ip),
        device_mac=mac,
        device_name=name,
        user=None if name else user,
        action=_ACTIONS[status] if status and known else _log_on(record.accepted, status),
        way=Way.CALLED,
        given=address,
    )


def _log_on(accepted: bool | None, status: str | None) -> Action:
    if accepted is not None:
        return Action.ALLOWED if accepted else Action.BLOCKED
    return Action.ALLOWED if status in (START, INTERIM) else Action.UNKNOWN


_STATION_END = re.compile(r"(?<=[0-9A-Fa-f]):[^:]{3,}$")


def station(text: str) -> str:
    """Strip the network name that some access points append to the hardware address."""
    return text if ip_of(text) else _STATION_END.sub("", text)


def machine_name(user: str | None) -> str | None:
    r"""Return the machine in `host/pc-7.unit.example` or `UNIT\PC-7$`; None for a person."""
    if user is None:
        return None
    if user.lower().startswith("host/"):
        return user[5:] or None
    name = user.rsplit("\\", 1)[-1].partition("@")[0]
    return name[:-1] if name.endswith("$") and len(name) > 1 else None
