from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.devices.nat import NatRecord, NatTable
from lamsach.trace.model import Reported
from lamsach.trace.reasons import skew_sentence, span_text
from lamsach.trace.skew import estimate_skew, stated_skew

from .builders import reported, session


def unit(
    chance: Random, shift: float, rows: int, *, length: int = 60, noise: int = 2000, jitter: float = 1.5
) -> tuple[list[Reported], NatTable]:
    """Return a busy firewall, and a list of some of its sessions with a clock `shift` seconds behind."""
    records: list[NatRecord] = []
    listed: list[Reported] = []
    for number in range(noise):
        start = chance.randrange(86_400)
        records.append(
            session(
                f"10.1.{chance.randrange(4)}.{chance.randrange(1, 250)}",
                chance.randrange(1024, 65536),
                start,
                start + chance.randrange(1, 2 * length),
                line=number + 1,
            )
        )
    for record in chance.sample(records, rows):
        seconds = (record.start - 1_793_671_200_000_000) / 1e6 + chance.random() * jitter
        listed.append(reported(record.first_port, seconds - shift, threat=record.inside_ip))
    return listed, NatTable(records)


@pytest.mark.parametrize("shift", [0, 75, -75, 300, -600, 840])
@pytest.mark.parametrize("rows", [8, 200])
def test_the_shift_of_the_clocks_is_found(shift: int, rows: int) -> None:
    listed, table = unit(Random(shift + rows), shift, rows)
    skew = estimate_skew(listed, table)
    assert abs(skew.shift.total_seconds() - shift) <= 25
    assert skew.explained >= 0.7 * rows
    assert not skew.stated


@pytest.mark.parametrize("hours", [7, -7, 1, 8])
def test_a_wrong_time_zone_is_found(hours: int) -> None:
    listed, table = unit(Random(hours), hours * 3600 + 20, 12)
    assert abs(estimate_skew(listed, table).shift.total_seconds() - hours * 3600 - 20) <= 25


def test_rows_that_agree_by_accident_shift_nothing() -> None:
    chance = Random(5)
    wrong = 0
    for _ in range(60):
        listed, table = unit(chance, 0, 3, noise=400)
        strange = [reported(row.port, chance.randrange(86_400)) for row in listed]
        wrong += estimate_skew(strange, table).shift != timedelta(0)
    assert wrong <= 3


def test_one_row_alone_shifts_nothing() -> None:
    table = NatTable([session("10.1.0.5", 4321, 100, 160)])
    assert estimate_skew([reported(4321, 20)], table).shift == timedelta(0)


def test_some_rows_of_another_cause_do_not_disturb() -> None:
    listed, table = unit(Random(9), 120, 30)
    foreign = [reported(port, 500.0 * port) for port in range(1, 16)]
    assert abs(estimate_skew([*listed, *foreign], table).shift.total_seconds() - 120) <= 25


def test_without_ports_or_times_there_is_no_skew() -> None:
    table = NatTable([session("10.1.0.5", 4321, 100, 160)])
    assert (
        estimate_skew(
            [reported(None, 120), reported(4321, None), reported(4321, 120, ip="203.0.113.77")], table
        ).used
        == 0
    )
    assert estimate_skew([], NatTable()).used == 0


def test_a_stated_shift_is_applied_and_counted() -> None:
    skew = stated_skew(
        [reported(4321, 20)], NatTable([session("10.1.0.5", 4321, 100, 160)]), timedelta(seconds=90)
    )
    assert (skew.shift, skew.used, skew.explained, skew.unshifted, skew.stated) == (
        timedelta(seconds=90),
        1,
        1,
        0,
        True,
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(-700, 700), st.integers(0, 10_000))
def test_the_shift_explains_at_least_as_many_as_none(shift: int, seed: int) -> None:
    listed, table = unit(Random(seed), shift, 10, noise=300)
    skew = estimate_skew(listed, table)
    assert skew.explained >= skew.unshifted
    assert skew.low is None or (skew.high is not None and skew.low <= skew.shift <= skew.high)


def test_a_skew_is_described_in_both_languages() -> None:
    listed, table = unit(Random(1), 75, 20)
    skew = estimate_skew(listed, table)
    assert "ahead" in skew_sentence(skew, "en")
    assert "nhanh hơn" in skew_sentence(skew, "vi")
    assert "behind" in skew_sentence(stated_skew(listed, table, timedelta(hours=-7)), "en")
    assert (span_text(timedelta(hours=-7, seconds=5), "en"), span_text(timedelta(), "vi")) == (
        "6 h 59 min 55 s",
        "0 giây",
    )
