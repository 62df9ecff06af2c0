"""What units say of indicators: seen here, a false alarm. It is counted on the indicator; who said it is seen by the list's keepers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Sum

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.indicators.values.normalise import Refused, Value, canonical_values
from lamsach.model import IndicatorType
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.findings.models import Sighting
from lamsach.portal.lists.keeping import key_of
from lamsach.portal.lists.models import Feedback, FeedbackKind
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import under


def values_of(text: str) -> tuple[Value, ...]:
    """The canonical values of what somebody wrote. InputError."""
    try:
        return canonical_values(text)
    except Refused as refused:
        if refused.type is not None and refused.value:
            return ((refused.type, refused.value),)
        raise InputError(mark("This is no address, name, URL or hash."), text[:100]) from None


@transaction.atomic
def say(
    unit: Unit,
    text: str,
    kind: FeedbackKind,
    *,
    count: int = 1,
    note: str = "",
    digest: str = "",
    who: str = "",
) -> int:
    """Note what a unit says; the count of that unit and kind afterwards. InputError for what is no value."""
    total = 0
    for found_type, value in values_of(text):
        key = key_of(found_type.value, value)
        row, new = Feedback.objects.get_or_create(
            unit=unit, key=key, kind=kind,
            defaults={"type": found_type.value, "value": value[:2000], "count": count, "note": note[:300], "digest": digest[:64], "who": who[:254]},
        )  # fmt: skip
        if not new:
            Feedback.objects.filter(pk=row.pk).update(count=F("count") + count)
            row.refresh_from_db()
            row.note, row.digest, row.who = (
                note[:300] or row.note,
                digest[:64] or row.digest,
                who[:254] or row.who,
            )
            row.save(update_fields=["note", "digest", "who", "at"])
        total = row.count
    return total


def counted(values: Iterable[tuple[str, str]], unit: Unit) -> dict[tuple[str, str], dict[str, int]]:
    """For each value: how many units under (and with) a unit call it a false alarm, how many saw it, and how many sightings hunts brought."""
    wanted = list(values)
    below = list(under([unit.pk]).values_list("descendant", flat=True))
    campaigns = list(Campaign.objects.values_list("pk", flat=True))
    found: dict[tuple[str, str], dict[str, int]] = {
        value: {"false": 0, "seen": 0, "sightings": 0} for value in wanted
    }
    for start in range(0, len(wanted), 300):
        part = wanted[start : start + 300]
        rows = Feedback.objects.filter(unit__in=below, key__in=[key_of(*value) for value in part])
        for row in rows:
            if (row.type, row.value) in found:
                found[row.type, row.value][row.kind] += 1
        met = Sighting.objects.filter(
            device__unit__in=below,
            campaign__in=campaigns,  # the index begins with it
            indicator__in=[value for _, value in part],
        )
        for kind, value, total in met.values_list("indicator_type", "indicator").annotate(Sum("count")):
            if (kind, value) in found:
                found[kind, value]["sightings"] += total
    return found


def keys(unit: Unit) -> tuple[set[tuple[IndicatorType, str]], set[tuple[IndicatorType, str]]]:
    """The values that units under a unit met (said so, or their hunts brought them), and those that they call false alarms."""
    below = list(under([unit.pk]).values_list("descendant", flat=True))
    rows = list(Feedback.objects.filter(unit__in=below).values_list("type", "value", "kind"))
    seen = {(IndicatorType(kind), value) for kind, value, said in rows if said == FeedbackKind.SEEN}
    false = {(IndicatorType(kind), value) for kind, value, said in rows if said == FeedbackKind.FALSE}
    met = (
        Sighting.objects.filter(device__unit__in=below).values_list("indicator_type", "indicator").distinct()
    )
    seen |= {(IndicatorType(kind), value) for kind, value in met if kind in set(IndicatorType)}
    return seen, false


def on_list(unit: Unit) -> Any:
    """Return what units under a unit say, the newest first."""
    below = under([unit.pk]).values("descendant")
    return Feedback.objects.filter(Q(unit__in=below)).select_related("unit")
