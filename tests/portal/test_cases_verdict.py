"""State of a case on each day over random timelines, compared with a literal reference of the definition."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.portal.cases.models import CaseState, Rules
from lamsach.portal.cases.verdict import Decision, Facts, Hit, Stay, timeline

S = CaseState
START = date(2022, 9, 1)
SPAN = 24
OBSERVERS = ("fw", "dns", "proxy")
INDICATORS = ("a.xyz", "b.xyz")
DECIDED = (S.NEW, S.WORKING, S.CLEANED, S.CLEANED, S.FALSE_ALARM)


def at(number: int) -> date:
    return START + timedelta(days=number)


def moment(number: int, hour: int) -> datetime:
    return datetime.combine(at(number), time(hour), UTC)


def slow(decisions: list[Decision], facts: Facts, today: date, policy: Rules) -> dict[date, CaseState]:
    """Each day separately, directly by the definition."""
    states = {}
    day = min(decision.day for decision in decisions)
    while day <= today:
        states[day] = on_day(day, decisions, facts, today, policy)
        day += timedelta(days=1)
    return states


def on_day(day: date, decisions: list[Decision], facts: Facts, today: date, policy: Rules) -> CaseState:
    last = max((one for one in decisions if one.day <= day), key=lambda one: one.moment)
    seen = [hit for hit in facts.hits if hit.day <= day]
    exempt = {name for name, times in facts.exempt.items() if any(begin <= day < end for begin, end in times)}
    counted = [hit for hit in seen if hit.indicator not in exempt]
    if last.state is S.FALSE_ALARM:
        known = {hit.indicator for hit in facts.hits if hit.day <= last.day}
        return S.NEW if any(hit.indicator not in known for hit in counted) else S.FALSE_ALARM
    if seen and not counted:
        return S.EXCEPTED
    if last.state is not S.CLEANED:
        return last.state
    if any(hit.day > last.day or (hit.day == last.day and hit.last > last.moment) for hit in counted):
        return S.REINFECTED
    observers = {hit.observer for hit in facts.hits if hit.day <= last.day}
    if not observers or "" in observers:
        observers |= set(facts.coverage)
    observers -= {""}
    since = [last.day + timedelta(days=number) for number in range(1, (day - last.day).days + 1)]
    covered = [
        one for one in since if observers and all(one in facts.coverage.get(name, ()) for name in observers)
    ]
    if len(covered) >= policy.quiet_days and len(facts.alive & set(covered)) >= policy.alive_days:
        return S.VERIFIED
    told = [one for one in since if one < today or one in covered]  # today's logs may still come
    tail = 0
    for one in reversed(told):
        if one in covered:
            break
        tail += 1
    return S.BLIND if tail >= policy.blind_after else S.CLEANED


@st.composite
def worlds(draw: Any) -> tuple[list[Decision], Facts, date, Rules]:
    numbers = st.integers(0, SPAN)
    decisions = [Decision(moment(0, 1), at(0), S.NEW)]
    for number, state, hour in draw(
        st.lists(st.tuples(numbers, st.sampled_from(DECIDED), st.integers(2, 22)), max_size=4)
    ):
        decisions.append(Decision(moment(number, hour), at(number), state))
    decisions = list({decision.moment: decision for decision in decisions}.values())
    hits = [
        Hit(indicator, observer, at(number), moment(number, hour))
        for indicator, observer, number, hour in draw(
            st.lists(
                st.tuples(
                    st.sampled_from(INDICATORS),
                    st.sampled_from((*OBSERVERS[:2], "")),
                    st.one_of(st.integers(-5, 2), st.integers(-5, SPAN)),
                    st.integers(0, 23),
                ),
                max_size=4,
            )
        )
    ]
    coverage = {
        observer: frozenset(at(number) for number in range(SPAN + 1) if number not in gaps)
        for observer in draw(st.sets(st.sampled_from(OBSERVERS)))
        for gaps in [draw(st.sets(st.integers(0, SPAN), max_size=8))]
    }
    exempt = {
        indicator: [(at(begin), at(begin + length))]
        for indicator in draw(st.sets(st.sampled_from(INDICATORS), max_size=2))
        for begin, length in [draw(st.tuples(numbers, st.integers(0, 15)))]
    }
    policy = Rules(
        quiet_days=draw(st.integers(1, 7)),
        blind_after=draw(st.integers(1, 4)),
        alive_days=draw(st.integers(0, 3)),
    )
    alive = frozenset(at(number) for number in range(SPAN + 1)) - {at(n) for n in draw(st.sets(numbers))}
    return decisions, Facts(hits, coverage, exempt, alive), at(draw(st.integers(SPAN - 4, SPAN))), policy


def spread(stays: list[Stay], today: date) -> dict[date, CaseState]:
    states = {}
    for number, stay in enumerate(stays):
        end = stays[number + 1].day if number + 1 < len(stays) else today + timedelta(days=1)
        day = stay.day
        while day < end:
            states[day] = stay.state
            day += timedelta(days=1)
    return states


@given(worlds())
@settings(max_examples=400, deadline=None)
def test_the_rules_say_what_the_words_say(world: tuple[list[Decision], Facts, date, Rules]) -> None:
    decisions, facts, today, policy = world
    decisions = [decision for decision in decisions if decision.day <= today]
    assert spread(timeline(decisions, facts, today, policy), today) == slow(decisions, facts, today, policy)


@given(worlds())
@settings(max_examples=150, deadline=None)
def test_no_machine_is_verified_without_its_logs(world: tuple[list[Decision], Facts, date, Rules]) -> None:
    decisions, facts, today, policy = world
    blind = replace(facts, coverage={})
    decisions = [decision for decision in decisions if decision.day <= today]
    assert S.VERIFIED not in {stay.state for stay in timeline(decisions, blind, today, policy)}


@given(worlds())
@settings(max_examples=150, deadline=None)
def test_no_machine_is_verified_unseen(world: tuple[list[Decision], Facts, date, Rules]) -> None:
    decisions, facts, today, policy = world
    decisions = [decision for decision in decisions if decision.day <= today]
    policy.alive_days = max(1, policy.alive_days)
    unseen = replace(facts, alive=frozenset())
    assert S.VERIFIED not in {stay.state for stay in timeline(decisions, unseen, today, policy)}


@given(worlds())
@settings(max_examples=150, deadline=None)
def test_the_order_of_the_evidence_does_not_matter(world: tuple[list[Decision], Facts, date, Rules]) -> None:
    decisions, facts, today, policy = world
    decisions = [decision for decision in decisions if decision.day <= today]
    turned = replace(facts, hits=list(reversed(facts.hits)))
    assert timeline(decisions[::-1], turned, today, policy) == timeline(decisions, facts, today, policy)


def test_the_random_worlds_reach_every_state() -> None:
    """Manual examples, so that each rule is tested by its presence too."""
    fw = {"fw": frozenset(at(number) for number in range(SPAN))}
    hit = Hit("a.xyz", "fw", at(-1), moment(-1, 5))
    begun = Decision(moment(0, 1), at(0), S.NEW)
    clean = Decision(moment(2, 10), at(2), S.CLEANED)

    def states(facts: Facts, *decisions: Decision, alive: range = range(SPAN)) -> list[CaseState]:
        facts = replace(facts, alive=frozenset(at(number) for number in alive))
        return [stay.state for stay in timeline([begun, *decisions], facts, at(15), Rules(quiet_days=7))]

    assert states(Facts([hit], fw), clean) == [S.NEW, S.CLEANED, S.VERIFIED]
    assert states(Facts([hit], {}), clean) == [S.NEW, S.CLEANED, S.BLIND]
    assert states(Facts([hit], fw), clean, alive=range(3)) == [S.NEW, S.CLEANED], "switched off is not clean"
    assert states(Facts([hit], fw), clean, alive=range(3, 5)) == [S.NEW, S.CLEANED]
    assert states(Facts([hit], fw), clean, alive=range(3, 6)) == [S.NEW, S.CLEANED, S.VERIFIED]
    same_day = Hit("a.xyz", "fw", at(2), moment(2, 11))
    assert states(Facts([hit, same_day], fw), clean) == [S.NEW, S.REINFECTED]
    earlier = Hit("a.xyz", "fw", at(2), moment(2, 9))
    assert states(Facts([hit, earlier], fw), clean) == [S.NEW, S.CLEANED, S.VERIFIED]
    exempt = Facts([hit], fw, {"a.xyz": [(at(5), at(8))]})
    assert states(exempt) == [S.NEW, S.EXCEPTED, S.NEW]
    later = Hit("b.xyz", "fw", at(9), moment(9, 1))
    assert states(Facts([hit, later], fw), Decision(moment(3, 1), at(3), S.FALSE_ALARM)) == [
        S.NEW,
        S.FALSE_ALARM,
        S.NEW,
    ]
