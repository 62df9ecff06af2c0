"""Observations at an address: tables of neighbours and log-ons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.devices.attribution import attribute
from lamsach.devices.identify import Identifier
from lamsach.devices.leases import LeaseTable
from lamsach.devices.leases.observations import MACHINE_WINDOW, MOST_ADDRESSES, PERSON_WINDOW, SURE_WINDOW
from lamsach.model import Action, Event, EventKind, LeaseAction

from .builders import at, lease, sighting

IP, OTHER = "10.0.0.50", "10.0.0.51"
A, B, C = (f"02:00:00:00:00:0{letter}" for letter in "abc")
MINUTE = timedelta(minutes=1)
WINDOW, SURE, PERSON = MACHINE_WINDOW / MINUTE, SURE_WINDOW / MINUTE, PERSON_WINDOW / MINUTE


def arp(minute: float, mac: str, ip: str = IP, name: str | None = None) -> Event:
    return Event(
        time=at(minute),
        kind=EventKind.LEASE,
        device_ip=ip,
        device_mac=mac,
        device_name=name,
        action=LeaseAction.OBSERVED,
    )


def logon(
    minute: float, user: str | None, ip: str | None = IP, name: str | None = None, mac: str | None = None,
    log: str = "windows_event_json", action: Action = Action.ALLOWED,
) -> Event:  # fmt: skip
    return Event(
        time=at(minute),
        kind=EventKind.LOGON,
        device_ip=ip,
        device_name=name,
        device_mac=mac,
        user=user,
        action=action,
        format=log,
    )


MACHINES: dict[str, tuple[list[Event], dict[float, str | None]]] = {
    "for a day before and after": ([arp(0, A)],
        {-WINDOW - 1: None, -WINDOW: A, 0: A, WINDOW - 1: A, WINDOW: None}),
    "from one sighting to the next": ([arp(0, A), arp(2 * WINDOW, A)], {WINDOW: A, 3 * WINDOW - 1: A}),
    "not over a longer gap": ([arp(0, A), arp(2 * WINDOW + 2, A)],
        {WINDOW - 1: A, WINDOW: None, WINDOW + 1: None, WINDOW + 2: A}),
    "between two machines nobody": ([arp(0, A), arp(600, B)],
        {SURE - 1: A, SURE: None, 300: None, 600 - SURE: B, 600: B}),
    "two machines soon after one another meet in the middle": ([arp(0, A), arp(10, B)], {4: A, 6: B}),
    "two at once are nobody": ([arp(0, A), arp(0, B)], {-5: None, 0: None, 5: None}),
    "a name completes the hardware address": ([arp(0, A), arp(0, A, name="PC-7")], {0: A}),
    "a router answers for many": ([arp(0, A, f"10.0.0.{n}") for n in range(50, 51 + MOST_ADDRESSES)],
        {0: None}),
    "a machine with some addresses is none": (
        [arp(0, A, f"10.0.0.{n}") for n in range(50, 50 + MOST_ADDRESSES)], {0: A}),
}  # fmt: skip


@pytest.mark.parametrize("name", MACHINES)
def test_sightings_name_the_machine_of_each_minute(name: str) -> None:
    events, expected = MACHINES[name]
    seen = LeaseTable(events).observations
    assert {
        minute: (last.mac if (last := seen.holder(IP, at(minute))) else None) for minute in expected
    } == expected


PEOPLE: dict[str, tuple[list[Event], dict[float, str | None]]] = {
    "until half a day later": (
        [logon(0, "alice")],
        {-1: None, 0: "alice", PERSON - 1: "alice", PERSON: None},
    ),
    "until the next": ([logon(0, "alice"), logon(60, "bob")], {59: "alice", 60: "bob"}),
    "a shared machine": (
        [logon(0, "alice"), logon(10, "bob"), logon(20, "carol")],
        {5: "alice", 15: "bob", 25: None},
    ),
    "two at one moment": ([logon(0, "alice"), logon(0, "bob")], {1: None}),
    "an account of nobody": ([logon(0, "UNIT\\Administrator"), logon(1, "PC-7$")], {5: None}),
    "a refused log-on": ([logon(0, "alice", action=Action.BLOCKED)], {1: None}),
    "an account on a server": ([logon(0, "alice", log="sshd")], {1: None}),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_log_ons_name_the_person_of_each_minute(name: str) -> None:
    events, expected = PEOPLE[name]
    table = LeaseTable(events)
    assert {minute: table.person(IP, None, at(minute)) for minute in expected} == expected


def test_a_person_is_known_by_the_machine_too() -> None:
    who = Identifier(LeaseTable([arp(0, A), logon(5, "alice", ip=None, mac=A, log="freeradius")]))
    assert who(Event(time=at(10), device_ip=IP)).user == "alice"
    assert who(Event(time=at(1), device_ip=IP)).user is None
    assert who(Event(time=at(10), device_ip=OTHER, device_mac=A)).user == "alice"


def test_a_lease_precedes_an_observation_and_contradictions_are_reported() -> None:
    table = LeaseTable(
        [lease(0, LeaseAction.ASSIGNED, A, "PC-A", until=600), arp(30, B), arp(40, B), arp(50, A)]
    )
    who = Identifier(table)
    assert who(Event(time=at(31), device_ip=IP)).mac == A
    [conflict] = table.conflicts
    assert (conflict.start, conflict.holder, conflict.other) == (at(30), A, B)
    devices, _ = attribute(
        dict([sighting(who(Event(time=at(minute), device_ip=IP)), [minute]) for minute in (35,)]),
        conflicts=table.conflicts,
    )
    [device] = devices
    assert [
        (reason.code, reason.values.get("other"))
        for reason in device.reasons
        if reason.code == "address_contested"
    ] == [("address_contested", B)]


def test_a_conflict_at_another_time_is_not_reported() -> None:
    table = LeaseTable(
        [lease(0, LeaseAction.ASSIGNED, A, until=60), lease(30, LeaseAction.ASSIGNED, B, until=90)]
    )
    who = Identifier(table)
    devices, _ = attribute(
        dict([sighting(who(Event(time=at(5), device_ip=IP)), [5])]), conflicts=table.conflicts
    )
    assert [reason.code for device in devices for reason in device.reasons] == ["contacted_once"]


def test_mere_observations_are_stated_as_such() -> None:
    identity = Identifier(LeaseTable([arp(0, A, name="PC-7")]))(Event(time=at(5), device_ip=IP))
    assert (identity.mac, identity.name, identity.how) == (A, "PC-7", "observed")
    devices, _ = attribute(dict([sighting(identity, [5])]))
    assert "observed_only" in [reason.code for reason in devices[0].reasons]


def test_the_line_that_names_another_machine_is_believed() -> None:
    who = Identifier(LeaseTable([arp(0, A)]))
    assert (
        who(Event(time=at(5), device_ip=IP, device_mac=B)).mac,
        who(Event(time=at(5), device_ip=IP, device_mac=B)).how,
    ) == (B, "log")


# --- a device whose address changed hands in the middle of a sighting ---------------------------------------

CHURN = st.lists(
    st.one_of(
        st.builds(
            lease, st.integers(0, 300),
            st.sampled_from([LeaseAction.ASSIGNED, LeaseAction.RENEWED, LeaseAction.RELEASED]),
            st.sampled_from([A, B, C]), ip=st.just(IP), until=st.none() | st.integers(0, 400),
        ),
        st.builds(arp, st.integers(0, 300), st.sampled_from([A, B, C])),
    ),
    max_size=20,
)  # fmt: skip


def reference(events: Sequence[Event], minute: int) -> str | None:
    """Find the holder of IP by replaying the leases, else by the nearest observations.

    Else by the lease that begins soon.
    """
    leases = LeaseTable([event for event in events if event.action is not LeaseAction.OBSERVED])
    held = leases.holder(IP, at(minute))  # itself tested against a replay in test_leases
    if held is not None:
        return held.mac
    found = by_sightings(events, minute)
    soon = None if found or LeaseTable(events).observations.knows(IP) else leases.upcoming(IP, at(minute))
    return soon.mac if soon else found


def by_sightings(events: Sequence[Event], minute: int) -> str | None:
    seen: dict[int, set[str]] = {}
    for event in events:
        if event.action is LeaseAction.OBSERVED and event.time is not None and event.device_mac:
            seen.setdefault(int((event.time - at(0)) / MINUTE), set()).add(event.device_mac)
    before = max((time for time in seen if time <= minute), default=None)
    after = min((time for time in seen if time > minute), default=None)
    last = seen[before] if before is not None else None
    other = seen[after] if after is not None else None
    single = {frozenset(macs) for macs in (last, other) if macs}
    if any(len(macs) > 1 for macs in single):
        near_before = (
            last is not None
            and len(last) == 1
            and minute - (before or 0) < _reach(before, after, last, other)
        )
        near_after = (
            other is not None
            and len(other) == 1
            and (after or 0) - minute <= _reach(before, after, last, other)
        )
        return (
            next(iter(last)) if near_before and last else next(iter(other)) if near_after and other else None
        )
    if len(single) == 1:
        return next(iter(next(iter(single))))
    if last and other and before is not None and after is not None:
        if minute - before < _reach(before, after, last, other):
            return next(iter(last))
        return next(iter(other)) if after - minute <= _reach(before, after, last, other) else None
    return None


def _reach(before: int | None, after: int | None, first: set[str] | None, second: set[str] | None) -> float:
    if before is None or after is None:
        return WINDOW
    return min(SURE, (after - before) / 2)


@settings(max_examples=150, deadline=None)
@given(CHURN)
def test_sightings_are_split_as_the_reference_says(events: list[Event]) -> None:
    who = Identifier(LeaseTable(events))
    for minute in range(-10, 420, 7):
        identity = who(Event(time=at(minute), device_ip=IP))
        assert identity.mac == reference(events, minute), minute
        assert (identity.how == "address") == (identity.mac is None)


@settings(max_examples=60, deadline=None)
@given(CHURN, st.lists(st.integers(-10, 420), min_size=1, max_size=12, unique=True))
def test_every_contact_counts_once_for_one_device(events: list[Event], minutes: list[int]) -> None:
    who = Identifier(LeaseTable(events))
    raw: dict[object, object] = {}
    groups: dict[object, list[int]] = {}
    for minute in sorted(minutes):
        groups.setdefault(who(Event(time=at(minute), device_ip=IP)), []).append(minute)
    raw = dict(sighting(identity, times) for identity, times in groups.items())
    devices, sightings = attribute(raw)  # type: ignore[arg-type]
    assert sum(device.count for device in devices) == len(minutes) == sum(item.count for item in sightings)
    assert {device.mac for device in devices if device.mac} == {
        identity.mac for identity in groups if identity.mac
    }  # type: ignore[attr-defined]
