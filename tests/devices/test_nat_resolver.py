"""Contact seen by a sensor outside the gateway: the machine behind the public address, or nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lamsach.devices.attribution import attribute
from lamsach.devices.identify import Identifier
from lamsach.devices.infrastructure import Infrastructure
from lamsach.devices.inventory import Inventory, InventoryEntry
from lamsach.devices.leases.records import microseconds
from lamsach.devices.nat import Kind, NatRecord, NatTable, protocol_number
from lamsach.devices.nat.resolver import NatResolver
from lamsach.hunt import merge
from lamsach.logs.base import DEFAULT_TIMEZONE
from lamsach.model import Behind, Device, Event, Indicator, IndicatorType, Match, MatchKind, MatchStatus, Role

PUBLIC, OTHER_PUBLIC, FAR = "203.0.113.5", "203.0.113.6", "198.51.100.9"
NOON = datetime(2022, 9, 1, 12, tzinfo=UTC)


def record(
    inside: str,
    port: int,
    *,
    public: str = PUBLIC,
    inside_port: int = 50000,
    at: timedelta = timedelta(0),
    lasted: timedelta = timedelta(minutes=5),
    far: str = FAR,
    protocol: str = "tcp",
) -> NatRecord:
    start = microseconds(NOON + at)
    end = microseconds(NOON + at + lasted)
    return NatRecord(
        Kind.SESSION, public, port, port, protocol_number(protocol), inside, inside_port, start, end, far, "",
        "fw.log", 7
    )  # fmt: skip


def seen(
    port: int | None, *, at: timedelta = timedelta(minutes=1), ip: str = PUBLIC, far: str = FAR
) -> Event:
    return Event(
        time=NOON + at,
        source_ip=ip,
        source_port=port,
        destination_ip=far,
        destination_port=443,
        device_ip=ip,
        device_mac="00:00:5e:00:53:fe",
        device_name="gateway",
        observer="provider",
        file="provider.log",
        line=1,
    )


def behind(*records: NatRecord) -> NatResolver:
    return NatResolver(NatTable(records))


def test_the_translation_of_that_moment_names_the_inside_address() -> None:
    event, found = behind(record("10.0.0.7", 4000), record("10.0.0.8", 4001))(seen(4001))
    assert (event.device_ip, found) == ("10.0.0.8", Behind(PUBLIC, True))
    assert event.device_mac is None
    assert event.device_name is None
    assert event.source_ip == PUBLIC


def test_an_answer_names_who_asked() -> None:
    reply = Event(
        time=NOON + timedelta(minutes=1),
        source_ip=FAR,
        source_port=443,
        destination_ip=PUBLIC,
        destination_port=4000,
        device_ip=PUBLIC,
    )
    event, _ = behind(record("10.0.0.7", 4000))(reply)
    assert event.device_ip == "10.0.0.7"


@pytest.mark.parametrize(
    "event",
    [
        seen(4002),
        seen(4000, at=timedelta(minutes=10)),
        seen(4000, far="198.51.100.77"),
        seen(4000, ip=OTHER_PUBLIC),
        seen(None, far="198.51.100.77"),
        Event(source_ip=PUBLIC, source_port=4000, device_ip=PUBLIC),
        Event(time=NOON, source_ip=PUBLIC, device_ip=PUBLIC),
        Event(time=NOON),
    ],
    ids=[
        "port",
        "time",
        "far side",
        "address",
        "far side, no port",
        "no time",
        "nothing to tell by",
        "nothing",
    ],
)
def test_without_a_translation_nobody_is_named(event: Event) -> None:
    assert behind(record("10.0.0.7", 4000))(event) == (event, None)


def test_two_who_fit_equally_are_not_accused() -> None:
    event = seen(4000)
    assert behind(record("10.0.0.7", 4000), record("10.0.0.8", 4000))(event) == (event, None)


def test_records_without_a_far_side_accuse_nobody_where_others_state_another() -> None:
    """A Cisco ASA logs the translation and, separately, the connection.

    A sensor whose clock is hours off meets another machine's connection.
    """
    elsewhere = behind(record("10.0.0.7", 4000, far=""), record("10.0.0.7", 4000, far="198.51.100.77"))
    assert elsewhere(seen(4000)) == (seen(4000), None)
    both = behind(
        record("10.0.0.7", 4000, far=""),
        record("10.0.0.7", 4000, far="198.51.100.77"),
        record("10.0.0.7", 4000, at=timedelta(seconds=30)),
    )
    assert both(seen(4000))[0].device_ip == "10.0.0.7"


def test_who_met_the_far_side_is_named_rather_than_who_may_have() -> None:
    rotated = record("10.0.0.8", 4000, far="")._replace(kind=Kind.CLOSE, start=0)
    assert behind(record("10.0.0.7", 4000), rotated)(seen(4000))[0].device_ip == "10.0.0.7"


@pytest.mark.parametrize("order", [1, -1])
def test_without_a_port_a_record_without_a_far_side_counts(order: int) -> None:
    records = [record("10.0.0.7", 4000, far="", at=timedelta(seconds=9)), record("10.0.0.7", 4000)]
    assert behind(*records[::order])(seen(None))[0].device_ip == "10.0.0.7"


def test_clocks_may_be_seconds_apart_where_nobody_else_fits() -> None:
    early = seen(4000, at=timedelta(seconds=-3))
    assert behind(record("10.0.0.7", 4000))(early)[0].device_ip == "10.0.0.7"
    late = seen(4000, at=timedelta(seconds=-9))
    assert behind(record("10.0.0.7", 4000))(late) == (late, None)


def test_without_a_port_only_the_machine_that_met_the_far_side() -> None:
    table = behind(record("10.0.0.7", 4000), record("10.0.0.8", 4001, far="198.51.100.77"))
    assert table(seen(None))[0].device_ip == "10.0.0.7"
    assert table(seen(None))[1] == Behind(PUBLIC, False)
    both = behind(record("10.0.0.7", 4000), record("10.0.0.8", 4001))
    assert both(seen(None))[1] is None


def test_a_gateway_behind_a_gateway_is_followed() -> None:
    table = behind(
        record("10.9.0.1", 4000, inside_port=6000),
        record("192.168.1.20", 6000, public="10.9.0.1", inside_port=50001),
    )
    event, found = table(seen(4000))
    assert (event.device_ip, found) == ("192.168.1.20", Behind(PUBLIC, True))


def test_translations_in_a_circle_end() -> None:
    table = behind(
        record("10.9.0.1", 4000, inside_port=4000), record(PUBLIC, 4000, public="10.9.0.1", inside_port=4000)
    )
    assert table(seen(4000))[0].device_ip in ("10.9.0.1", PUBLIC)


def test_an_assumed_end_is_not_certain() -> None:
    assumed = record("10.0.0.7", 4000)._replace(kind=Kind.SEEN)
    assert behind(assumed)(seen(4000))[1] == Behind(PUBLIC, False)


def hunted(
    events: list[Event], table: NatResolver, inventory: Inventory | None = None
) -> tuple[tuple[Device, ...], int]:
    """Return the devices of contacts with FAR, and the count of contacts."""
    infrastructure = Infrastructure()
    infrastructure.translates(table.public_addresses)
    identify = Identifier(inventory=inventory, behind=table)
    found: merge.RawSightings = {}
    listed = Indicator(IndicatorType.IP, FAR)
    for event in events:
        match = Match(event, listed, MatchKind.EXACT, Role.OUTBOUND, MatchStatus.COUNTED, text="line")
        merge.add(found, match, identify(event), DEFAULT_TIMEZONE)
    devices, sightings = attribute(found, infrastructure, inventory)
    return devices, sum(item.count for item in sightings)


def test_a_device_says_behind_which_address_it_was() -> None:
    inventory = Inventory(
        [InventoryEntry(("10.0.0.7",), (), "KE-TOAN-07", department="Kế toán", where="row 2")]
    )
    (device,), count = hunted(
        [seen(4000), seen(4000, at=timedelta(minutes=2))], behind(record("10.0.0.7", 4000)), inventory
    )
    assert (device.ip, device.name, device.department, count) == ("10.0.0.7", "KE-TOAN-07", "Kế toán", 2)
    reasons = {reason.code: dict(reason.values) for reason in device.reasons}
    assert reasons["behind_nat"] == {"address": PUBLIC, "count": 2}


def test_unexplained_contacts_remain_the_gateways() -> None:
    (device,), _ = hunted([seen(4002)], behind(record("10.0.0.7", 4000)))
    assert device.key == f"unattributed:nat:{PUBLIC}"


def test_a_contact_that_both_sides_saw_counts_once() -> None:
    inner = Event(
        time=NOON + timedelta(minutes=1),
        source_ip="10.0.0.7",
        source_port=50000,
        destination_ip=FAR,
        destination_port=443,
        device_ip="10.0.0.7",
        observer="firewall",
        file="fw.log",
        line=7,
    )
    (device,), count = hunted([inner, seen(4000)], behind(record("10.0.0.7", 4000)))
    assert (device.key, device.count, count) == ("ip:10.0.0.7", 1, 1)
    assert {reason.code: dict(reason.values) for reason in device.reasons}["forwarded_for"] == {
        "forwarder": PUBLIC,
        "count": 1,
    }


def test_another_machines_own_record_takes_nothing_away() -> None:
    inner = Event(
        time=NOON + timedelta(minutes=1),
        source_ip="10.0.0.9",
        destination_ip=FAR,
        device_ip="10.0.0.9",
        observer="firewall",
    )
    devices, count = hunted([inner, seen(4000)], behind(record("10.0.0.7", 4000)))
    assert ({device.ip for device in devices}, count) == ({"10.0.0.7", "10.0.0.9"}, 2)
