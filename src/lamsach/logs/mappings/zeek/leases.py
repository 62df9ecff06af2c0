"""What Zeek's record of a DHCP exchange tells of a lease. Source: `lamsach.logs.mappings.zeek.fields`."""

from __future__ import annotations

from datetime import datetime, timedelta

from lamsach.errors import LineError
from lamsach.logs.events.ends import decide
from lamsach.logs.mappings.zeek.columns import Columns, address_of, observer_of, port_in, text_of, texts_of
from lamsach.logs.text.values import mac_of
from lamsach.model import Action, Event, EventKind, LeaseAction

_LONGEST_LEASE = timedelta(days=3660)


def lease(columns: Columns, time: datetime | None) -> Event:
    """A DHCP exchange. Up to 2.5 one record an ACK (`assigned_ip`), since then one a conversation (`msg_types`)."""
    messages = {message.upper() for message in texts_of(columns, "msg_types")}
    assigned = address_of(columns, ("assigned_addr", "assigned_ip"))
    client = address_of(columns, ("client_addr", "requested_addr"))
    action: Action | LeaseAction = Action.UNKNOWN
    if "RELEASE" in messages:
        action = LeaseAction.RELEASED
    elif assigned and (not messages or "ACK" in messages):
        action = LeaseAction.ASSIGNED
    elif client and "ACK" in messages:
        action = LeaseAction.RENEWED
    address = assigned or client or _useful(address_of(columns, ("id.orig_h",)))
    return decide(
        Event(
            time=time,
            kind=EventKind.LEASE if isinstance(action, LeaseAction) and address else EventKind.OTHER,
            observer=observer_of(columns),
            source_ip=_useful(address_of(columns, ("id.orig_h", "client_addr"))) or address,
            source_port=port_in(columns, ("id.orig_p",)),
            destination_ip=address_of(columns, ("id.resp_h", "server_addr")),
            destination_port=port_in(columns, ("id.resp_p",)),
            device_name=text_of(columns, "host_name") or text_of(columns, "client_fqdn"),
            device_mac=mac_of(text_of(columns, "mac")),
            action=action,
            lease_until=_lease_end(time, text_of(columns, "lease_time")),
        ),
        given=address,
    )


def _useful(address: str | None) -> str | None:
    return None if address in ("0.0.0.0", "::") else address  # noqa: S104 - an address in a log


def _lease_end(time: datetime | None, seconds: str | None) -> datetime | None:
    if time is None or not seconds:
        return None
    try:
        length = timedelta(seconds=float(seconds))
    except (ValueError, OverflowError):
        return None
    try:
        return time + length if timedelta(0) < length <= _LONGEST_LEASE else None
    except OverflowError:
        raise LineError("The date or time is impossible.", seconds[:40]) from None
