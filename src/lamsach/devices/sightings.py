"""Raw sightings merged into sightings by key: associative and commutative, so order never matters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import TypeVar

from lamsach.model import EVIDENCE_KEPT, Action, Evidence, RawSighting, Sighting, SightingKey


def merged(items: Iterable[tuple[str, SightingKey, RawSighting]]) -> tuple[Sighting, ...]:
    """The sightings of raw ones, each with the key of its device, in the order of their keys."""
    found: dict[tuple[str, ...], Sighting] = {}
    for item in items:
        sighting = _sighting(*item)
        place = _order(sighting)
        found[place] = combine(found[place], sighting) if place in found else sighting
    return tuple(found[place] for place in sorted(found))


def _sighting(device: str, key: SightingKey, raw: RawSighting) -> Sighting:
    return Sighting(
        device=device,
        indicator=key.indicator,
        indicator_type=key.indicator_type,
        role=key.role,
        match=key.match,
        status=key.status,
        unparsed=key.unparsed,
        count=raw.count,
        first=raw.first,
        last=raw.last,
        actions=_sum(raw.actions),
        days=_sum(raw.days),
        evidence=_earliest(raw.evidence),
        sources={key.observer or key.format: _sum(raw.days)},
    )


def _order(sighting: Sighting) -> tuple[str, ...]:
    kinds = (sighting.indicator_type, sighting.role, sighting.match, sighting.status, str(sighting.unparsed))
    return (sighting.device, sighting.indicator, *kinds)


def combine(one: Sighting, other: Sighting) -> Sighting:
    """Two sightings of one key as one: associative and commutative. Raises ValueError for different keys."""
    if _order(one) != _order(other):
        raise ValueError("only sightings of one device, indicator, role, match and status combine")
    return replace(
        one,
        count=one.count + other.count,
        first=min((time for time in (one.first, other.first) if time), default=None),
        last=max((time for time in (one.last, other.last) if time), default=None),
        actions=_sum(one.actions, other.actions),
        days=_sum(one.days, other.days),
        evidence=_earliest((*one.evidence, *other.evidence)),
        threat=min((text for text in (one.threat, other.threat) if text), default=None),
        sources={
            name: _sum(one.sources.get(name, {}), other.sources.get(name, {}))
            for name in sorted({*one.sources, *other.sources})
        },
    )


K = TypeVar("K", bound=date | Action)


def _sum(*counts: Mapping[K, int]) -> dict[K, int]:
    if len(counts) == 1:
        return {key: counts[0][key] for key in sorted(counts[0])}
    total: Counter[K] = Counter()
    for count in counts:
        total.update(count)
    return {key: total[key] for key in sorted(total)}


def _earliest(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """The earliest lines, those without a time last."""
    return tuple(sorted(set(evidence), key=lambda line: (line.time == "", line))[:EVIDENCE_KEPT])
