"""The history of a case as days: what holds is kept, what turned out otherwise is closed and stays readable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from lamsach.portal.cases.models import Case, Cause, Span
from lamsach.portal.cases.verdict import Stay
from lamsach.portal.units.models import FOREVER


@dataclass(frozen=True, slots=True)
class Because:
    """What was learned: a kind of cause and the number of the bundle, step or exception."""

    cause: Cause | None = None
    number: int | None = None


NO_CAUSE = Because()


def write_spans(case: Case, stays: Sequence[Stay], because: Because) -> None:
    """Let these be the states of the case that are known from now on."""
    ends = [*(stay.day for stay in stays[1:]), FOREVER]
    wanted = {(str(stay.state), stay.day, end) for stay, end in zip(stays, ends, strict=True)}
    held = {
        (state, begin, end): number
        for number, state, begin, end in Span.objects.filter(case=case, known_until=None).values_list(
            "pk", "state", "valid_from", "valid_until"
        )
    }
    if wanted == set(held):
        return
    now = timezone.now()
    gone = [number for place, number in held.items() if place not in wanted]
    Span.objects.filter(pk__in=gone).update(known_until=now)
    Span.objects.bulk_create(
        Span(
            case=case,
            campaign_id=case.campaign_id,
            unit_id=case.unit_id,
            state=state,
            valid_from=begin,
            valid_until=end,
            known_from=now,
            cause=because.cause or "",
            cause_id=because.number,
        )
        for state, begin, end in sorted(wanted - set(held), key=lambda place: place[1])
    )
