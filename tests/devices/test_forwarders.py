"""Servers, proxies and gateways that ask for others: attributed to their clients, or to nobody."""

from __future__ import annotations

import pytest

from lamsach.devices.attribution import attribute
from lamsach.devices.infrastructure import Infrastructure
from lamsach.model import Role

from .attribution_case import (
    DAY,
    GATEWAY,
    LISTED,
    OTHER,
    PC,
    SERVER,
    A,
    B,
    Case,
    check,
    codes,
    dns_server,
    nat_gateway,
    proxy_and_dns_server,
)
from .builders import NOBODY, dns, machine, proxied, resolver, sighting, who

CASES = {
    "the DNS server itself asking": Case(
        [dns(who(SERVER), [0, 9])],
        [f"unattributed:dns:{SERVER} unattributed medium 2"],
        "infrastructure_dns",
        infrastructure=dns_server(),
    ),
    "the DNS server with a lease and a name asking": Case(
        [dns(machine(SERVER, B, "DC01"), [0, 9])],
        [f"unattributed:dns:{SERVER} unattributed medium 2"],
        "infrastructure_dns",
        infrastructure=dns_server(),
    ),
    "the DNS server opens a connection": Case(
        [sighting(who(SERVER), [0, 9], **LISTED)],
        [f"unattributed:dns:{SERVER} unattributed medium 2"],
        "server_itself",
        infrastructure=dns_server(),
    ),
    "a client's question does not explain the DNS server's connection": Case(
        [sighting(who(SERVER)), resolver(PC)],
        [f"mac:{A} infected medium 1", f"unattributed:dns:{SERVER} unattributed medium 1"],
        infrastructure=dns_server(),
    ),
    "the DNS server is only told the address": Case(
        [dns(who(SERVER), role=Role.RESOLVED, **LISTED)],
        [f"unattributed:dns:{SERVER} unattributed low 1"],
        "infrastructure_dns",
        infrastructure=dns_server(),
    ),
    "an inbound scan of infrastructure": Case(
        [sighting(who(SERVER), role=Role.INBOUND, **LISTED)],
        [f"unattributed:dns:{SERVER} inbound low 1"],
        "inbound_only",
        infrastructure=dns_server(),
    ),
    "forwarder and client are counted once": Case(
        [resolver(PC, [0, 30, 77]), dns(who(SERVER), [0.02, 30.01, 77])],
        [f"mac:{A} infected high 3"],
        "forwarded_for",
        infrastructure=dns_server(),
    ),
    "a forwarder whose times are mostly others' stays": Case(
        [resolver(PC, [0]), dns(who(SERVER), [0.02, 30, 60, 90])],
        [f"unattributed:dns:{SERVER} unattributed medium 4", f"mac:{A} infected medium 1"],
        "infrastructure_dns",
        infrastructure=dns_server(),
    ),
    "half of a forwarder's times explained, as when a day of the clients' log was lost": Case(
        [resolver(PC, [0, 9]), dns(who(SERVER), [0, 9, DAY, DAY + 9])],
        [f"mac:{A} infected high 2"],
        "forwarded_for",
        infrastructure=dns_server(),
    ),
    "a chain of forwarders is one contact": Case(
        [
            resolver(who("10.0.0.8"), [0, 9]),
            resolver(NOBODY, [0, 9], forwarded=True),
            dns(who(SERVER), [0.01, 9]),
            sighting(who("10.0.0.8"), [0.02, 9]),
        ],
        ["unattributed:proxy:10.0.0.8 unattributed medium 4"],
        "forwarded_for",
        infrastructure=proxy_and_dns_server(),
    ),
    "two servers that ask each other do not make a contact vanish": Case(
        [resolver(who("10.0.0.8"), [0, 9]), dns(who(SERVER), [0, 9], log="dnsmasq", observer="dns02")],
        [
            "unattributed:stated:10.0.0.2 unattributed medium 2",
            "unattributed:stated:10.0.0.8 unattributed medium 2",
        ],
        infrastructure=Infrastructure([SERVER, "10.0.0.8"]),
    ),
    "another indicator explains nothing": Case(
        [resolver(PC, indicator="other.xyz"), dns(who(SERVER))],
        [f"mac:{A} infected medium 1", f"unattributed:dns:{SERVER} unattributed medium 1"],
        infrastructure=dns_server(),
    ),
    "a client of the same resolver explains nothing of another": Case(
        [resolver(PC), resolver(who(SERVER))],
        [f"mac:{A} infected medium 1", f"unattributed:dns:{SERVER} unattributed medium 1"],
        infrastructure=dns_server(),
    ),
    "Snd of a query, with the client's Rcv": Case(
        [resolver(PC, [0, 9]), resolver(NOBODY, [0, 9], forwarded=True)],
        [f"mac:{A} infected high 2"],
        "forwarded_for",
    ),
    "Snd of a query alone": Case(
        [resolver(NOBODY, [0, 9], forwarded=True)],
        ["unattributed:dns:dns01 unattributed medium 2"],
        "infrastructure_dns",
    ),
    "a proxy, with its log": Case(
        [proxied(PC, [0, 9]), sighting(who("10.0.0.8"), [0.01, 9])],
        [f"mac:{A} infected high 2"],
        "forwarded_for",
        infrastructure=Infrastructure(["10.0.0.8"]),
    ),
    "a NAT gateway without the inner log": Case(
        [sighting(who(GATEWAY), [0, 9])],
        [f"unattributed:nat:{GATEWAY} unattributed medium 2"],
        "infrastructure_nat",
        infrastructure=nat_gateway(),
    ),
    "a NAT gateway and the inner log": Case(
        [
            sighting(who(GATEWAY), [0, 9], observer="edge", **LISTED),
            sighting(PC, [0, 9], observer="core", **LISTED),
        ],
        [f"mac:{A} infected high 2"],
        "forwarded_for",
        infrastructure=nat_gateway(),
    ),
    "stated infrastructure": Case(
        [sighting(who("10.7.7.7"), [0, 9])],
        ["unattributed:stated:10.7.7.7 unattributed medium 2"],
        "infrastructure_stated",
        infrastructure=Infrastructure(["10.7.0.0/16"]),
    ),
    "stated by name": Case(
        [sighting(machine("10.7.7.7", None, "gw1", "log"))],
        ["unattributed:stated:10.7.7.7 unattributed medium 1"],
        "infrastructure_stated",
        infrastructure=Infrastructure(["GW1.unit.example"]),
    ),
    "nobody named": Case(
        [sighting(NOBODY)], ["unattributed:?:fw01 unattributed medium 1"], "no_device_named"
    ),
    "nobody named by nobody": Case([sighting(NOBODY, observer="")], ["unattributed:? unattributed medium 1"]),
}


