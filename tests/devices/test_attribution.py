from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.devices.attribution import attribute
from lamsach.devices.infrastructure import Infrastructure
from lamsach.devices.inventory import Inventory, InventoryEntry
from lamsach.devices.reasons import REASONS
from lamsach.devices.sightings import combine
from lamsach.model import (
    Action,
    Device,
    Event,
    EventKind,
    Identity,
    IndicatorType,
    MatchKind,
    MatchStatus,
    RawSighting,
    Role,
    Sighting,
    SightingKey,
)

from .builders import EVIL, NOBODY, at, dns, machine, proxied, resolver, sighting, who

DAY = 24 * 60
A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
SERVER, GATEWAY = "10.0.0.2", "192.0.2.1"
PC = machine("10.0.1.5", A, "PC-A")
OTHER = machine("10.0.1.6", B, "PC-B")
LISTED = {"indicator": "203.0.113.66", "kind": IndicatorType.IP}
PARTIAL = {"indicator": "http://bot-c2.xyz/gate", "kind": IndicatorType.URL, "match": MatchKind.PARTIAL}

Raw = tuple[SightingKey, RawSighting]


def dns_server() -> Infrastructure:
    infrastructure = Infrastructure()
    for number in range(3):
        infrastructure.observe(
            Event(
                kind=EventKind.DNS, source_ip=f"10.0.9.{number}", destination_ip=SERVER, destination_port=53
            )
        )
    return infrastructure


def proxy_and_dns_server() -> Infrastructure:
    infrastructure = dns_server()
    for number in range(3):
        infrastructure.observe(
            Event(
                kind=EventKind.WEB,
                source_ip=f"10.0.9.{number}",
                destination_ip="10.0.0.8",
                destination_port=3128,
            )
        )
    return infrastructure


def nat_gateway() -> Infrastructure:
    infrastructure = Infrastructure()
    infrastructure.observe(Event(source_ip="10.0.9.1", source_nat_ip=GATEWAY, destination_ip="198.51.100.9"))
    return infrastructure


def codes(device: Device) -> set[str]:
    return {reason.code for reason in device.reasons}


