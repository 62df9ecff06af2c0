"""Users of a public address and port: each rule by itself, then random churn against a slow reference."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.devices.leases.records import microseconds
from lamsach.devices.nat import Certainty, Kind, NatRecord, NatTable, protocol_number

from ..builders import at

PUBLIC, A, B, C = "203.0.113.1", "10.0.0.10", "10.0.0.11", "10.0.0.12"
FAR = "198.51.100.7"
TCP, UDP, ANY = 6, 17, 0
CERTAIN, PROBABLE, POSSIBLE = Certainty


def us(minutes: float) -> int:
    return microseconds(at(minutes))


def session(
    start: float, end: float, inside: str = A, port: int = 4321, protocol: int = TCP, far: str = FAR
) -> NatRecord:
    return NatRecord(
        Kind.SESSION, PUBLIC, port, port, protocol, inside, 51000, us(start), us(end), far, "", "fw.log", 7
    )


def half(
    kind: Kind, minute: float, inside: str = A, port: int = 4321, number: str = "", protocol: int = TCP
) -> NatRecord:
    start = 0 if kind is Kind.CLOSE else us(minute)
    return NatRecord(
        kind, PUBLIC, port, port, protocol, inside, 51000, start, us(minute), "", number, "fw.log", 7
    )


def spotted(minute: float, inside: str = A) -> NatRecord:
    """Record of an event without the connection's beginning (see `devices.nat.nat_logs.record_of`)."""
    return session(minute - 60, minute + 1, inside, protocol=ANY, far="")._replace(kind=Kind.SEEN)


def block(kind: Kind, minute: float, inside: str = A, first: int = 1024, last: int = 2047) -> NatRecord:
    start = 0 if kind is Kind.CLOSE else us(minute)
    return NatRecord(kind, PUBLIC, first, last, ANY, inside, 0, start, us(minute), "", "", "cgn.log", 3)


def ask(
    records: Sequence[NatRecord],
    minute: float,
    port: int | None = 4321,
    protocol: str | None = "tcp",
    **more: object,
):
    return [
        (found.inside_ip, found.certainty)
        for found in NatTable(records).inside(PUBLIC, port, protocol, at(minute), **more)  # type: ignore[arg-type]
    ]


