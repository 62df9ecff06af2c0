"""The one loop that asks the rules, and the trace of it for those who ask why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, overload

from lamsach.indicators.judge import exceptions, lookalikes, references, sections, tables
from lamsach.indicators.judge.rule import Place, Rule, Scope, Verdict
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Indicator, IndicatorType, Refusal

RULES: tuple[Rule, ...] = tuple(
    rule for subject in (sections, references, tables, exceptions, lookalikes) for rule in subject.RULES
)
Index = Mapping[tuple[Scope, IndicatorType | None], tuple[Rule, ...]]
_KEPT = 10_000
_KEY = 200
"""How many characters of a value a trace goes by: entries hold long ones shortened."""


def index(rules: Iterable[Rule]) -> Index:
    """Rules of each scope and kind (None: of any), by priority; what is written is also on its line."""
    ordered = sorted(rules, key=lambda rule: rule.priority)
    return {
        (scope, kind): tuple(
            rule
            for rule in ordered
            if (rule.scope is scope or (scope is Scope.WRITTEN and rule.scope is Scope.LINE))
            and (kind is None or kind in rule.applies_to)
        )
        for scope in Scope
        for kind in (None, *IndicatorType)
    }


_INDEX = index(RULES)
BY_ID = {rule.id: rule for rule in RULES}


class Trace:
    """Rules that fired on values while a list is read; the oldest are forgotten when nobody asks."""

    def __init__(self) -> None:
        self._fired: dict[tuple[IndicatorType | None, str], dict[str, Rule]] = {}

    def add(self, kind: IndicatorType | None, value: str, rules: Iterable[Rule]) -> None:
        """Take note of rules that fired on a value."""
        self._fired.setdefault((kind, value[:_KEY]), {}).update((rule.id, rule) for rule in rules)
        if len(self._fired) > _KEPT:
            del self._fired[next(iter(self._fired))]

    def take(self, kind: IndicatorType | None, value: str) -> list[Rule]:
        """The rules that fired on a value since it was last asked for, by their priority."""
        fired = self._fired.pop((kind, value[:_KEY]), {})
        return sorted(fired.values(), key=lambda rule: (rule.priority, rule.id))


_TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)


@contextmanager
def traced(trace: Trace) -> Iterator[None]:
    """While this holds, every rule that fires is noted, not the deciding one alone."""
    token = _TRACE.set(trace)
    try:
        yield
    finally:
        _TRACE.reset(token)


def decide(scope: Scope, subject: Any, kind: IndicatorType | None = None) -> Rule | None:
    """The first rule that fires; None where none does."""
    for rule in _INDEX[scope, kind]:
        if rule.test(subject):
            return rule
    return None


def judged(scope: Scope, place: Place) -> tuple[IndicatorType, str] | Refused:
    """The value of a place, as a refused one where a rule says so."""
    rule = decide(scope, place, place.kind)
    if (trace := _TRACE.get()) is not None:
        fired = [rule for rule in _INDEX[scope, place.kind] if rule.test(place)]
        trace.add(place.kind, place.value, fired)
    if rule is None or rule.verdict is Verdict.TAKEN:
        return place.kind, place.value
    return Refused(rule.reason, place.value, place.kind)


@overload
def withheld(item: Indicator | Refusal, rule: Rule | None) -> Indicator | Refusal: ...
@overload
def withheld(
    item: tuple[IndicatorType, str] | Refused, rule: Rule | None
) -> tuple[IndicatorType, str] | Refused: ...
def withheld(item: Any, rule: Rule | None) -> Any:
    """Refuse a value or an indicator by a rule about all of its row, record or line; a refusal stays."""
    if rule is None or isinstance(item, (Refused, Refusal)):
        return item
    kind, value = item if isinstance(item, tuple) else (item.type, item.value)
    if (trace := _TRACE.get()) is not None:
        trace.add(kind, value, [rule])
    if rule.verdict is Verdict.TAKEN:
        return item
    if isinstance(item, tuple):
        return Refused(rule.reason, value, kind)
    return Refusal(item.reference, value, rule.reason, kind) if item.reference is not None else item
