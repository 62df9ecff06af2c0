"""The loop that applies the rules, and a trace of the rules that fired."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from lamsach.indicators.judge import exceptions, lookalikes, references, sections, tables
from lamsach.indicators.judge.rule import Observable, Rule, Scope
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Indicator, IndicatorType, Refusal

RULES: tuple[Rule, ...] = tuple(
    rule for subject in (sections, references, tables, exceptions, lookalikes) for rule in subject.RULES
)
_Judged = TypeVar("_Judged", Indicator | Refusal, tuple[IndicatorType, str] | Refused)
Index = Mapping[tuple[Scope, IndicatorType | None], tuple[Rule, ...]]
_MAX_TRACED = 10_000
_KEY_LENGTH = 200
"""Prefix length of a value in a trace: entries hold long values shortened."""


def index(rules: Iterable[Rule]) -> Index:
    """Index rules by scope and kind (None: any), ordered by priority; WRITTEN includes LINE."""
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
    """Rules that fired on values while a list is read; bounded, oldest dropped first."""

    def __init__(self) -> None:
        self._fired: dict[tuple[IndicatorType | None, str], dict[str, Rule]] = {}

    def add(self, kind: IndicatorType | None, value: str, rules: Iterable[Rule]) -> None:
        """Record rules that fired on a value."""
        self._fired.setdefault((kind, value[:_KEY_LENGTH]), {}).update((rule.id, rule) for rule in rules)
        if len(self._fired) > _MAX_TRACED:
            del self._fired[next(iter(self._fired))]

    def pop(self, kind: IndicatorType | None, value: str) -> list[Rule]:
        """Remove and return the rules that fired on a value, by priority."""
        fired = self._fired.pop((kind, value[:_KEY_LENGTH]), {})
        return sorted(fired.values(), key=lambda rule: (rule.priority, rule.id))


_TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)


@contextmanager
def traced(trace: Trace) -> Iterator[None]:
    """Record every rule that fires inside the context, not only the deciding one."""
    token = _TRACE.set(trace)
    try:
        yield
    finally:
        _TRACE.reset(token)


def decide(scope: Scope, subject: Any, kind: IndicatorType | None = None) -> Rule | None:
    """Return the first rule that fires, or None."""
    return next((rule for rule in _INDEX[scope, kind] if rule.test(subject)), None)


def judge(scope: Scope, found: Observable) -> tuple[IndicatorType, str] | Refused:
    """Return the value of an observable, or Refused if a rule refuses it."""
    rule = decide(scope, found, found.kind)
    if (trace := _TRACE.get()) is not None:
        fired = [rule for rule in _INDEX[scope, found.kind] if rule.test(found)]
        trace.add(found.kind, found.value, fired)
    if rule is None or not rule.reason:
        return found.kind, found.value
    return Refused(rule.reason, found.value, found.kind)


def apply_rule(item: _Judged, rule: Rule | None) -> _Judged:
    """Apply a rule about a whole row, record or line to a value or an indicator; a refusal stays."""
    if rule is None or isinstance(item, (Refused, Refusal)):
        return item
    judged: Any = item
    kind, value = judged if isinstance(judged, tuple) else (judged.type, judged.value)
    if (trace := _TRACE.get()) is not None:
        trace.add(kind, value, [rule])
    if rule.reason and isinstance(judged, tuple):
        judged = Refused(rule.reason, value, kind)
    elif rule.reason and judged.reference is not None:
        judged = Refusal(judged.reference, value, rule.reason, kind)
    return cast("_Judged", judged)
