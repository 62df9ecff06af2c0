"""What each document and source of a list is worth: unique, shared, seen, false, over, age; and what two of them share."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from lamsach.indicators.releases.quality import Tally
from lamsach.portal.lists import feedback, releasing
from lamsach.portal.lists.models import KeptList, Version

MOST_SOURCES = 40


def of_list(kept: KeptList) -> dict[str, Any] | None:
    """The rows and the overlaps of the latest version's sources; None without a version. A value that several documents list counts for each of them, and is as
    old as the document where it states no beginning."""
    version = releasing.latest(kept)
    if version is None:
        return None
    key = f"lists.quality.{version.sha256}.{timezone.now():%Y%m%d%H}"
    held = cache.get(key)
    if held is None:
        held = json.dumps(_computed(kept, version))
        cache.set(key, held, 3600)
    found: dict[str, Any] = json.loads(held)
    return found


def _computed(kept: KeptList, version: Version) -> dict[str, Any]:
    added = {said["name"]: datetime.fromisoformat(said["added"]) for said in version.documents}
    tally = Tally(timezone.now(), *feedback.keys(kept.unit))
    for item in releasing.values(version):
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
