"""Sessions of people as leases: VPN, 802.1X."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lamsach.devices.attribution import attribute
from lamsach.devices.identify import Identifier
from lamsach.devices.leases import SESSION_LENGTH, LeaseTable
from lamsach.model import Event, EventKind, Identity, LeaseAction

from .builders import at, lease, sighting

ASSIGNED, RENEWED, RELEASED, EXPIRED, OBSERVED = LeaseAction
IP, MAC = "10.0.0.50", "02:00:00:00:00:0a"
DAY = SESSION_LENGTH / timedelta(minutes=1)


def session(
    minute: float,
    action: LeaseAction,
    user: str,
    ip: str | None = IP,
    outer: str = "203.0.113.5",
    port: int = 51234,
) -> Event:
    return Event(
        time=at(minute),
        kind=EventKind.LEASE,
        source_ip=outer,
        source_port=port,
        device_ip=ip,
        user=user,
        action=action,
    )


CASES: dict[str, tuple[list[Event], dict[float, str | None]]] = {
    "from log-on to log-off": ([session(0, ASSIGNED, "alice"), session(60, RELEASED, "alice")],
        {-1: None, 0: "alice", 59: "alice", 60: None}),
    "an end that names no address": ([session(0, ASSIGNED, "alice"), session(60, RELEASED, "alice", None)],
        {59: "alice", 60: None}),
    "the end of the same person's other session": (
        [session(0, ASSIGNED, "alice"), session(60, RELEASED, "alice", None, port=9)],
        {59: "alice", 61: "alice"},
    ),
    "an end before the beginning is of another session": (
        [session(5, RELEASED, "alice", None), session(10, ASSIGNED, "alice"),
         session(60, RELEASED, "alice", None)],
        {11: "alice", 59: "alice", 60: None},
    ),
    "logged on again after the end": (
        [session(0, ASSIGNED, "alice"), session(60, RELEASED, "alice", None), session(90, ASSIGNED, "alice")],
        {59: "alice", 61: None, 91: "alice"},
    ),
    "nothing says when it ends": ([session(0, ASSIGNED, "alice")], {DAY - 1: "alice", DAY: None}),
    "the next person": ([session(0, ASSIGNED, "alice"), session(30, ASSIGNED, "bob")],
        {29: "alice", 30: "bob"}),
    "proof of life": ([session(0, ASSIGNED, "alice"), session(DAY - 1, RENEWED, "alice")],
        {DAY + 60: "alice"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_sessions_name_the_holder_in_any_order(name: str) -> None:
    events, expected = CASES[name]
    table, backwards = LeaseTable(events), LeaseTable(events[::-1])
    found = {minute: (held.user if (held := table.holder(IP, at(minute))) else None) for minute in expected}
    assert found == expected
    assert table.history(IP) == backwards.history(IP)


def test_a_session_completes_the_lease_of_its_machine() -> None:
    table = LeaseTable(
        [lease(0, ASSIGNED, MAC, "PC-7", until=600), replace(session(5, ASSIGNED, "alice"), device_mac=MAC)]
    )
    held = table.holder(IP, at(10))
    assert held is not None
    assert (held.mac, held.name, held.user, held.how) == (MAC, "PC-7", "alice", "session")
    assert table.conflicts == ()


def test_two_people_of_one_address_of_the_tunnel_are_two_devices() -> None:
    who = Identifier(
        LeaseTable(
            [
                session(0, ASSIGNED, "alice"),
                session(60, RELEASED, "alice", None),
                session(90, ASSIGNED, "UNIT\\bob"),
            ]
        )
    )
    raw = dict(
        sighting(who(Event(time=at(minute), kind=EventKind.DNS, device_ip=IP)), [minute])
        for minute in (10, 70, 100)
    )
    devices, _ = attribute(raw)
    assert {device.key: device.user for device in devices} == {
        "user:alice": "alice",
        "user:bob": "UNIT\\bob",
        f"ip:{IP}": None,
    }


def test_the_lines_own_user_precedes_the_sessions() -> None:
    who = Identifier(LeaseTable([session(0, ASSIGNED, "alice")]))
    assert who(Event(time=at(1), device_ip=IP, user="carol")) == Identity(IP, None, None, "carol", "session")
    assert who(Event(time=at(1), device_ip=IP)) == Identity(IP, None, None, "alice", "session")
