"""Sightings joined to one device by address, name and hardware address; its details."""

from __future__ import annotations

import pytest

from lamsach.devices.attribution import attribute
from lamsach.devices.inventory import Inventory, InventoryEntry

from .attribution_case import DAY, PC, A, B, Case, check
from .builders import at, machine, resolver, sighting, who

CASES = {
    "two that shared one address on different days": Case(
        [sighting(machine("10.0.1.5", A)), sighting(machine("10.0.1.5", B), [DAY, 2 * DAY])],
        [f"mac:{B} infected high 2", f"mac:{A} infected medium 1"],
    ),
    "one whose address changed": Case(
        [sighting(machine("10.0.1.5", A)), sighting(machine("10.0.1.77", A), [DAY])],
        [f"mac:{A} infected high 2"],
        "address_changed",
    ),
    "one by name in two logs": Case(
        [
            sighting(machine("10.0.1.5", None, "PC-A.unit.example", "log")),
            sighting(machine(None, None, "pc-a", "log")),
        ],
        ["name:pc-a infected medium 2"],
    ),
    "a name that one leased machine bears": Case(
        [sighting(PC), sighting(machine(None, None, "pc-a", "log"))], [f"mac:{A} infected medium 2"]
    ),
    "a name that two leased machines bear is neither": Case(
        [
            sighting(PC),
            sighting(machine("10.0.1.6", B, "PC-A")),
            sighting(machine(None, None, "pc-a", "log")),
        ],
        [f"mac:{A} infected medium 1", f"mac:{B} infected medium 1", "name:pc-a infected medium 1"],
    ),
    "a generic name joins nobody": Case(
        [
            sighting(machine("10.0.1.5", None, "iPhone", "log")),
            sighting(machine("10.0.1.6", None, "iPhone", "log")),
        ],
        ["ip:10.0.1.5 infected medium 1", "ip:10.0.1.6 infected medium 1"],
    ),
    "a bare address on the day on which a log names its machine": Case(
        [sighting(machine("10.0.1.5", None, "PC-A", "log")), resolver(who("10.0.1.5"))],
        ["name:pc-a infected medium 2"],
    ),
    "a bare address weeks after a log named a machine": Case(
        [sighting(machine("10.0.1.5", None, "PC-A", "log")), resolver(who("10.0.1.5"), [20 * DAY])],
        ["ip:10.0.1.5 infected medium 1", "name:pc-a infected medium 1"],
        "address_only",
    ),
    "a bare address that leases know, outside a lease": Case(
        [sighting(PC), resolver(who("10.0.1.5"), [60])],
        ["ip:10.0.1.5 infected medium 1", f"mac:{A} infected medium 1"],
    ),
    "a router's hardware address is nobody's": Case(
        [
            sighting(machine("10.0.1.5", B, "PC-A", "log"), [0, 9]),
            sighting(machine("10.0.1.6", B, "PC-B", "log"), [1, 8]),
        ],
        ["name:pc-a infected high 2", "name:pc-b infected high 2"],
    ),
    "addresses that alternate under one hardware address are a router's": Case(
        [
            sighting(machine("10.0.1.5", B, None, "log"), [0, 2, 4]),
            sighting(machine("10.0.1.6", B, None, "log"), [1, 3, 5]),
        ],
        ["ip:10.0.1.5 infected high 3", "ip:10.0.1.6 infected high 3"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_sightings_are_joined_to_devices(name: str) -> None:
    check(CASES[name])


def test_addresses_in_the_order_of_time() -> None:
    raw = [
        sighting(machine("10.0.1.5", A), [0, 10, 50, 60]),
        sighting(machine("10.0.1.77", A), [20, 40]),
        sighting(machine("2001:db8::5", A, how="log"), [30]),
    ]
    [device], _ = attribute(dict(raw))
    assert [(interval.ip, interval.first, interval.last, interval.how) for interval in device.addresses] == [
        ("10.0.1.5", at(0), at(10), "lease"),
        ("2001:db8::5", at(30), at(30), "log"),
        ("10.0.1.77", at(20), at(40), "lease"),
        ("10.0.1.5", at(50), at(60), "lease"),
    ]
    assert (device.ip, device.first, device.last) == ("10.0.1.5", at(0), at(60))


def test_very_many_changes_of_address_are_summed_up() -> None:
    raw = [
        sighting(machine(ip, A), [2 * n + offset for n in range(200)])
        for offset, ip in enumerate(("10.0.1.5", "10.0.1.6"))
    ]
    [device], _ = attribute(dict(raw))
    assert [(interval.ip, interval.first, interval.last) for interval in device.addresses] == [
        ("10.0.1.5", at(0), at(398)),
        ("10.0.1.6", at(1), at(399)),
    ]


def test_the_inventory_names_machine_user_and_department() -> None:
    inventory = Inventory(
        [InventoryEntry(("10.0.1.5",), (A, B), "MAY-01", "Nguyễn Văn A", "Phòng Kế toán", "x:1")]
    )
    raw = [sighting(machine("10.0.1.5", A, "pc-old", user="svc")), sighting(machine("10.0.1.9", B), [5])]
    [device], _ = attribute(dict(raw), None, inventory)
    assert (device.key, device.mac, device.name) == (f"mac:{A}", A, "MAY-01")
    assert (device.user, device.department) == ("Nguyễn Văn A", "Phòng Kế toán")


def test_an_address_logged_as_a_name_is_no_name() -> None:
    raw = [sighting(machine("10.0.1.5", None, "10.0.1.5", how="log"))]
    [device], _ = attribute(dict(raw))
    assert (device.key, device.name, device.ip) == ("ip:10.0.1.5", None, "10.0.1.5")