CASES: dict[str, tuple[list[NatRecord], dict[float, list[tuple[str, Certainty]]]]] = {
    "a session": ([session(0, 10)], {-1: [], 0: [(A, CERTAIN)], 9.9: [(A, CERTAIN)], 10: []}),
    "two one after the other": ([session(0, 10), session(10, 20, B)],
        {5: [(A, CERTAIN)], 10: [(B, CERTAIN)]}),
    "another port, another protocol": ([session(0, 10, port=1), session(0, 10, protocol=UDP)], {5: []}),
    "a beginning and its end": ([half(Kind.CLOSE, 10), half(Kind.OPEN, 0)], {5: [(A, CERTAIN)], 11: []}),
    "a beginning alone lasts an hour, for all that is known": ([half(Kind.OPEN, 0)],
        {59: [(A, PROBABLE)], 60: []}),
    "until somebody else has the port": ([half(Kind.OPEN, 0), half(Kind.OPEN, 30, B)],
        {29: [(A, PROBABLE)], 31: [(B, PROBABLE)]}),
    "an end alone": ([half(Kind.CLOSE, 60)], {-1: [], 59: [(A, PROBABLE)], 60: []}),
    "an end that names only the connection": (
        [half(Kind.OPEN, 0, number="12"),
         half(Kind.CLOSE, 10, number="12")._replace(public_ip="", inside_ip="")],
        {9: [(A, CERTAIN)], 11: []},
    ),
    "two at once are only possible": ([session(0, 10), session(0, 10, B)],
        {5: [(A, POSSIBLE), (B, POSSIBLE)]}),
    "two sessions of one machine are no doubt": ([session(0, 10), session(2, 8, far="198.51.100.8")],
        {5: [(A, CERTAIN)]}),
    "the certain one before the probable": ([half(Kind.OPEN, 4, B), session(0, 10)],
        {5: [(A, CERTAIN), (B, PROBABLE)]}),
    "seen with the port one after the other": (
        [spotted(60), spotted(70, B), spotted(80, B), spotted(90)],
        {10: [(A, PROBABLE)], 60: [(A, PROBABLE)], 65: [(B, PROBABLE)], 70: [(B, PROBABLE)],
         80: [(B, PROBABLE)], 85: [(A, PROBABLE)], 90: [(A, PROBABLE)]},
    ),
    "seen within the same minute": (
        [spotted(60), spotted(60.5, B)],
        {60: [(A, PROBABLE)], 60.4: [(B, POSSIBLE), (A, POSSIBLE)], 60.5: [(B, PROBABLE)]},
    ),
    "seen at one moment": (
        [spotted(50, C), spotted(60), spotted(60, B)],
        {50: [(C, PROBABLE)], 55: [(A, POSSIBLE), (B, POSSIBLE)], 60: [(A, POSSIBLE), (B, POSSIBLE)]},
    ),
    "an end alone began after somebody else's end": (
        [session(0, 10), half(Kind.CLOSE, 30, B)],
        {5: [(A, CERTAIN)], 10: [(B, PROBABLE)], 29: [(B, PROBABLE)]},
    ),
    "an end alone began after somebody else began": (
        [half(Kind.OPEN, 0), half(Kind.CLOSE, 30, B)],
        {0: [(A, PROBABLE)], 15: [(B, POSSIBLE), (A, POSSIBLE)], 31: []},
    ),
    "no protocol in the record": ([session(0, 10, protocol=ANY)], {5: [(A, CERTAIN)]}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_inside_address_of_each_minute_is_known(name: str) -> None:
    records, expected = CASES[name]
    assert {minute: ask(records, minute) for minute in expected} == expected


def test_udp_is_assumed_for_five_minutes() -> None:
    records = [half(Kind.OPEN, 0, protocol=UDP)]
    assert [ask(records, minute, protocol="udp") for minute in (4, 6)] == [[(A, PROBABLE)], []]


def test_blocks_of_ports() -> None:
    records = [
        block(Kind.OPEN, 0),
        block(Kind.CLOSE, 60),
        block(Kind.OPEN, 0, B, 2048, 3071),
        block(Kind.OPEN, 90, C),
    ]
    assert ask(records, 30, 1024) == ask(records, 30, 2047) == [(A, CERTAIN)]
    assert ask(records, 30, 2048) == [(B, PROBABLE)]
    assert ask(records, 70, 1500) == []
    assert ask(records, 100, 1500) == [(C, PROBABLE)]
    assert ask(records, 30, 4000) == []


def test_without_a_port_everybody_is_possible() -> None:
    assert ask([session(0, 10), session(5, 15, B, 99), block(Kind.OPEN, 0, C)], 7, None) == [
        (B, POSSIBLE),
        (A, POSSIBLE),
        (C, POSSIBLE),
    ]


def test_without_a_protocol_it_is_probable() -> None:
    assert ask([session(0, 10)], 5, protocol=None) == [(A, PROBABLE)]


def test_the_far_side_separates_two_users() -> None:
    records = [session(0, 10), session(0, 10, B, far="198.51.100.8")]
    assert ask(records, 5, destination="198.51.100.8") == [(B, CERTAIN)]
    assert ask(records, 5, destination="198.51.100.99") == []


def test_slack_is_only_possible() -> None:
    assert ask([session(0, 10)], 12, slack=timedelta(minutes=3)) == [(A, POSSIBLE)]
    assert ask([session(0, 10)], -2, slack=timedelta(minutes=3)) == [(A, POSSIBLE)]
    assert ask([session(0, 10)], 14, slack=timedelta(minutes=3)) == []


def test_why_nothing_was_found() -> None:
    table = NatTable([session(0, 10), session(100, 110)])
    assert table.knows(PUBLIC)
    assert not table.knows("203.0.113.2")
    assert table.inside("203.0.113.2", 4321, "tcp", at(5)) == ()
    assert table.inside(PUBLIC, 70000, "tcp", at(5)) == ()
    assert table.covers(PUBLIC, at(50))
    assert not table.covers(PUBLIC, at(111))
    assert table.span(PUBLIC) == (at(0), at(110))
    assert table.span("203.0.113.2") is None
    assert table.public_addresses() == (PUBLIC,)


def test_a_candidate_shows_its_record() -> None:
    [found] = NatTable([session(0, 10)]).inside(PUBLIC, 4321, 6, at(5))
    assert (found.inside_port, found.destination, found.file, found.line, found.start, found.end) == (
        51000,
        FAR,
        "fw.log",
        7,
        at(0),
        at(10),
    )


def test_an_empty_table() -> None:
    assert NatTable().inside(PUBLIC, 1, "tcp", at(0)) == NatTable().inside(PUBLIC, None, None, at(0)) == ()
    assert len(NatTable()) == 0


def test_impossible_ports_are_passed_over() -> None:
    assert len(NatTable([session(0, 1, port=70000), block(Kind.OPEN, 0, first=5, last=4)])) == 0


@pytest.mark.parametrize(
    ("stated", "number"),
    [("tcp", 6), ("UDP", 17), ("6", 6), (17, 17), (None, 0), ("", 0), ("x", 0), (999, 0)],
)
def test_a_protocol_is_known_by_name_and_number(stated: str | int | None, number: int) -> None:
    assert protocol_number(stated) == number


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 90), st.sampled_from([A, B, C])), max_size=15))
def test_who_was_seen_with_the_port_is_never_lost(moments: list[tuple[int, str]]) -> None:
    table = NatTable([spotted(minute, inside) for minute, inside in moments])
    for minute, _ in moments:
        present = {inside for other, inside in moments if other == minute}
        assert {found.inside_ip for found in table.inside(PUBLIC, 4321, "tcp", at(minute))} == present


