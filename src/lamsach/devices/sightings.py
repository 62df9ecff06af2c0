"""Merging of raw sightings by key: associative and commutative, so order-independent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import TypeVar

from lamsach.model import EVIDENCE_KEPT, Action, Evidence, RawSighting, Sighting, SightingKey


def merge_sightings(items: Iterable[tuple[str, SightingKey, RawSighting]]) -> tuple[Sighting, ...]:
    """Merge raw sightings, each with the key of its device; sorted by key."""
    sightings: dict[tuple[str, ...], Sighting] = {}
    for item in items:
        sighting = _sighting(*item)
        order = _order(sighting)
        sightings[order] = combine(sightings[order], sighting) if order in sightings else sighting
    return tuple(sightings[order] for order in sorted(sightings))


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


def combine(left: Sighting, right: Sighting) -> Sighting:
    """Merge two sightings of one key: associative and commutative. Raises ValueError for different keys."""
    if _order(left) != _order(right):
        raise ValueError("only sightings of one device, indicator, role, match and status combine")
    return replace(
        left,
        count=left.count + right.count,
        first=min((time for time in (left.first, right.first) if time), default=None),
        last=max((time for time in (left.last, right.last) if time), default=None),
        actions=_sum(left.actions, right.actions),
        days=_sum(left.days, right.days),
        evidence=_earliest((*left.evidence, *right.evidence)),
        threat=min((text for text in (left.threat, right.threat) if text), default=None),
        sources={
            name: _sum(left.sources.get(name, {}), right.sources.get(name, {}))
            for name in sorted({*left.sources, *right.sources})
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
    return tuple(sorted(set(evidence), key=lambda line: (line.time == "", line))[:EVIDENCE_KEPT])
