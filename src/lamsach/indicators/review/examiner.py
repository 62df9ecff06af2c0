"""Examination of single values by what is known about names, networks and hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lamsach.indicators.review.facts import Concern, Kind, Level, without_www
from lamsach.indicators.review.knowledge import (
    Knowledge,
    Own,
    ends_of,
    mixes_scripts,
    outline,
    skeleton,
    unicode_name,
)
from lamsach.indicators.values.addresses import internal_reason, span
from lamsach.indicators.values.names import INTERNAL_TOP_LEVELS, split_url, suffixes
from lamsach.model import Indicator, IndicatorType

LEVELS = (Level.DANGEROUS, Level.DOUBTFUL, Level.NOTABLE)
WIDE_PREFIX = {4: 20, 6: 44}
VERY_WIDE_PREFIX = {4: 16, 6: 32}
"""Shortest prefixes that are not yet large, or very large, for a list of machines."""
SHORTEST_LOOKALIKE = 4
"""Minimum length of a name's first label for a search of its look-alikes."""
_OF_ANY_PAGE = frozenset({Kind.BOGON, Kind.SUFFIX})
"""Concerns of a page that are the same as of its whole site."""
_OWNERS = frozenset({Kind.GOVERNMENT, Kind.BANK, Kind.REGISTRY})
"""Owners of a page that may have been hacked: worth knowing, and notifying."""


class Examiner:
    """Examination of single values."""

    def __init__(self, own: Own, known: Knowledge) -> None:
        self._own = own
        self._known = known

    def concerns(self, item: Indicator, *, lookalikes: bool = True) -> Iterator[Concern]:
        """Yield the concerns about a value, last that of its look-alike, which is notable at most."""
        if (about := self._own.touches(item)) is not None:
            yield Concern(Kind.OWN, Level.DANGEROUS, about)
        name, network = ends_of(item)
        if name is not None:
            found = self._name(name)
        elif network is not None:
            found = self._network(network)
        else:
            found = self._known.about_hash(item.value)
        yield from _of_page(found) if item.type is IndicatorType.URL and is_page(item.value) else found
        if lookalikes and name is not None:
            yield from self._lookalike(name)

    def _name(self, name: str) -> Iterator[Concern]:
        if suffixes().is_public(name):
            yield Concern(Kind.SUFFIX, Level.DANGEROUS, name, "publicsuffix.org")
        elif "." not in name or name.rpartition(".")[2] in INTERNAL_TOP_LEVELS:
            yield Concern(Kind.BOGON, Level.DANGEROUS, name)
        yield from _worst_of_each_kind(self._known.about_name(without_www(name)))

    def _lookalike(self, name: str) -> Iterator[Concern]:
        text = unicode_name(name) or name
        written, parts = name.split("."), outline(text).split(".")
        for start in range(len(parts) - 1):
            target = self._known.outlines.get(".".join(parts[start:]))
            if target is None or len(parts[start]) < SHORTEST_LOOKALIKE:
                continue
            if not self._known.is_known(".".join(written[start:])):
                yield Concern(Kind.HOMOGRAPH, Level.NOTABLE, target)
            return
        if text is not name and mixes_scripts(text):
            yield Concern(Kind.HOMOGRAPH, Level.NOTABLE, skeleton(text))

    def _network(self, value: str) -> Iterator[Concern]:
        found = span(value)
        if internal_reason(found.begin) is not None:
            yield Concern(Kind.BOGON, Level.DANGEROUS, value)
        if found.length < VERY_WIDE_PREFIX[found.version]:
            yield Concern(Kind.WIDE, Level.DANGEROUS, f"/{found.length}")
        elif found.length < WIDE_PREFIX[found.version]:
            yield Concern(Kind.WIDE, Level.DOUBTFUL, f"/{found.length}")
        yield from self._known.about_network(found)


def is_page(url: str) -> bool:
    """Return whether a URL names a page, not a whole site."""
    return split_url(url)[2] not in ("", "/")


def _of_page(concerns: Iterable[Concern]) -> Iterator[Concern]:
    """Yield the concerns about a page: of those about its host, the owner's as notable."""
    for concern in concerns:
        if concern.kind in _OF_ANY_PAGE:
            yield concern
        elif concern.kind in _OWNERS and concern.level is Level.DANGEROUS:
            yield replace(concern, level=Level.NOTABLE)


def _worst_of_each_kind(concerns: Iterable[Concern]) -> Iterator[Concern]:
    found: dict[Kind, Concern] = {}
    for concern in concerns:
        worst = found.get(concern.kind)
        if worst is None or LEVELS.index(concern.level) < LEVELS.index(worst.level):
            found[concern.kind] = concern
    yield from found.values()
