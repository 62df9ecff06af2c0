"""From a row to a device.

Certain and doubtful cases, every reason for no device, and random churn compared with a slow reference.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.devices.inventory import Inventory
from lamsach.devices.nat import Certainty, Kind, NatRecord, NatTable
from lamsach.model import Event, EventKind, LeaseAction
from lamsach.trace.explain import answers_of, devices_of, marked_repeats, with_other_rows
from lamsach.trace.holders import Holders
from lamsach.trace.lookups import Lookups
from lamsach.trace.model import Skew, Why

from .builders import C2, PUBLIC, START, answered, at, lease, machine, reported, session

MAC, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:02"
A, B = "10.1.0.5", "10.1.0.6"


def test_a_row_becomes_a_named_machine_with_its_proof() -> None:
    inventory = Inventory([machine(MAC, "PC-01", "Người dùng A", "Phòng Tổng hợp")])
    found = answered(
        reported(4321, 30),
        [session(A, 4321, 0, 60, line=7)],
        [lease(A, MAC, -3600, 7200, "pc-01", 3)],
        inventory,
    )
    assert found.explained
    [named] = found.named
    assert (named.device, named.inside, named.identity.name, named.identity.user, named.department) == (
        f"mac:{MAC}",
        A,
        "PC-01",
        "Người dùng A",
        "Phòng Tổng hợp",
    )
    assert named.certainty is Certainty.CERTAIN
    assert [(line.file, line.line) for line in named.evidence] == [("fw.log", 7), ("dhcp.log", 3)]


@pytest.mark.parametrize("protocol", ["udp", "icmp"])
def test_another_protocol_is_another_translation(protocol: str) -> None:
    assert (
        answered(reported(4321, 30, protocol=protocol), [session(A, 4321, 0, 60)]).why is Why.NO_TRANSLATION
    )


def test_a_list_without_protocols_is_certain_when_only_one_machine_used_the_port() -> None:
    assert (
        answered(reported(4321, 30, protocol=None), [session(A, 4321, 0, 60)], [lease(A, MAC, -9)])
        .named[0]
        .certainty
        is Certainty.CERTAIN
    )
    both = [session(A, 4321, 0, 60), session(B, 4321, 0, 60, protocol=17)]
    found = answered(reported(4321, 30, protocol=None), both)
    assert found.why is Why.SEVERAL_DEVICES
    assert {named.inside for named in found.named} == {A, B}


@pytest.mark.parametrize(
    ("records", "row", "why"),
    [
        ([], reported(4321, 30), Why.NO_NAT_LOG),
        ([session(A, 4321, 0, 60, ip="203.0.113.9")], reported(4321, 30), Why.NOT_OUR_ADDRESS),
        ([session(A, 4321, 0, 60)], reported(4321, 86_400), Why.OUTSIDE_COVERAGE),
        ([session(A, 4321, 0, 60)], reported(4321, -86_400), Why.OUTSIDE_COVERAGE),
        (
            [session(A, 4321, 0, 60), session(A, 4321, 86_400, 86_500)],
            reported(4321, 43_200),
            Why.OUTSIDE_COVERAGE,
        ),
        ([session(A, 4321, 0, 60), session(B, 4400, 0, 900)], reported(4321, 400), Why.NO_TRANSLATION),
        ([session(A, 4321, 0, 60), session(B, 4321, 0, 60)], reported(4321, 30), Why.SEVERAL_DEVICES),
        ([session(A, 4321, 0, 60), session(B, 4400, 0, 60)], reported(None, 30), Why.NO_PORT),
        ([session(A, 4321, 0, 60)], reported(4321, None), Why.NO_TIME),
    ],
)
def test_why_a_row_is_not_explained(records: list[NatRecord], row: object, why: Why) -> None:
    found = answered(row, records)  # type: ignore[arg-type]
    assert found.why is why
    assert not found.explained


def test_an_address_whose_leases_begin_later_or_ended_names_nobody() -> None:
    records = [session(A, 4321, 0, 60)]
    assert answered(reported(4321, 30), records, [lease(A, MAC, 600, 7200)]).why is Why.BEFORE_LEASE
    assert answered(reported(4321, 30), records, [lease(A, MAC, -7200, -3600)]).why is Why.NO_LEASE_THEN
    by_hand = answered(reported(4321, 30), records)
    assert by_hand.explained
    assert by_hand.named[0].certainty is Certainty.PROBABLE
    assert "address_only" in by_hand.named[0].hints


def test_two_machines_that_claim_the_inside_address_make_it_doubtful() -> None:
    found = answered(
        reported(4321, 30),
        [session(A, 4321, 0, 60)],
        [lease(A, MAC, -7200, 7200), lease(A, OTHER, -3600, 7200)],
    )
    assert found.named[0].certainty is Certainty.POSSIBLE
    assert found.named[0].rival == MAC


def test_the_stated_destination_decides_between_two() -> None:
    records = [session(A, 4321, 0, 60), session(B, 4321, 0, 60, destination="198.51.100.99")]
    found = answered(reported(4321, 30, destination=C2), records)
    assert (found.explained, found.named[0].inside, found.named[0].hints[0]) == (True, A, "same_destination")


def test_another_destination_than_stated_is_only_possible() -> None:
    found = answered(
        reported(4321, 30, destination="192.0.2.99"), [session(A, 4321, 0, 60)], [lease(A, MAC, -9)]
    )
    assert (found.explained, found.named[0].certainty, found.named[0].hints) == (
        True,
        Certainty.POSSIBLE,
        ("other_destination",),
    )


def test_without_a_port_candidates_are_ranked() -> None:
    records = [
        session(A, 4000 + n, 0, 60, destination="198.51.100.99", inside_port=50000 + n) for n in range(3)
    ]
    records += [
        session(B, 5000, 0, 60, destination="198.51.100.98"),
        session("10.1.0.7", 5001, 0, 60, destination="198.51.100.97"),
    ]
    found = answered(reported(None, 30), records)
    assert found.why is Why.NO_PORT
    assert [(named.inside, named.hints[0]) for named in found.named] == [
        (A, "most_translations"),
        (B, "open_then"),
        ("10.1.0.7", "open_then"),
    ]
    meeting = answered(reported(None, 30, destination="198.51.100.98"), records)
    assert (meeting.explained, meeting.named[0].inside, meeting.named[0].certainty) == (
        True,
        B,
        Certainty.PROBABLE,
    )


def test_a_record_with_the_stated_destination_beats_those_without_any() -> None:
    records = [session(A, 4321, 0, 60), session(B, 4321, 0, 60, destination="")]
    found = answered(reported(4321, 30, destination=C2), records)
    assert (found.explained, found.named[0].inside) == (True, A)


def test_a_record_without_a_destination_does_not_outweigh_a_different_one() -> None:
    records = [session(A, 4321, 0, 60, destination=""), session(A, 4321, 0, 60, destination="198.51.100.99")]
    found = answered(reported(4321, 30, destination=C2), records)
    assert (found.named[0].certainty, found.named[0].hints[0]) == (Certainty.POSSIBLE, "other_destination")


def test_without_a_port_the_stated_destination_is_found_in_a_crowd() -> None:
    crowd = [
        session(
            f"10.{n // 250}.0.{n % 250 + 1}",
            6000 + n,
            0,
            60 + n,
            destination="198.51.100.99",
            inside_port=n + 1,
        )
        for n in range(600)
    ]
    found = answered(reported(None, 30, destination=C2), [session("10.9.9.9", 5999, -50, 40), *crowd])
    assert (found.explained, found.named[0].inside, found.named[0].hints[0]) == (
        True,
        "10.9.9.9",
        "same_destination",
    )


def test_without_a_port_the_only_machine_behind_the_address_is_named() -> None:
    found = answered(
        reported(None, 30),
        [session(A, 4321, 0, 60), session(A, 4322, 0, 60, inside_port=50001), session(B, 4400, 900, 960)],
    )
    assert (found.explained, found.named[0].hints[0]) == (True, "only_one")


def test_a_machine_that_explains_other_rows_comes_first() -> None:
    records = [session(A, 4321, 0, 60), session(B, 4400, 0, 60), session(B, 4401, 0, 60, inside_port=50001)]
    rows = [reported(None, 30), reported(4321, 30)]
    table = NatTable(records)
    lookups = [Lookups(table).find(row) for row in rows]
    answers = with_other_rows(answers_of(rows, lookups, Holders([], Inventory(), ()), {"": Skew()}))
    assert [named.inside for named in answers[0].named] == [A, B]
    assert "named_elsewhere" in answers[0].named[0].hints


def test_in_a_crowd_the_likeliest_are_named_and_the_others_counted() -> None:
    crowd = [session(f"10.2.0.{n}", 6000 + n, 0, 60) for n in range(1, 101)]
    found = answered(reported(None, 30), crowd)
    assert (found.why, len(found.named), found.more) == (Why.NO_PORT, 10, 90)


def test_a_time_to_the_minute_needs_one_machine_in_the_minute() -> None:
    records = [session(A, 4321, 0, 20), session(B, 4321, 40, 50)]
    assert answered(reported(4321, 0, precision=60), records).why is Why.SEVERAL_DEVICES
    assert answered(reported(4321, 0, precision=60), records[:1]).explained
    assert answered(reported(4321, 45), records).named[0].inside == B


def test_a_translation_a_few_seconds_off_is_shown_but_does_not_explain() -> None:
    found = answered(reported(4321, 75), [session(A, 4321, 0, 60), session(B, 4400, 0, 900)])
    assert found.why is Why.NO_TRANSLATION
    assert [(named.inside, named.hints[0]) for named in found.named] == [(A, "near_in_time")]


def test_two_translations_one_after_the_other() -> None:
    records = [session("10.9.9.2", 4321, 0, 60, inside_port=6000), session(A, 6000, 0, 60, ip="10.9.9.2")]
    found = answered(reported(4321, 30), records, [lease(A, MAC, -9)])
    assert (found.named[0].inside, found.named[0].hints, len(found.named[0].evidence)) == (
        A,
        ("behind_another_nat",),
        3,
    )


def test_translations_that_lead_in_a_circle_end() -> None:
    records = [
        session("10.9.9.2", 4321, 0, 60, inside_port=4321),
        session(PUBLIC, 4321, 0, 60, ip="10.9.9.2", inside_port=4321),
    ]
    assert answered(reported(4321, 30), records).named


def test_an_address_that_is_a_machines_own() -> None:
    inventory = Inventory([machine(MAC, "SRV-01", ip=PUBLIC)])
    found = answered(reported(443, 30), [], (), inventory)
    assert (found.explained, found.named[0].identity.name, found.named[0].hints[0]) == (
        True,
        "SRV-01",
        "no_nat_between",
    )


def test_a_block_of_ports_of_a_carriers_nat() -> None:
    block = NatRecord(
        Kind.SESSION, PUBLIC, 1024, 2047, 0, "100.64.0.9", 0, 1_000_000, 10**18, file="cgn.log", line=4
    )
    assert answered(reported(1500, 30), [block]).named[0].inside == "100.64.0.9"


def test_a_vpn_user_is_the_device() -> None:
    event = Event(
        time=at(-60),
        kind=EventKind.LEASE,
        device_ip=A,
        user="nv.a",
        source_ip="192.0.2.9",
        action=LeaseAction.ASSIGNED,
        file="vpn.log",
        line=2,
    )
    found = answered(reported(4321, 30), [session(A, 4321, 0, 60)], [event])
    assert (found.named[0].device, found.named[0].identity.how) == ("user:nv.a", "session")


def test_repeated_rows_are_marked_and_devices_count_them_once() -> None:
    records = [session(A, 4321, 0, 60), session(A, 4322, 0, 60)]
    rows = [reported(4321, 30), reported(4321, 30), reported(4322, 30), reported(4321, 30, threat="Other")]
    answers = marked_repeats([answered(row, records) for row in rows])
    assert [answer.repeats for answer in answers] == [None, 0, None, None]
    [device] = devices_of(answers)
    assert device.rows == (0, 2, 3)
    assert device.threats == ("Mirai", "Other")


INSIDES = [f"10.1.0.{last}" for last in range(1, 5)]
MACS = [f"02:00:00:00:00:{last:02x}" for last in range(1, 6)]
sessions = st.builds(
    lambda inside, port, start,
    length: session(inside, port, start, start + length, inside_port=int(inside[-1])),
    st.sampled_from(INSIDES), st.integers(4000, 4003), st.integers(0, 900), st.integers(1, 200),
)  # fmt: skip
leases = st.builds(
    lambda ip, mac, start, length: lease(ip, mac, start, start + length),
    st.sampled_from(INSIDES),
    st.sampled_from(MACS),
    st.integers(-300, 900),
    st.integers(1, 900),
)


def slow_insides(records: list[NatRecord], port: int, second: int) -> set[str]:
    """Return every inside address with a translation of the port open at some moment of the second."""
    low = int((at(second) - START).total_seconds()) * 1_000_000 + int(START.timestamp()) * 1_000_000
    return {
        record.inside_ip
        for record in records
        if record.first_port == port and record.start <= low + 1_000_000 and record.end > low
    }


def slow_holder(events: list[Event], ip: str, second: float) -> str | None:
    """Return the machine of the last record of the address, while its lease ran.

    Conflicting records of one moment determine no machine.
    """
    before = [
        event
        for event in events
        if event.device_ip == ip and event.time is not None and event.time <= at(second)
    ]
    if not before:
        return None
    last = max(before, key=lambda event: event.time or START)
    return last.device_mac if last.lease_until is not None and last.lease_until > at(second) else None


@settings(max_examples=250, deadline=None)
@given(
    st.lists(sessions, min_size=1, max_size=14),
    st.lists(leases, max_size=8, unique_by=lambda event: (event.device_ip, event.time)),
    st.integers(4000, 4003),
    st.integers(0, 1000),
)
def test_random_churn_against_a_slow_reference(
    records: list[NatRecord], events: list[Event], port: int, second: int
) -> None:
    found = answered(reported(port, second), records, events)
    insides = slow_insides(records, port, second)
    if not insides:
        assert not found.explained
        assert found.why in (Why.NO_TRANSLATION, Why.OUTSIDE_COVERAGE, Why.NOT_OUR_ADDRESS)
        return
    assert {named.inside for named in found.named} <= insides
    macs = {inside: slow_holder(events, inside, second + 0.5) for inside in insides}
    if len(insides) == 1 and (mac := macs[next(iter(insides))]) is not None:
        assert found.explained
        assert found.named[0].identity.mac == mac
    elif len(insides) == 1 and any(event.device_ip in insides for event in events):
        assert found.why in (Why.BEFORE_LEASE, Why.NO_LEASE_THEN)
    elif len(insides) > 1 and found.explained:
        best = found.named[0]
        assert best.certainty is not Certainty.CERTAIN or len(set(macs.values()) - {None}) == 1
