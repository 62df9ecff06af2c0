"""Versions of lists: changes from the version before, and lookup of values in the latest versions.

Changes are counted when a version is made; a file caches the first values of each kind for its page. `Listed`
indexes the values.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from lamsach.indicators.releases.quality import changes
from lamsach.indicators.servers.client import write_whole
from lamsach.indicators.values.exceptions import covering
from lamsach.indicators.values.mappings import as_mapping, from_mapping
from lamsach.indicators.writers.export import TLP_ABOVE, Terms
from lamsach.model import Indicator
from lamsach.portal.lists import access
from lamsach.portal.lists.decisions import decisions_of
from lamsach.portal.lists.documents import key_of, values_of
from lamsach.portal.lists.models import Document, KeptList, Listed, Version
from lamsach.portal.units.models import Unit

SHOWN = 500
MOST = 300_000
"""Size above which versions are not compared again for a page; `lamsach indicators diff` does it."""


@dataclass(slots=True)
class Changes:
    """First values of each kind of change, and counts by kind (`added`, `removed`, `changed`)."""

    added: list[Indicator] = field(default_factory=list)
    removed: list[Indicator] = field(default_factory=list)
    changed: list[tuple[Indicator, Indicator, tuple[str, ...]]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Number of changed values of any kind."""
        return self.counts.total()

    def __bool__(self) -> bool:
        return bool(self.total)

    def add(self, kind: str, item: Indicator, was: Indicator | None, facts: tuple[str, ...]) -> None:
        """Count a change, and retain it if among the first."""
        self.counts[kind] += 1
        if self.counts[kind] > SHOWN:
            return
        if was is not None:
            self.changed.append((was, item, facts))
        else:
            (self.added if kind == "added" else self.removed).append(item)


def compared(before: Iterable[Indicator], after: Iterable[Indicator]) -> Changes:
    """Compare two lists ordered by type and value."""
    found = Changes()
    for kind, item, was, facts in changes(before, after):
        if kind != "same":
            found.add(kind, item, was, facts)
    return found


def changes_of(version: Version) -> Changes | None:
    """Return the changes of a version, or None if too large to compare now."""
    try:
        return _read(json.loads(_path(version).read_text("utf-8")))
    except (OSError, ValueError):
        pass
    before = Version.objects.filter(list=version.list, number__lt=version.number).first()
    if version.count > MOST or (before is not None and before.count > MOST):
        return None
    found = compared(values(before) if before else (), values(version))
    cache_changes(version, found)
    return found


def cache_changes(version: Version, found: Changes) -> None:
    """Cache the changes for the version's page."""
    path = _path(version)
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {
        "added": [as_mapping(item) for item in found.added],
        "removed": [as_mapping(item) for item in found.removed],
        "changed": [[as_mapping(was), as_mapping(item), facts] for was, item, facts in found.changed],
        "counts": found.counts,
    }
    write_whole(path, json.dumps(record, ensure_ascii=False).encode())


def _read(record: dict[str, Any]) -> Changes:
    return Changes(
        [from_mapping(item) for item in record["added"]],
        [from_mapping(item) for item in record["removed"]],
        [(from_mapping(was), from_mapping(item), tuple(facts)) for was, item, facts in record["changed"]],
        Counter(record["counts"]),
    )


def _path(version: Version) -> Path:
    return Path(settings.DATA) / "changes" / f"{version.list_id}-{version.sha256[:32]}.json"


DOCUMENTS_ASKED, REFUSALS_SHOWN = 500, 50
"""Limits of searched documents and of shown refusals."""


def index(version: Version, items: Iterable[Indicator]) -> None:
    """Replace the list's index with the values of a version."""
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
    """Index a version unless its index is complete."""
    if Listed.objects.filter(list=version.list).count() != version.count:
        index(version, items)


def places(lists: Iterable[KeptList], text: str, unit: Unit | None = None) -> list[dict[str, Any]]:
    """Find lists that cover a value, the closest match first, with the decision. InputError."""
    wanted = {
        key_of(kind.value, value): (kind, value)
        for found in values_of(text)
        for kind, value in covering(*found)
    }
    known = {kept_list.pk: kept_list for kept_list in lists}
    order = list(wanted)
    rows = sorted(
        Listed.objects.filter(list__in=list(known), key__in=order), key=lambda row: order.index(row.key)
    )
    answer = []
    for row in rows:
        kept_list = known[row.list_id]
        kind, value = wanted[row.key]
        item = Indicator(kind, value, tlp=row.tlp or None)
        if (
            unit is not None
            and Terms(timezone.now(), access.highest_tlp(kept_list, unit), kept_list.tlp).refusal(item)
            is not None
        ):
            continue
        version = latest(kept_list)
        decision = decisions_of(kept_list).on(item, timezone.now())
        answer.append(
            {
                "list": kept_list.name,
                "id": kept_list.pk,
                "unit": kept_list.unit.code,
                "version": version.number if version else 0,
                "type": kind.value,
                "value": value,
                **{name: getattr(row, name) for name in ("document", "page", "row")},
                "decision": decision.choice.value if decision else "",
                "reason": decision.reason if decision else "",
            }
        )
    return answer


def refused(lists: Iterable[KeptList], text: str) -> list[dict[str, Any]]:
    """Find refusals of a value in current documents, with place, reason and rule."""
    from lamsach.indicators.judge.explanation import shows, spellings

    wanted = spellings(text)
    documents = Document.objects.filter(list__in=list(lists), withdrawn=None).exclude(refusals=[])
    rows = chain.from_iterable(documents.values_list("refusals", flat=True)[:DOCUMENTS_ASKED])
    return list(islice((row for row in rows if shows(row["value"], wanted)), REFUSALS_SHOWN))


def latest(kept_list: KeptList) -> Version | None:
    """Return the newest version, or None."""
    return Version.objects.filter(list=kept_list).first()


def latest_of(lists: Iterable[KeptList]) -> dict[int, Version]:
    """Return the newest versions by list."""
    newest = Version.objects.filter(list=OuterRef("list")).order_by("-number").values("pk")[:1]
    found = Version.objects.filter(list__in=[kept_list.pk for kept_list in lists], pk=Subquery(newest))
    return {version.list_id: version for version in found}


def may_have(version: Version, most: str | None) -> bool:
    """Return whether no value of a version exceeds the receiver's highest TLP (None: no limit)."""
    if most is None:
        return True
    terms = Terms(version.made, most, version.list.tlp)
    return all(terms.refusal(item) != TLP_ABOVE for item in values(version))


def values(version: Version) -> Iterator[Indicator]:
    """Yield the values of a version from its file."""
    with (
        default_storage.open(version.path, "rb") as stream,
        zipfile.ZipFile(stream) as archive,
        archive.open("indicators.jsonl") as lines,
    ):
        for line in lines:
            yield from_mapping(json.loads(line))
