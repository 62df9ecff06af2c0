"""Feedback of units on indicators (seen here, a false alarm), and the quality of each source by it.

Feedback counts for the indicator; only the list's editors see which unit sent it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils import timezone

from lamsach.indicators.releases.quality import Tally
from lamsach.model import IndicatorType
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.findings.models import Sighting
from lamsach.portal.lists import versions
from lamsach.portal.lists.documents import key_of, values_of
from lamsach.portal.lists.models import Feedback, FeedbackKind, KeptList, Version
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import under


@transaction.atomic
def submit(
    unit: Unit,
    text: str,
    kind: FeedbackKind,
    *,
    count: int = 1,
    note: str = "",
    digest: str = "",
    who: str = "",
) -> int:
    """Record feedback; return the unit's new count of that kind. InputError for an invalid value."""
    total = 0
    for found_type, value in values_of(text):
        key = key_of(found_type.value, value)
        details = {"count": count, "note": note[:300], "digest": digest[:64], "who": who[:254]}
        facts = {"type": found_type.value, "value": value[:2000], **details}
        row, new = Feedback.objects.get_or_create(unit=unit, key=key, kind=kind, defaults=facts)
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
    """Count per value the units that reported it as false alarm or seen, and the sightings of hunts."""
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
    """Return the values seen by units under a unit, and those reported as false alarms."""
    below = list(under([unit.pk]).values_list("descendant", flat=True))
    rows = list(Feedback.objects.filter(unit__in=below).values_list("type", "value", "kind"))
    seen = {(IndicatorType(kind), value) for kind, value, verdict in rows if verdict == FeedbackKind.SEEN}
    false = {(IndicatorType(kind), value) for kind, value, verdict in rows if verdict == FeedbackKind.FALSE}
    met = (
        Sighting.objects.filter(device__unit__in=below).values_list("indicator_type", "indicator").distinct()
    )
    seen |= {(IndicatorType(kind), value) for kind, value in met if kind in set(IndicatorType)}
    return seen, false


def of_subtree(unit: Unit) -> Any:
    """Feedback of the units under a unit, the newest first."""
    below = under([unit.pk]).values("descendant")
    return Feedback.objects.filter(Q(unit__in=below)).select_related("unit")


MOST_SOURCES = 40


def quality_of(kept_list: KeptList) -> dict[str, Any] | None:
    """Quality and overlaps of the latest version's sources, cached for an hour; None without a version."""
    version = versions.latest(kept_list)
    if version is None:
        return None
    key = f"lists.quality.{version.sha256}.{timezone.now():%Y%m%d%H}"
    cached = cache.get(key)
    if cached is None:
        cached = json.dumps(_quality(kept_list, version))
        cache.set(key, cached, 3600)
    found: dict[str, Any] = json.loads(cached)
    return found


def _quality(kept_list: KeptList, version: Version) -> dict[str, Any]:
    added = {document["name"]: datetime.fromisoformat(document["added"]) for document in version.documents}
    tally = Tally(timezone.now(), *keys(kept_list.unit))
    for item in versions.values(version):
        names = [place.document for place in (item.reference, *item.other_references) if place is not None]
        since = {
            name: item.valid_from or added.get(name.partition("!")[0])
            for name in names or [item.source or ""]
        }
        tally.add(item, since)
    rows = sorted(tally.rows.values(), key=lambda row: -row.count)[:MOST_SOURCES]
    shown = {row.source for row in rows}
    shared = [
        {"first": first, "second": second, "count": count}
        for (first, second), count in tally.pairs.most_common()
        if first in shown and second in shown
    ]
    return {"rows": [asdict(row) for row in rows], "overlaps": shared[:100], "version": version.number}
