"""Review of every value of a set of lists, the most dangerous first."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from lamsach.indicators.files.source import expand
from lamsach.indicators.releases.rows import ListDigest
from lamsach.indicators.review.decisions import EXCEPTED, NARROWED, Choice, Decision, Decisions
from lamsach.indicators.review.examiner import LEVELS, Examiner
from lamsach.indicators.review.facts import Concern, Kind, Level
from lamsach.indicators.review.knowledge import Knowledge, Own, knowledge
from lamsach.indicators.values import refusals
from lamsach.indicators.values.listings import IndicatorColumns
from lamsach.indicators.values.merge import merge
from lamsach.indicators.values.normalise import Value
from lamsach.model import Indicator, IndicatorType, Problem, Refusal

_CONTRADICTING = (refusals.ALLOWED, refusals.WITHDRAWN, refusals.DISABLED)


_NEW, _KNOWN = 3, 4


@dataclass(slots=True)
class Reviewed:
    """A value with its concerns. `new`: an earlier list was given and does not hold it."""

    indicator: Indicator
    concerns: tuple[Concern, ...] = ()
    new: bool = False

    @property
    def rank(self) -> int:
        """Rank: 0 dangerous, 1 doubtful, 2 notable, 3 new, 4 neither."""
        if self.concerns:
            return min(LEVELS.index(concern.level) for concern in self.concerns)
        return _NEW if self.new else _KNOWN


class Collected:
    """Values of lists, each once, with disagreements and a count of refusals; 10 million use 2 GiB."""

    def __init__(self) -> None:
        self.items = IndicatorColumns()
        self.refused = 0
        self.disagreements: dict[Value, list[Concern]] = {}
        self._places: dict[IndicatorType, dict[str, int]] = {kind: {} for kind in IndicatorType}

    def add(self, item: Indicator | Refusal) -> None:
        """Add one entry of a list."""
        if isinstance(item, Refusal):
            self.refused += 1
            if item.reason in _CONTRADICTING and item.type is not None:
                row = f":{item.reference.row}" if item.reference.row else ""
                self._disagree((item.type, item.value), Level.DOUBTFUL, f"{item.reference.document}{row}")
            return
        new = len(self.items)
        place = self._places[item.type].setdefault(item.value, new)
        if place == new:
            self.items.append(item)
            return
        known = self.items[place]
        for name in ("threat", "tlp"):
            stated, other = getattr(known, name), getattr(item, name)
            if stated and other and stated.casefold() != other.casefold():
                self._disagree((item.type, item.value), Level.NOTABLE, f"{name}: {stated} / {other}")
        self.items.change(place, merge(known, item))

    def _disagree(self, key: Value, level: Level, about: str) -> None:
        self.disagreements.setdefault(key, []).append(Concern(Kind.DISAGREE, level, about))


def values_of(paths: Iterable[str], on_problem: Callable[[Problem], None]) -> ListDigest:
    """Read the values of an earlier list."""
    from lamsach.indicators.lists import read_list  # imports every format

    found = ListDigest()
    for path in expand(list(paths)):
        for item in read_list(path, on_problem):
            if isinstance(item, Indicator):
                found.add(item)
    return found


def collect(paths: Iterable[str], on_problem: Callable[[Problem], None]) -> Collected:
    """Read lists, recording their disagreements about a value."""
    from lamsach.indicators.lists import read_list

    collected = Collected()
    for path in expand(list(paths)):
        for item in read_list(path, on_problem):
            collected.add(item)
    return collected


class Review:
    """Every value with its concerns: dangerous, doubtful, notable, new, and the rest, each in list order.

    Only values with concerns are stored; the others are built on iteration. `counts` holds the number of each
    rank.
    """

    def __init__(self, items: IndicatorColumns) -> None:
        self._items = items
        self._concerned: list[Reviewed] = []
        self._ranks = bytearray()
        self.counts = [0] * (_KNOWN + 1)

    def add(self, found: Reviewed) -> None:
        """Add the next value's result."""
        self._ranks.append(found.rank)
        self.counts[found.rank] += 1
        if found.concerns:
            self._concerned.append(found)

    def __len__(self) -> int:
        return len(self._ranks)

    def __iter__(self) -> Iterator[Reviewed]:
        yield from sorted(self._concerned, key=lambda found: found.rank)
        for rank in (_NEW, _KNOWN):
            place = self._ranks.find(rank)
            while place >= 0:
                yield Reviewed(self._items[place], (), rank == _NEW)
                place = self._ranks.find(rank, place + 1)


def review(
    collected: Collected,
    own: Own | None = None,
    earlier: Container[Value] | None = None,
    known: Knowledge | None = None,
) -> Review:
    """Return every value with its concerns."""
    examiner = Examiner(own or Own(), known or knowledge())
    found = Review(collected.items)
    for item in collected.items:
        key = (item.type, item.value)
        concerns = (*examiner.concerns(item), *collected.disagreements.get(key, ())[:3])
        found.add(Reviewed(item, concerns, earlier is not None and key not in earlier))
    return found


def danger_of(examiner: Examiner, item: Indicator) -> Concern | None:
    """Return the first concern that makes a value dangerous to block, or None."""
    found = examiner.concerns(item, lookalikes=False)
    return next((concern for concern in found if concern.level is Level.DANGEROUS), None)


class Judged(NamedTuple):
    """A value with its decision.

    `left_out`: why a decision leaves it out; `withheld`: why it must not be blocked without a decision; with
    neither it is released. `accepted`: the decision by which a dangerous value is released.
    """

    item: Indicator
    left_out: str | None = None
    withheld: Concern | None = None
    accepted: Decision | None = None

    @property
    def is_released(self) -> bool:
        """Return whether the value may be released."""
        return self.left_out is None and self.withheld is None


def judge_values(
    items: Iterable[Indicator], decisions: Decisions, examiner: Examiner, at: datetime
) -> Iterator[Judged]:
    """Judge values by decisions of that time and by danger; narrower values follow the replaced one."""
    for item in items:
        decision = decisions.on(item, at)
        if decision is None:
            yield Judged(item, withheld=danger_of(examiner, item))
        elif decision.choice is Choice.ACCEPT:
            yield Judged(item, accepted=decision if danger_of(examiner, item) else None)
        elif decision.choice is Choice.EXCEPTION:
            yield Judged(item, EXCEPTED)
        else:
            yield Judged(item, NARROWED)
            for kind, value in decision.to:
                narrower = replace(item, type=kind, value=value)
                yield Judged(narrower, accepted=decision if danger_of(examiner, narrower) else None)