# name -> (sightings, infrastructure, expected (key, state, severity, count) in order, a reason of the first)
Expected = list[tuple[str, str, str, int]]
CASES: dict[str, tuple[list[Raw], Infrastructure | None, Expected, str | None]] = {
    "nothing": ([], None, [], None),
    "contacted once": ([sighting(PC)], None, [(f"mac:{A}", "infected", "medium", 1)], "contacted_once"),
    "two record types asked at once are one contact": (
        [dns(PC, [0, 0.05])],
        None,
        [(f"mac:{A}", "infected", "medium", 2)],
        "contacted_briefly",
    ),
    "again and again": (
        [sighting(PC, [0, 5, 9])],
        None,
        [(f"mac:{A}", "infected", "high", 3)],
        "contacted_repeatedly",
    ),
    "two indicators": (
        [sighting(PC), sighting(PC, **LISTED)],
        None,
        [(f"mac:{A}", "infected", "high", 2)],
        "several_indicators",
    ),
    "several days": (
        [sighting(PC, [0, 2 * DAY])],
        None,
        [(f"mac:{A}", "infected", "high", 2)],
        "several_days",
    ),
    "an unknown action counts as a contact": (
        [sighting(PC, action=Action.UNKNOWN)],
        None,
        [(f"mac:{A}", "infected", "medium", 1)],
        None,
    ),
    "only blocked": (
        [sighting(PC, [0, 9], action=Action.BLOCKED)],
        None,
        [(f"mac:{A}", "blocked", "low", 2)],
        "blocked_only",
    ),
    "blocked and one that was not": (
        [sighting(PC, [0, 9], action=Action.BLOCKED), sighting(PC, [3], observer="fw02")],
        None,
        [(f"mac:{A}", "infected", "medium", 3)],
        "also_blocked",
    ),
    "an inbound scan": (
        [sighting(PC, [0, 9], role=Role.INBOUND, **LISTED)],
        None,
        [(f"mac:{A}", "inbound", "low", 2)],
        "inbound_only",
    ),
    "only told the address": (
        [dns(PC, role=Role.RESOLVED, **LISTED)],
        None,
        [(f"mac:{A}", "resolved", "low", 1)],
        "resolved_only",
    ),
    "only the host of a listed URL": (
        [sighting(PC, **PARTIAL)],
        None,
        [(f"mac:{A}", "resolved", "low", 1)],
        "partial_only",
    ),
    "a subdomain accuses": (
        [sighting(PC, match=MatchKind.SUBDOMAIN)],
        None,
        [(f"mac:{A}", "infected", "medium", 1)],
        None,
    ),
    "a network accuses": (
        [sighting(PC, match=MatchKind.NETWORK, indicator="203.0.113.0/24", kind=IndicatorType.NETWORK)],
        None,
        [(f"mac:{A}", "infected", "medium", 1)],
        None,
    ),
    "only lines that no format reads": (
        [sighting(who("10.0.1.5"), [0, 99], unparsed=True, log="unknown_text")],
        None,
        [("ip:10.0.1.5", "infected", "low", 2)],
        "unparsed_only",
    ),
    "excepted": ([sighting(PC, status=MatchStatus.EXCEPTED)], None, [], None),
    "excepted beside one that counts": (
        [sighting(PC), sighting(PC, [1, 2, 3], status=MatchStatus.OUTSIDE_VALIDITY, **LISTED)],
        None,
        [(f"mac:{A}", "infected", "medium", 1)],
        "not_counted",
    ),
    "the DNS server itself asking": (
        [dns(who(SERVER), [0, 9])],
        dns_server(),
        [(f"unattributed:dns:{SERVER}", "unattributed", "medium", 2)],
        "infrastructure_dns",
    ),
    "the DNS server with a lease and a name asking": (
        [dns(machine(SERVER, B, "DC01"), [0, 9])],
        dns_server(),
        [(f"unattributed:dns:{SERVER}", "unattributed", "medium", 2)],
        "infrastructure_dns",
    ),
    "the DNS server opens a connection": (
        [sighting(who(SERVER), [0, 9], **LISTED)],
        dns_server(),
        [(f"unattributed:dns:{SERVER}", "unattributed", "medium", 2)],
        "server_itself",
    ),
    "a client's question does not explain the DNS server's connection": (
        [sighting(who(SERVER)), resolver(PC)],
        dns_server(),
        [(f"mac:{A}", "infected", "medium", 1), (f"unattributed:dns:{SERVER}", "unattributed", "medium", 1)],
        None,
    ),
    "the DNS server is only told the address": (
        [dns(who(SERVER), role=Role.RESOLVED, **LISTED)],
        dns_server(),
        [(f"unattributed:dns:{SERVER}", "unattributed", "low", 1)],
        "infrastructure_dns",
    ),
    "an inbound scan of infrastructure": (
        [sighting(who(SERVER), role=Role.INBOUND, **LISTED)],
        dns_server(),
        [(f"unattributed:dns:{SERVER}", "inbound", "low", 1)],
        "inbound_only",
    ),
    "forwarder and client are counted once": (
        [resolver(PC, [0, 30, 77]), dns(who(SERVER), [0.02, 30.01, 77])],
        dns_server(),
        [(f"mac:{A}", "infected", "high", 3)],
        "forwarded_for",
    ),
    "a forwarder whose times are mostly others' stays": (
        [resolver(PC, [0]), dns(who(SERVER), [0.02, 30, 60, 90])],
        dns_server(),
        [(f"unattributed:dns:{SERVER}", "unattributed", "medium", 4), (f"mac:{A}", "infected", "medium", 1)],
        "infrastructure_dns",
    ),
    "half of a forwarder's times explained, as when a day of the clients' log was lost": (
        [resolver(PC, [0, 9]), dns(who(SERVER), [0, 9, DAY, DAY + 9])],
        dns_server(),
        [(f"mac:{A}", "infected", "high", 2)],
        "forwarded_for",
    ),
    "a chain of forwarders is one contact": (
        [
            resolver(who("10.0.0.8"), [0, 9]),
            resolver(NOBODY, [0, 9], forwarded=True),
            dns(who(SERVER), [0.01, 9]),
            sighting(who("10.0.0.8"), [0.02, 9]),
        ],
        proxy_and_dns_server(),
        [("unattributed:proxy:10.0.0.8", "unattributed", "medium", 4)],
        "forwarded_for",
    ),
    "two servers that ask each other do not make a contact vanish": (
        [resolver(who("10.0.0.8"), [0, 9]), dns(who(SERVER), [0, 9], log="dnsmasq", observer="dns02")],
        Infrastructure([SERVER, "10.0.0.8"]),
        [
            ("unattributed:stated:10.0.0.2", "unattributed", "medium", 2),
            ("unattributed:stated:10.0.0.8", "unattributed", "medium", 2),
        ],
        None,
    ),
    "another indicator explains nothing": (
        [resolver(PC, indicator="other.xyz"), dns(who(SERVER))],
        dns_server(),
        [(f"mac:{A}", "infected", "medium", 1), (f"unattributed:dns:{SERVER}", "unattributed", "medium", 1)],
        None,
    ),
    "a client of the same resolver explains nothing of another": (
        [resolver(PC), resolver(who(SERVER))],
        dns_server(),
        [(f"mac:{A}", "infected", "medium", 1), (f"unattributed:dns:{SERVER}", "unattributed", "medium", 1)],
        None,
    ),
    "Snd of a query, with the client's Rcv": (
        [resolver(PC, [0, 9]), resolver(NOBODY, [0, 9], forwarded=True)],
        None,
        [(f"mac:{A}", "infected", "high", 2)],
        "forwarded_for",
    ),
    "Snd of a query alone": (
        [resolver(NOBODY, [0, 9], forwarded=True)],
        None,
        [("unattributed:dns:dns01", "unattributed", "medium", 2)],
        "infrastructure_dns",
    ),
    "a proxy, with its log": (
        [proxied(PC, [0, 9]), sighting(who("10.0.0.8"), [0.01, 9])],
        Infrastructure(["10.0.0.8"]),
        [(f"mac:{A}", "infected", "high", 2)],
        "forwarded_for",
    ),
    "a NAT gateway without the inner log": (
        [sighting(who(GATEWAY), [0, 9])],
        nat_gateway(),
        [(f"unattributed:nat:{GATEWAY}", "unattributed", "medium", 2)],
        "infrastructure_nat",
    ),
    "a NAT gateway and the inner log": (
        [
            sighting(who(GATEWAY), [0, 9], observer="edge", **LISTED),
            sighting(PC, [0, 9], observer="core", **LISTED),
        ],
        nat_gateway(),
        [(f"mac:{A}", "infected", "high", 2)],
        "forwarded_for",
    ),
    "stated infrastructure": (
        [sighting(who("10.7.7.7"), [0, 9])],
        Infrastructure(["10.7.0.0/16"]),
        [("unattributed:stated:10.7.7.7", "unattributed", "medium", 2)],
        "infrastructure_stated",
    ),
    "stated by name": (
        [sighting(machine("10.7.7.7", None, "gw1", "log"))],
        Infrastructure(["GW1.unit.example"]),
        [("unattributed:stated:10.7.7.7", "unattributed", "medium", 1)],
        "infrastructure_stated",
    ),
    "nobody named": (
        [sighting(NOBODY)],
        None,
        [("unattributed:?:fw01", "unattributed", "medium", 1)],
        "no_device_named",
    ),
    "nobody named by nobody": (
        [sighting(NOBODY, observer="")],
        None,
        [("unattributed:?", "unattributed", "medium", 1)],
        None,
    ),
    "two that shared one address on different days": (
        [sighting(machine("10.0.1.5", A)), sighting(machine("10.0.1.5", B), [DAY, 2 * DAY])],
        None,
        [(f"mac:{B}", "infected", "high", 2), (f"mac:{A}", "infected", "medium", 1)],
        None,
    ),
    "one whose address changed": (
        [sighting(machine("10.0.1.5", A)), sighting(machine("10.0.1.77", A), [DAY])],
        None,
        [(f"mac:{A}", "infected", "high", 2)],
        "address_changed",
    ),
    "one by name in two logs": (
        [
            sighting(machine("10.0.1.5", None, "PC-A.unit.example", "log")),
            sighting(machine(None, None, "pc-a", "log")),
        ],
        None,
        [("name:pc-a", "infected", "medium", 2)],
        None,
    ),
    "a name that one leased machine bears": (
        [sighting(PC), sighting(machine(None, None, "pc-a", "log"))],
        None,
        [(f"mac:{A}", "infected", "medium", 2)],
        None,
    ),
    "a name that two leased machines bear is neither": (
        [
            sighting(PC),
            sighting(machine("10.0.1.6", B, "PC-A")),
            sighting(machine(None, None, "pc-a", "log")),
        ],
        None,
        [
            (f"mac:{A}", "infected", "medium", 1),
            (f"mac:{B}", "infected", "medium", 1),
            ("name:pc-a", "infected", "medium", 1),
        ],
        None,
    ),
    "a generic name joins nobody": (
        [
            sighting(machine("10.0.1.5", None, "iPhone", "log")),
            sighting(machine("10.0.1.6", None, "iPhone", "log")),
        ],
        None,
        [("ip:10.0.1.5", "infected", "medium", 1), ("ip:10.0.1.6", "infected", "medium", 1)],
        None,
    ),
    "a bare address on the day on which a log names its machine": (
        [sighting(machine("10.0.1.5", None, "PC-A", "log")), resolver(who("10.0.1.5"))],
        None,
        [("name:pc-a", "infected", "medium", 2)],
        None,
    ),
    "a bare address weeks after a log named a machine": (
        [sighting(machine("10.0.1.5", None, "PC-A", "log")), resolver(who("10.0.1.5"), [20 * DAY])],
        None,
        [("ip:10.0.1.5", "infected", "medium", 1), ("name:pc-a", "infected", "medium", 1)],
        "address_only",
    ),
    "a bare address that leases know, outside a lease": (
        [sighting(PC), resolver(who("10.0.1.5"), [60])],
        None,
        [("ip:10.0.1.5", "infected", "medium", 1), (f"mac:{A}", "infected", "medium", 1)],
        None,
    ),
    "a router's hardware address is nobody's": (
        [
            sighting(machine("10.0.1.5", B, "PC-A", "log"), [0, 9]),
            sighting(machine("10.0.1.6", B, "PC-B", "log"), [1, 8]),
        ],
        None,
        [("name:pc-a", "infected", "high", 2), ("name:pc-b", "infected", "high", 2)],
        None,
    ),
    "addresses that alternate under one hardware address are a router's": (
        [
            sighting(machine("10.0.1.5", B, None, "log"), [0, 2, 4]),
            sighting(machine("10.0.1.6", B, None, "log"), [1, 3, 5]),
        ],
        None,
        [("ip:10.0.1.5", "infected", "high", 3), ("ip:10.0.1.6", "infected", "high", 3)],
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_sightings_make_devices_with_counts_and_reasons(name: str) -> None:
    raw, infrastructure, expected, reason = CASES[name]
    assert len(dict(raw)) == len(raw)
    devices, sightings = attribute(dict(raw), infrastructure)
    assert [(item.key, item.state.value, item.severity.value, item.count) for item in devices] == expected
    assert reason is None or reason in codes(devices[0])
    for device in devices:
        counted = [
            item for item in sightings if item.device == device.key and item.status is MatchStatus.COUNTED
        ]
        assert device.count == sum(item.count for item in counted)
        assert all(REASONS[item.code].format(**item.values) for item in device.reasons)


def test_an_excepted_sighting_remains_visible_without_a_device() -> None:
    devices, sightings = attribute(dict([sighting(PC, status=MatchStatus.EXCEPTED)]))
    assert devices == ()
    assert [(item.device, item.status) for item in sightings] == [(f"mac:{A}", MatchStatus.EXCEPTED)]


def test_the_dropped_records_are_named_on_each_client() -> None:
    raw = dict([resolver(PC, [0, 60]), resolver(OTHER, [30]), dns(who(SERVER), [0, 30, 60])])
    devices, sightings = attribute(raw, dns_server())
    assert {item.device for item in sightings} == {f"mac:{A}", f"mac:{B}"}
    for device in devices:
        [reason] = [item for item in device.reasons if item.code == "forwarded_for"]
        assert reason.values == {"forwarder": SERVER, "count": 3}


# --- forwarders found by their times only -------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("client", "suspect"),
    [
        # both ask every minute, in step
        ([resolver(PC, EVERY_MINUTE)], [dns(who("10.0.1.6"), [minute + 0.03 for minute in EVERY_MINUTE])]),
        # both ask every few seconds
        ([resolver(PC, [n / 10 for n in range(900)])], [dns(who("10.0.1.6"), [n / 7 for n in range(600)])]),
        # the records of the client are a firewall's, not a resolver's
        ([dns(PC, [0, 200, 600])], [dns(who("10.0.1.6"), [0.01, 200, 600.01])]),
        # the suspect is a client of that resolver itself
        (
            [resolver(PC, [0, 200, 600])],
            [dns(who("10.0.1.6"), [0.01, 200, 600.01]), resolver(who("10.0.1.6"), [900])],
        ),
        # the suspect's address was leased to a machine
        ([resolver(PC, [0, 200, 600])], [dns(OTHER, [0.01, 200, 600.01])]),
        # the suspect also connected, not only asked
        (
            [resolver(PC, [0, 200, 600])],
            [dns(who("10.0.1.6"), [0.01, 200, 600.01]), sighting(who("10.0.1.6"), [601], **LISTED)],
        ),
        # one coincidence does not count
        ([resolver(PC, [0, 200, 600])], [dns(who("10.0.1.6"), [0.01])]),
        # most of the suspect's times are its own
        ([resolver(PC, [0, 200, 600])], [dns(who("10.0.1.6"), [0.01, 100, 200, 300, 400, 500, 600])]),
        # a proxy's log does not explain DNS questions alone, nor a resolver's log connections
        ([resolver(PC, [0, 200, 600])], [sighting(who("10.0.1.6"), [0.01, 200, 600.01])]),
    ],
)
def test_an_infected_machine_is_not_mistaken_for_a_forwarder(client: list[Raw], suspect: list[Raw]) -> None:
    devices, _ = attribute(dict(client + suspect))
    states = {device.ip: device.state.value for device in devices}
    assert states == {"10.0.1.5": "infected", "10.0.1.6": "infected"}
    assert not any("forwarded_for" in codes(device) for device in devices)


# --- details of a device ------------------------------------------------------------------------------------


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


def test_a_record_without_a_time_is_attributed_too() -> None:
    key, raw = sighting(who("10.0.1.5"), [])
    raw.count, raw.actions = 2, {Action.ALLOWED: 2}
    [device], [seen] = attribute({key: raw})
    assert (device.state.value, device.severity.value, device.first) == ("infected", "high", None)
    assert (device.ip, seen.first, seen.count) == ("10.0.1.5", None, 2)


def test_combine_refuses_different_keys() -> None:
    _, (first, second) = attribute(dict([sighting(PC), sighting(PC, **LISTED)]))
    with pytest.raises(ValueError):
        combine(first, second)


# --- order --------------------------------------------------------------------------------------------------

IDENTITIES = st.builds(
    Identity,
    st.sampled_from(["10.0.1.5", "10.0.1.6", SERVER, None]),
    st.sampled_from([A, B, None]),
    st.sampled_from(["PC-A", "pc-a.unit.example", "PC-B", "iPhone", None]),
    st.sampled_from(["an", "binh", None]),
    st.sampled_from(["lease", "inventory", "log", "address"]),
)
RAW = st.lists(
    st.builds(
        sighting,
        IDENTITIES,
        st.lists(st.sampled_from([0, 0.05, 3, 30, 31, 1500, 4000]), min_size=1, max_size=4),
        indicator=st.sampled_from([EVIL, "other.xyz"]),
        role=st.sampled_from([Role.OUTBOUND, Role.OUTBOUND, *Role]),
        match=st.sampled_from(list(MatchKind)),
        status=st.sampled_from([MatchStatus.COUNTED, *MatchStatus]),
        action=st.sampled_from([Action.ALLOWED, Action.BLOCKED]),
        unparsed=st.booleans(),
        dns=st.booleans(),
        forwarded=st.booleans(),
        observer=st.sampled_from(["", "one", "two"]),
        log=st.sampled_from(["bind", "squid", "fortigate"]),
    ),
    max_size=12,
)


def total(sightings: Iterable[Sighting]) -> int:
    return sum(item.count for item in sightings)


@settings(max_examples=150, deadline=None)
@given(RAW, st.randoms(), st.booleans())
def test_the_order_of_arrival_does_not_matter(raw: list[Raw], random: object, server: bool) -> None:
    first = dict(raw)
    shuffled = list(first.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    infrastructure = dns_server() if server else None
    devices, sightings = attribute(first, infrastructure)
    assert (devices, sightings) == attribute(dict(shuffled), infrastructure)
    assert len({item.key for item in devices}) == len(devices)
    assert total(sightings) <= sum(item.count for item in first.values())
    for device in devices:
        assert device.state.value == "infected" or device.severity.value != "high"
        assert not (device.key.startswith("unattributed:") and device.state.value == "infected")
        assert device.first is None or device.last is None or device.last - device.first >= timedelta(0)


@settings(max_examples=100, deadline=None)
@given(RAW)
def test_nothing_is_lost_without_forwarders(raw: list[Raw]) -> None:
    own = {key: value for key, value in raw if not key.forwarded and not key.dns and key.format != "squid"}
    _, sightings = attribute(own)
    assert total(sightings) == sum(value.count for value in own.values())


OF_RECORDS = {
    "contacted_briefly", "contacted_repeatedly", "blocked_only", "partial_only", "resolved_only",
    "inbound_only", "also_blocked", "also_unparsed", "also_other", "no_device_named",
}  # fmt: skip
"""Reasons whose count is a count of records."""


@settings(max_examples=150, deadline=None)
@given(RAW)
def test_the_counts_of_the_reasons_add_up_to_the_devices_count(raw: list[Raw]) -> None:
    own = {key: value for key, value in raw if not key.forwarded and not key.dns and key.format != "squid"}
    for device in attribute(own)[0]:
        stated = {reason.code: int(reason.values.get("count", 1)) for reason in device.reasons}
        if device.key.startswith("unattributed:"):
            continue
        if "unparsed_only" in stated and not stated.keys() & (OF_RECORDS - {"also_blocked", "also_other"}):
            stated["contacted_briefly"] = stated["unparsed_only"]
        of_records = sum(
            count for code, count in stated.items() if code in OF_RECORDS or code == "contacted_once"
        )
        assert of_records == device.count, device
        assert ("contacted_once" not in stated) or "contacted_briefly" not in stated