RECORDS = st.lists(
    st.one_of(
        st.builds(
            lambda start, length, inside, port,
            protocol: session(start, start + length, inside, port, protocol), st.integers(0, 40),
            st.integers(1, 30), st.sampled_from([A, B, C]), st.sampled_from([1030, 4321]),
            st.sampled_from([TCP, UDP]),
        ),
        st.builds(
            lambda start, length, inside,
            first: NatRecord(Kind.SESSION, PUBLIC, first, first + 1023, ANY, inside, 0, us(start),
                us(start + length)), st.integers(0, 40), st.integers(1, 30), st.sampled_from([A, B, C]),
                st.sampled_from([1024, 2048]),
        ),
    ),
    max_size=25,
)  # fmt: skip


def reference(records: Sequence[NatRecord], port: int, time: datetime) -> set[str]:
    """Return everybody whose record contains the port and the time, record by record."""
    value = microseconds(time)
    return {
        record.inside_ip
        for record in records
        if record.first_port <= port <= record.last_port
        and record.protocol in (TCP, ANY)
        and record.start <= value < record.end
    }


@settings(max_examples=150, deadline=None)
@given(RECORDS, st.randoms())
def test_agrees_with_the_reference_in_any_order(records: list[NatRecord], random: object) -> None:
    shuffled = list(records)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    table, again = NatTable(records), NatTable(shuffled)
    for port in (1030, 2050, 4321, 9):
        for minute in range(-1, 72, 4):
            found = table.inside(PUBLIC, port, "tcp", at(minute))
            assert {candidate.inside_ip for candidate in found} == reference(records, port, at(minute))
            assert all(
                (candidate.certainty is CERTAIN) == (len({other.inside_ip for other in found}) == 1)
                for candidate in found
            )
            assert found == again.inside(PUBLIC, port, "tcp", at(minute))
