"""Decisions on doubtful values, up to a thousand together, and their revocation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.indicators.review import decisions as library
from lamsach.indicators.review.decisions import Choice
from lamsach.indicators.values.exceptions import covering
from lamsach.indicators.values.normalise import Refused, Value, canonical_values
from lamsach.model import IndicatorType, Reference
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.lists.documents import key_of
from lamsach.portal.lists.models import Decision, Doubt, KeptList

MOST_AT_ONCE = 1000
BATCH = 500


def decide(
    by: Any,
    kept_list: KeptList,
    values: Sequence[tuple[str, str]],
    choice: Choice,
    reason: str,
    *,
    until: date | None = None,
    to: str = "",
) -> int:
    """Apply the same decision to up to a thousand values; return their number. InputError: no change."""
    _check(values, choice, reason, until)
    narrower = _narrower(values, to) if choice is Choice.NARROW else ""
    if choice is Choice.ACCEPT and len(values) > 1:
        _check_harmless(kept_list, values)
    with transaction.atomic():
        keys = [key_of(*value) for value in values]
        _revoke(kept_list, values)
        terms = {"choice": choice.value, "to": narrower, "until": until, "reason": reason.strip()[:300]}
        rows = [
            Decision(list=kept_list, type=kind, value=value, by=user_of(by), **terms)
            for kind, value in values
        ]
        Decision.objects.bulk_create(rows, batch_size=BATCH)
        for start in range(0, len(keys), BATCH):
            Doubt.objects.filter(list=kept_list, key__in=keys[start : start + BATCH]).update(
                decided=timezone.now()
            )
        facts: dict[str, Any] = {"values": len(values), "first": values[0][1][:200], "reason": reason[:200]}
        record(by, f"list.{choice.value}", kept_list, kept_list.unit, **facts)
    return len(values)


def _check(values: Sequence[Any], choice: Choice, reason: str, until: date | None) -> None:
    if not values or len(values) > MOST_AT_ONCE:
        raise InputError(mark("Choose between one and a thousand values."), "")
    if not reason.strip():
        raise InputError(
            mark("The decision states no reason."), "", mark("Write the reason for the decision.")
        )
    if choice is Choice.EXCEPTION and until is None:
        raise InputError(mark("The exception states no end."), "", mark("Choose its last day."))
    if until is not None and until < timezone.localdate():
        raise InputError(mark("The day is over already."), until.isoformat())


def _check_harmless(kept_list: KeptList, values: Sequence[tuple[str, str]]) -> None:
    """Refuse to accept a dangerous value together with others, so that mass ticks cut nobody off."""
    for start in range(0, len(values), BATCH):
        keys = [key_of(*value) for value in values[start : start + BATCH]]
        dangerous = Doubt.objects.filter(list=kept_list, key__in=keys, dangerous=True).first()
        if dangerous is not None:
            raise InputError(
                mark("Dangerous values are accepted one at a time."),
                dangerous.value[:100],
                mark("Tick this one alone, and write why it is to be blocked despite the danger."),
            )


def _narrower(values: Sequence[tuple[str, str]], to: str) -> str:
    if len(values) != 1:
        raise InputError(mark("Only one value at a time can be narrowed."), "")
    ((kind, value),) = values
    found: list[Value] = []
    for text in to.split():
        try:
            found += canonical_values(text)
        except Refused:
            raise InputError(
                mark("The narrower value is no address, name, URL or hash."), text[:100]
            ) from None
    whole = (IndicatorType(kind), value)
    if not found or any(whole not in set(covering(*item)) - {item} for item in found):
        raise InputError(mark("What is to be narrowed does not hold the narrower value."), to[:100])
    return " ".join(text for _, text in found)


def _revoke(kept_list: KeptList, values: Sequence[tuple[str, str]]) -> None:
    wanted = set(values)
    for start in range(0, len(values), BATCH):
        part = [value for _, value in values[start : start + BATCH]]
        rows = Decision.objects.filter(list=kept_list, revoked=None, value__in=part)
        old = [row.pk for row in rows if (row.type, row.value) in wanted]
        Decision.objects.filter(pk__in=old).update(revoked=timezone.now())


@transaction.atomic
def revoke(by: Any, decision: Decision) -> None:
    """Revoke a decision; its value waits for review again."""
    if Decision.objects.filter(pk=decision.pk, revoked=None).update(revoked=timezone.now()):
        Doubt.objects.filter(list=decision.list, key=key_of(decision.type, decision.value)).update(
            decided=None
        )
        record(by, "list.decision_revoked", decision.list, decision.list.unit, value=decision.value[:200])


def decisions_of(kept_list: KeptList) -> library.Decisions:
    """Return the decisions in force, for the library."""
    return library.Decisions(
        library.Decision(
            Choice(row.choice),
            ((IndicatorType(row.type), row.value),),
            tuple(value for text in row.to.split() for value in canonical_values(text)),
            None if row.until is None else datetime.combine(row.until, time(), UTC) + timedelta(days=1),
            row.reason,
            Reference(kept_list.name),
        )
        for row in Decision.objects.filter(list=kept_list, revoked=None).order_by("pk").iterator()
    )
