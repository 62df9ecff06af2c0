from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.devices.leases import DEFAULT_LENGTH, LeaseTable
from lamsach.model import Event, EventKind, LeaseAction

from .builders import at, lease

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
ASSIGNED, RENEWED, RELEASED, EXPIRED, OBSERVED = LeaseAction
IP = "10.0.0.50"
DAYS = 24 * 60
EIGHT = DEFAULT_LENGTH / timedelta(minutes=1)

CASES: dict[str, tuple[list[Event], dict[float, str | None]]] = {
    "nothing before the first record": ([lease(10, ASSIGNED, A)], {9: None, 10: A}),
    "unknown length: the default, then nobody": ([lease(0, ASSIGNED, A)], {EIGHT - 1: A, EIGHT: None}),
    "a stated length": ([lease(0, ASSIGNED, A, until=60)], {59: A, 60: None}),
    "a renewal extends": (
        [lease(0, ASSIGNED, A, until=60), lease(30, RENEWED, A, until=90)],
        {89: A, 90: None},
    ),
    "a renewal alone opens": ([lease(5, RENEWED, A)], {4: None, 5: A}),
    "a release ends": ([lease(0, ASSIGNED, A), lease(7, RELEASED, A)], {6: A, 7: None}),
    "an expiry ends": ([lease(0, ASSIGNED, A), lease(7, EXPIRED)], {6: A, 7: None}),
    "the next holder ends": ([lease(0, ASSIGNED, A), lease(50, ASSIGNED, B)], {49: A, 50: B, EIGHT + 49: B}),
    "a late release of the former holder changes nothing": (
        [lease(0, ASSIGNED, A), lease(50, ASSIGNED, B), lease(51, RELEASED, A)],
        {52: B},
    ),
    "an expiry cannot end a lease that runs": (
        [lease(0, ASSIGNED, A, until=600), lease(10, EXPIRED)],
        {11: A, 600: None},
    ),
    "a gap between two leases of one machine is nobody's": (
        [lease(0, ASSIGNED, A, until=60), lease(100, ASSIGNED, A, until=160)],
        {59: A, 80: None, 100: A},
    ),
    "out of order": ([lease(50, ASSIGNED, B), lease(0, ASSIGNED, A)], {10: A, 50: B}),
    "handed over within one second": (
        [lease(0, ASSIGNED, A), lease(50, ASSIGNED, B), lease(50, RELEASED, A)],
        {49: A, 50: B},
    ),
    "a lease that ends before it begins has the default length": ([lease(10, ASSIGNED, A, until=5)], {11: A}),
    "known by name alone": (
        [lease(0, ASSIGNED, name="PC-7"), lease(9, RELEASED, name="pc-7.unit.example")],
        {8: "PC-7", 9: None},
    ),
    "an assignment to nobody is passed over": ([lease(0, ASSIGNED, A), lease(5, ASSIGNED)], {6: A}),
    "another kind of event is no lease": (
        [Event(time=at(0), kind=EventKind.DNS, device_ip=IP, device_mac=A)],
        {1: None},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_leases_name_the_holder_of_each_minute(name: str) -> None:
    events, expected = CASES[name]
    table = LeaseTable(events)
    assert {minute: _holder(table, at(minute)) for minute in expected} == expected


def _holder(table: LeaseTable, time: datetime) -> str | None:
    found = table.holder(IP, time)
    return None if found is None else found.mac or found.name


def test_names_and_addresses_are_separate() -> None:
    table = LeaseTable(
        [
            lease(0, ASSIGNED, A, "PC-A"),
            lease(3, RENEWED, A, "PC-A2"),
            lease(0, ASSIGNED, B, "PC-B", ip="10.0.0.51"),
        ]
    )
    first, second = table.holder(IP, at(1)), table.holder("10.0.0.51", at(1))
    assert first is not None
    assert second is not None
    assert (first.mac, first.name, first.start, first.end) == (A, "PC-A2", at(0), at(3) + DEFAULT_LENGTH)
    assert second.name == "PC-B"
    assert table.holder("10.0.0.52", at(1)) is None
    assert table.knows(IP)
    assert not table.knows("10.0.0.52")


@pytest.mark.parametrize(
    ("events", "conflicts"),
    [
        ([lease(0, ASSIGNED, A, until=60), lease(30, ASSIGNED, B, until=90)], [(at(30), at(60), B, A)]),
        ([lease(0, ASSIGNED, A), lease(0, ASSIGNED, B)], [(at(0), at(EIGHT), B, A)]),
        (
            [lease(0, ASSIGNED, A), lease(9, ASSIGNED, B), lease(12, RENEWED, A, until=20)],
            [(at(12), at(20), A, B)],
        ),
        ([lease(0, ASSIGNED, A, until=60), lease(10, RELEASED, A), lease(30, ASSIGNED, B)], []),
        ([lease(0, ASSIGNED, A), lease(30, ASSIGNED, B)], []),
    ],
)
def test_two_machines_at_one_time_are_a_conflict(
    events: list[Event], conflicts: list[tuple[object, ...]]
) -> None:
    table = LeaseTable(events)
    assert [(item.start, item.end, item.holder, item.other) for item in table.conflicts] == conflicts
    assert all(
        (held := table.holder(IP, item.start)) is not None and held.contested for item in table.conflicts
    )


def test_far_ends_do_not_overflow() -> None:
    never = datetime.max.replace(tzinfo=at(0).tzinfo)
    table = LeaseTable(
        [
            Event(
                time=at(0),
                kind=EventKind.LEASE,
                device_ip=IP,
                device_mac=A,
                action=ASSIGNED,
                lease_until=never,
            )
        ]
    )
    assert _holder(table, at(10 * 365 * DAYS)) == A


# --- against an obvious reference ---------------------------------------------------------------------------

MACHINES = ["02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"]
CHURN = st.lists(
    st.builds(
        lease,
        st.integers(0, 40),
        st.sampled_from([ASSIGNED, ASSIGNED, RENEWED, RELEASED]),
        st.sampled_from(MACHINES),
        ip=st.sampled_from([IP, "10.0.0.51"]),
        until=st.none() | st.integers(0, 60),
    ),
    max_size=25,
)


def reference(events: Sequence[Event], ip: str, time: datetime) -> str | None:
    """Find the holder by replaying the address's records up to the time."""
    records = [
        event for event in events if event.device_ip == ip and event.time is not None and event.time <= time
    ]
    order = {RELEASED: 0, ASSIGNED: 1, RENEWED: 2}
    records.sort(
        key=lambda event: (event.time, order[event.action], event.device_mac, event.lease_until or at(-99999))
    )  # type: ignore[index]
    mac, end = None, at(-1)
    for event in records:
        assert event.time is not None
        if event.time >= end:
            mac = None
        if event.action is RELEASED:
            mac = None if mac == event.device_mac else mac
        else:
            until = event.lease_until
            mac = event.device_mac
            end = until if until is not None and until > event.time else event.time + DEFAULT_LENGTH
    return mac if time < end else None


@settings(max_examples=200, deadline=None)
@given(CHURN, st.randoms())
def test_agrees_with_the_reference_in_any_order(events: list[Event], random: object) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    table, again = LeaseTable(shuffled), LeaseTable(events)
    assert table.conflicts == again.conflicts
    for ip in (IP, "10.0.0.51"):
        assert table.history(ip) == again.history(ip)
        for half in range(-2, 130):
            time = at(half / 2)
            held = table.holder(ip, time)
            assert (held.mac if held else None) == reference(events, ip, time), (ip, half)


@settings(max_examples=100, deadline=None)
@given(CHURN)
def test_intervals_follow_one_another(events: list[Event]) -> None:
    for ip in (IP, "10.0.0.51"):
        history = LeaseTable(events).history(ip)
        assert all(lease.start < lease.end for lease in history)
        assert all(lease.end <= following.start for lease, following in pairwise(history))


SOON: dict[str, tuple[list[Event], dict[float, str | None]]] = {
    "minutes before the first record": ([lease(60, RENEWED, A)], {44.9: None, 45: A, 59: A}),
    "an expired lease of the same machine": (
        [lease(0, ASSIGNED, A, until=50), lease(60, ASSIGNED, A)],
        {49: None, 51: A, 61: None},
    ),
    "another held it until minutes before": (
        [lease(0, ASSIGNED, B, until=50), lease(60, ASSIGNED, A)],
        {49: None, 51: None, 59: None},
    ),
    "another held it long before": (
        [lease(0, ASSIGNED, B, until=20), lease(60, ASSIGNED, A)],
        {19: None, 35: None, 50: A},
    ),
    "no lease follows": ([lease(0, ASSIGNED, A, until=50)], {51: None}),
}


def test_the_holder_of_the_minutes_before_a_lease() -> None:
    for name, (records, wanted) in SOON.items():
        table = LeaseTable(records)
        found = {minute: table.upcoming(IP, at(minute)) for minute in wanted}
        assert {minute: held.mac if held else None for minute, held in found.items()} == wanted, name
        assert table.upcoming("10.0.0.51", at(59)) is None
