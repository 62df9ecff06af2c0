from __future__ import annotations

import pytest

from lamsach.devices.identify import Identifier
from lamsach.devices.inventory import Inventory, InventoryEntry
from lamsach.devices.leases import LeaseTable
from lamsach.model import Event, Identity, LeaseAction

from .builders import at, lease

A, B, C = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"
LEASED, STATIC = "10.0.0.50", "10.0.0.9"

LEASES = LeaseTable(
    [
        lease(10, LeaseAction.ASSIGNED, A, "pc-a.unit.example", until=100),
        lease(200, LeaseAction.ASSIGNED, B, "pc-b", until=300),
    ]
)
INVENTORY = Inventory(
    [
        InventoryEntry((LEASED,), (A,), "MAY-A", "An", "Phòng A", "x:1"),
        InventoryEntry((STATIC,), (C,), "MAY-C", "Chi", "Phòng C", "x:2"),
        InventoryEntry(("10.0.0.77",), (), "MAY-D", "Dung", "Phòng D", "x:3"),
    ]
)


def event(ip: str | None, minute: float | None = 0, **more: str) -> Event:
    return Event(time=None if minute is None else at(minute), device_ip=ip, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (event(LEASED, 50), Identity(LEASED, A, "MAY-A", "An", "lease")),
        (event(LEASED, 250), Identity(LEASED, B, "pc-b", None, "lease")),
        (event(LEASED, 250, user="binh"), Identity(LEASED, B, "pc-b", "binh", "lease")),
        (event(LEASED, 250, device_name="other", device_mac=C), Identity(LEASED, B, "pc-b", None, "lease")),
        # the table knows the address, and nobody held it: the inventory's holder did lease it, so it is
        # believed
        (event(LEASED, 150), Identity(LEASED, A, "MAY-A", "An", "inventory")),
        (event(STATIC), Identity(STATIC, C, "MAY-C", "Chi", "inventory")),
        (event(STATIC, None), Identity(STATIC, C, "MAY-C", "Chi", "inventory")),
        (event("10.0.0.77"), Identity("10.0.0.77", None, "MAY-D", "Dung", "inventory")),
        (
            event("10.0.0.1", device_mac="02-00-00-00-00-0C"),
            Identity("10.0.0.1", C, "MAY-C", "Chi", "inventory"),
        ),
        (
            event("10.0.0.1", device_name="may-c.unit.example"),
            Identity("10.0.0.1", C, "MAY-C", "Chi", "inventory"),
        ),
        # the line knows better than the sheet who has the address now
        (event(STATIC, device_name="guest-7"), Identity(STATIC, None, "guest-7", None, "log")),
        (event(STATIC, device_mac=B), Identity(STATIC, B, None, None, "log")),
        (
            event("10.0.0.1", device_name="guest-7", user="u"),
            Identity("10.0.0.1", None, "guest-7", "u", "log"),
        ),
        (event("10.0.0.1"), Identity("10.0.0.1", None, None, None, "address")),
        (event(None), Identity()),
        (event(None, device_name="MAY-C"), Identity(None, C, "MAY-C", "Chi", "inventory")),
        (event(None, device_name="guest-7"), Identity(None, None, "guest-7", None, "log")),
    ],
)
def test_an_event_has_the_same_identity_each_time(given: Event, expected: Identity) -> None:
    identifier = Identifier(LEASES, INVENTORY)
    assert identifier(given) == expected
    assert identifier(given) == expected


def test_an_address_leased_to_others_is_not_the_inventorys() -> None:
    leases = LeaseTable([lease(200, LeaseAction.ASSIGNED, B, "pc-b", until=300)])
    assert Identifier(leases, INVENTORY)(event(LEASED, 100)) == Identity(LEASED, how="address")


def test_an_unknown_event_has_its_address_only() -> None:
    assert Identifier()(event("10.0.0.1")) == Identity("10.0.0.1", how="address")


MAC = "02:00:00:00:00:0a"
MINUTES_BEFORE = {
    "the address alone": ({}, "lease"),
    "its own hardware address": ({"device_mac": MAC}, "lease"),
    "another's hardware address": ({"device_mac": "02:00:00:00:00:99"}, "log"),
    "another's name": ({"device_name": "PC-99"}, "log"),
}


def test_contacts_minutes_before_the_first_lease_are_its_holders() -> None:
    identify = Identifier(LeaseTable([lease(60, LeaseAction.RENEWED, MAC, "PC-7")]))
    for name, (stated, how) in MINUTES_BEFORE.items():
        found = identify(event("10.0.0.50", 52, **stated))
        assert found.how == how, name
        assert (found.mac == MAC) == (how == "lease"), name
    assert identify(event("10.0.0.50", 20)).how == "address"


def test_no_groups_or_loopback_address_is_a_machine() -> None:
    for ip in ("127.0.0.1", "::1", "0.0.0.0", "::", "224.0.0.251", "ff02::fb", "255.255.255.255"):
        assert Identifier()(event(ip)) == Identity(), ip
        assert Identifier()(event(ip, device_name="PC-7")) == Identity(None, None, "PC-7", None, "log"), ip
    assert Identifier()(event("10.0.0.7")).how == "address"