@pytest.mark.parametrize("name", CASES)
def test_forwarders_are_attributed_to_clients_or_to_nobody(name: str) -> None:
    check(CASES[name])


def test_the_dropped_records_are_named_on_each_client() -> None:
    raw = dict([resolver(PC, [0, 60]), resolver(OTHER, [30]), dns(who(SERVER), [0, 30, 60])])
    devices, sightings = attribute(raw, dns_server())
    assert {item.device for item in sightings} == {f"mac:{A}", f"mac:{B}"}
    for device in devices:
        [reason] = [item for item in device.reasons if item.code == "forwarded_for"]
        assert reason.values == {"forwarder": SERVER, "count": 3}


def test_a_forwarder_is_recognized_by_its_clients_times() -> None:
    raw = [resolver(PC, [0, 200, 600]), resolver(OTHER, [77]), dns(who(SERVER), [0.01, 77.02, 200, 600.01])]
    devices, _ = attribute(dict(raw))
    assert {device.key for device in devices} == {f"mac:{A}", f"mac:{B}"}
    assert all("forwarded_for" in codes(device) for device in devices)


def test_a_proxy_is_recognized_by_its_clients_times() -> None:
    raw = [
        proxied(PC, [0, 200, 600]),
        sighting(who("10.0.0.8"), [0.01, 200, 600.01]),
        dns(who("10.0.0.8"), [0, 600]),
    ]
    devices, _ = attribute(dict(raw))
    assert [device.key for device in devices] == [f"mac:{A}"]


EVERY_MINUTE = [float(minute) for minute in range(300)]
BARE = who("10.0.1.6")
ASKS, FOLLOWS = resolver(PC, [0, 200, 600]), dns(BARE, [0.01, 200, 600.01])
LOOKALIKES = {
    "both ask every minute, in step": [
        resolver(PC, EVERY_MINUTE),
        dns(BARE, [minute + 0.03 for minute in EVERY_MINUTE]),
    ],
    "both ask every few seconds": [
        resolver(PC, [n / 10 for n in range(900)]),
        dns(BARE, [n / 7 for n in range(600)]),
    ],
    "the client's records are a firewall's, not a resolver's": [dns(PC, [0, 200, 600]), FOLLOWS],
    "the suspect is a client of that resolver itself": [ASKS, FOLLOWS, resolver(BARE, [900])],
    "the suspect's address was leased to a machine": [ASKS, dns(OTHER, [0.01, 200, 600.01])],
    "the suspect also connected, not only asked": [ASKS, FOLLOWS, sighting(BARE, [601], **LISTED)],
    "one coincidence does not count": [ASKS, dns(BARE, [0.01])],
    "most of the suspect's times are its own": [ASKS, dns(BARE, [0.01, 100, 200, 300, 400, 500, 600])],
    "a resolver's log explains no connections": [ASKS, sighting(BARE, [0.01, 200, 600.01])],
}


@pytest.mark.parametrize("name", LOOKALIKES)
def test_an_infected_machine_is_not_mistaken_for_a_forwarder(name: str) -> None:
    devices, _ = attribute(dict(LOOKALIKES[name]))
    states = {device.ip: device.state.value for device in devices}
    assert states == {"10.0.1.5": "infected", "10.0.1.6": "infected"}
    assert not any("forwarded_for" in codes(device) for device in devices)
