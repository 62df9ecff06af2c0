"""State of a case on each day: a pure function of sightings, coverage, decisions, exemptions and today.

At the end of a day a case is in the state of the last decision by people, except:

- all its indicators are exempted on that day -> exception;
- cleaned, and an indicator was seen after that -> reinfected;
- cleaned, quiet, enough days since were covered by the logs of every observer that had seen the machine, and
  on enough of these the machine itself was seen (switched off is not clean) -> verified;
- cleaned, and the last days (today only if its logs are present) lack such logs -> blind;
- a false alarm, and another indicator appears later -> new.

Late logs change the states of past days, as they should: no earlier result is stored here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from lamsach.portal.cases.models import CaseState, Rules

ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision: moment, day of the portal's calendar, and state."""

    moment: datetime
    day: date
    state: CaseState


@dataclass(frozen=True, slots=True)
class Hit:
    """A sighting: indicator, observer, day of the log, last moment of that day."""

    indicator: str
    observer: str
    day: date
    last: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """The evidence.

    `coverage`: days on which each observer's log was searched for the indicators seen; `exempt`: periods by
    indicator, end exclusive; `alive`: days on which the machine was seen at all.
    """

    hits: Sequence[Hit]
    coverage: Mapping[str, frozenset[date]]
    exempt: Mapping[str, Sequence[tuple[date, date]]] = field(default_factory=dict)
    alive: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Stay:
    """A state and its first day."""

    day: date
    state: CaseState


def timeline(decisions: Sequence[Decision], facts: Facts, today: date, policy: Rules) -> list[Stay]:
    """States from the first decision to today, each with its first day. Linear in days."""
    ordered = sorted(decisions, key=lambda decision: decision.moment)
    stays: list[Stay] = []
    hits = sorted(facts.hits, key=lambda hit: hit.day)
    for number, decision in enumerate(ordered):
        following = ordered[number + 1].day if number + 1 < len(ordered) else today + ONE
        stretch = _Stretch(decision, hits, facts, today, policy)
        day = decision.day
        while day < following:
            state = stretch.state(day)
            if not stays or stays[-1].state != state:
                stays.append(Stay(day, state))
            day += ONE
    return stays


class _Stretch:
    """Days governed by one decision, evaluated in order."""

    def __init__(
        self, decision: Decision, hits: Sequence[Hit], facts: Facts, today: date, policy: Rules
    ) -> None:
        self._decision, self._facts, self._policy = decision, facts, policy
        self._yesterday = today - ONE
        self._first: dict[str, date] = {}
        self._after: dict[str, date] = {}
        for hit in hits:
            self._first.setdefault(hit.indicator, hit.day)
            if is_after(hit, decision):
                self._after.setdefault(hit.indicator, hit.day)
        self._observers = required_observers(hits, decision, facts.coverage)
        self._covered = self._alive = 0
        self._last_covered = decision.day

    def state(self, day: date) -> CaseState:
        """State at the end of a day."""
        decided = self._decision.state
        seen = [indicator for indicator, first in self._first.items() if first <= day]
        counted = [indicator for indicator in seen if not self._is_exempt(indicator, day)]
        if decided is CaseState.CLEANED:
            self._count(day)
        if seen and not counted and decided is not CaseState.FALSE_ALARM:
            return CaseState.EXCEPTED
        if decided is CaseState.FALSE_ALARM:
            fresh = any(self._first[indicator] > self._decision.day for indicator in counted)
            return CaseState.NEW if fresh else decided
        if decided is not CaseState.CLEANED:
            return decided
        if any(indicator in self._after and self._after[indicator] <= day for indicator in counted):
            return CaseState.REINFECTED
        if self._covered >= self._policy.quiet_days and self._alive >= self._policy.alive_days:
            return CaseState.VERIFIED
        end = min(day, self._yesterday)
        return CaseState.BLIND if (end - self._last_covered).days >= self._policy.blind_after else decided

    def _count(self, day: date) -> None:
        if day > self._decision.day and is_covered(day, self._observers, self._facts.coverage):
            self._covered += 1
            self._alive += day in self._facts.alive
            self._last_covered = day

    def _is_exempt(self, indicator: str, day: date) -> bool:
        return any(begin <= day < end for begin, end in self._facts.exempt.get(indicator, ()))


def is_after(hit: Hit, decision: Decision) -> bool:
    """Return whether the sighting is later than the decision, by day or within the day."""
    return hit.day > decision.day or (hit.day == decision.day and hit.last > decision.moment)


def required_observers(
    hits: Sequence[Hit], decision: Decision, coverage: Mapping[str, frozenset[date]]
) -> frozenset[str]:
    """Observers whose logs are required: those that saw the machine; all of the unit's if unknown."""
    seen = {hit.observer for hit in hits if hit.day <= decision.day}
    if not seen or "" in seen:
        seen |= set(coverage)
    return frozenset(seen - {""})


def is_covered(day: date, observers: frozenset[str], coverage: Mapping[str, frozenset[date]]) -> bool:
    """Return whether all the observers' logs of that day were searched; False without observers."""
    return bool(observers) and all(day in coverage.get(observer, frozenset()) for observer in observers)
