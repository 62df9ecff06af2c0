"""What a version changed against the one before it: counted when it is made, with the first values of each kind of change, which a file keeps for its page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from lamsach.indicators.releases.quality import changes
from lamsach.indicators.servers.client import write_whole
from lamsach.indicators.values.mappings import as_mapping, from_mapping
from lamsach.model import Indicator
from lamsach.portal.lists.models import Version

SHOWN = 500
MOST = 300_000
"""Versions larger than this are not compared again in a page, should the file be gone: the counts stand in the version, and `lamsach indicators diff` compares
the files."""


@dataclass(slots=True)
class Changes:
    """The first values of each kind of change, and how many there are of each (`added`, `removed`, `changed`)."""

    added: list[Indicator] = field(default_factory=list)
    removed: list[Indicator] = field(default_factory=list)
    changed: list[tuple[Indicator, Indicator, tuple[str, ...]]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Return how many values changed in any way."""
        return self.counts.total()

    def __bool__(self) -> bool:
        return bool(self.total)

    def take(self, kind: str, item: Indicator, was: Indicator | None, facts: tuple[str, ...]) -> None:
        """Count a change, and keep it if it is one of the first."""
        self.counts[kind] += 1
        if self.counts[kind] > SHOWN:
            return
        if was is not None:
            self.changed.append((was, item, facts))
        else:
            (self.added if kind == "added" else self.removed).append(item)


def compared(before: Iterable[Indicator], after: Iterable[Indicator]) -> Changes:
    """The changes between two lists in the order of type and value."""
    found = Changes()
    for kind, item, was, facts in changes(before, after):
        if kind != "same":
            found.take(kind, item, was, facts)
    return found


def of(version: Version) -> Changes | None:
    """The changes of a version, or None for versions too large to be compared now."""
    from lamsach.portal.lists import releasing

    try:
        return _read(json.loads(_path(version).read_text("utf-8")))
    except (OSError, ValueError):
        pass
    before = Version.objects.filter(list=version.list, number__lt=version.number).first()
    if version.count > MOST or (before is not None and before.count > MOST):
        return None
    found = compared(releasing.values(before) if before else (), releasing.values(version))
    keep(version, found)
    return found


def keep(version: Version, found: Changes) -> None:
    """Keep the changes for the version's page."""
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
