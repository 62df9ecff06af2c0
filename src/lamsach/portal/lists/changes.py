"""What a version changed against the one before it, from the two signed files."""

from __future__ import annotations

from dataclasses import dataclass, field

from lamsach.indicators.releases.diff import difference
from lamsach.model import Indicator
from lamsach.portal.lists import releasing
from lamsach.portal.lists.models import Version

SHOWN = 500
MOST = 300_000
"""Versions larger than this are not compared in a page: the counts stand in the version, and `lamsach indicators diff` compares the files."""


@dataclass(slots=True)
class Changes:
    """The first values of each kind of change."""

    added: list[Indicator] = field(default_factory=list)
    removed: list[Indicator] = field(default_factory=list)
    changed: list[tuple[Indicator, Indicator, tuple[str, ...]]] = field(default_factory=list)


def of(version: Version) -> Changes | None:
    """The changes, or None for versions too large to be compared now."""
    before = Version.objects.filter(list=version.list, number__lt=version.number).first()
    if version.count > MOST or (before is not None and before.count > MOST):
        return None
    found = difference(releasing.values(before) if before else (), releasing.values(version))
    return Changes(found.added[:SHOWN], found.removed[:SHOWN], found.changed[:SHOWN])
