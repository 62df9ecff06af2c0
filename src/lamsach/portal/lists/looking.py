"""Which lists name a value: from a compiled set that each version has beside it, so that the answer takes milliseconds."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice
from typing import Any

from lamsach.indicators.values.exceptions import covering
from lamsach.model import Indicator
from lamsach.portal.lists import access, feedback, releasing
from lamsach.portal.lists.deciding import decisions_of
from lamsach.portal.lists.keeping import key_of
from lamsach.portal.lists.models import Document, KeptList, Listed, Version
from lamsach.portal.units.models import Unit

DOCUMENTS_ASKED, REFUSALS_SHOWN = 500, 50
"""In how many documents of lists a value is looked for that was not taken, and how many such places are shown."""


def index(version: Version, items: Iterable[Indicator]) -> None:
    """Keep where each value of a version stands, in place of the version before."""
    Listed.objects.filter(list=version.list).delete()
    rows: list[Listed] = []
    for item in items:
        place = item.reference
        rows.append(
            Listed(
                list=version.list,
                key=key_of(item.type.value, item.value),
                document=(place.document.rpartition("/")[2][:200] if place else ""),
                page=place.page if place else None,
                row=place.row if place else None,
                tlp=item.tlp or "",
            )
        )
        if len(rows) >= 5000:
            Listed.objects.bulk_create(rows, batch_size=1000)
            rows.clear()
    Listed.objects.bulk_create(rows, batch_size=1000)


def complete(version: Version, items: Iterable[Indicator]) -> None:
    """Keep where each value of a version stands, unless that is kept already."""
    if Listed.objects.filter(list=version.list).count() != version.count:
        index(version, items)


def places(lists: Iterable[KeptList], text: str, unit: Unit | None = None) -> list[dict[str, Any]]:
    """The lists that cover a value, the nearest value first, with the decision that holds for it. InputError for what is no value."""
    from django.utils import timezone

    from lamsach.indicators.writers.export import Terms

    wanted = {
        key_of(kind.value, value): (kind, value)
        for found in feedback.values_of(text)
        for kind, value in covering(*found)
    }
    known = {kept.pk: kept for kept in lists}
    order = list(wanted)
    rows = sorted(
        Listed.objects.filter(list__in=list(known), key__in=order), key=lambda row: order.index(row.key)
    )
    answer = []
    for row in rows:
        kept = known[row.list_id]
        kind, value = wanted[row.key]
        item = Indicator(kind, value, tlp=row.tlp or None)
        if (
            unit is not None
            and Terms(timezone.now(), access.most(kept, unit), kept.tlp).refusal(item) is not None
        ):
            continue
        version = releasing.latest(kept)
        decision = decisions_of(kept).on(item, timezone.now())
        answer.append(
            {
                "list": kept.name, "unit": kept.unit.code, "version": version.number if version else 0, "type": kind.value, "value": value,
                "document": row.document, "page": row.page, "row": row.row,
                "decision": decision.choice.value if decision else "", "reason": decision.reason if decision else "", "id": kept.pk,
            }
        )  # fmt: skip
    return answer


def refused(lists: Iterable[KeptList], text: str) -> list[dict[str, Any]]:
    """Return where the newest documents of lists show a value that was not taken: what it was, where, why, the rule that decided, and those that fired besides."""
    from lamsach.indicators.judge.explanation import shows, spellings

    asked = spellings(text)
    documents = Document.objects.filter(list__in=list(lists), withdrawn=None).exclude(refusals=[])
    rows = chain.from_iterable(documents.values_list("refusals", flat=True)[:DOCUMENTS_ASKED])
    return list(islice((row for row in rows if shows(row["value"], asked)), REFUSALS_SHOWN))
