"""The facts as look-ups: what a name, an address or a hash has to do with what is known."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from ipaddress import ip_network

from lamsach.indicators.domains import to_ascii_domain
from lamsach.indicators.review.concerns import Concern, Kind, Level
from lamsach.indicators.review.facts import Fact, own_facts, warning_facts
from lamsach.indicators.spans import Span, bits, span

NAMES_OF_MANY = frozenset({Kind.SHARED_HOSTING, Kind.DYNAMIC_DNS, Kind.SHORTENER})
"""Services under whose name strangers have names of their own: a name below them is theirs, not the service's."""


class Knowledge:
    """Known names, networks and hashes."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._names: dict[str, list[Fact]] = {}
        self._below: dict[str, Fact] = {}
        self._networks: dict[tuple[int, int], dict[int, list[Fact]]] = {}
        self._hashes: dict[str, Fact] = {}
        for fact in facts:
            self._add(fact)
        self._starts = {
            version: sorted(
                (first << bits(version) - length, fact)
                for (known, length), found in self._networks.items()
                if known == version
                for first, entries in found.items()
                for fact in entries[:1]
            )
            for version in (4, 6)
        }

        self._by_version = {
            version: [
                (length, by_length)
                for (known, length), by_length in sorted(self._networks.items(), key=lambda pair: -pair[0][1])
                if known == version
            ]
            for version in (4, 6)
        }

    def _add(self, fact: Fact) -> None:
        value = fact.value.strip().strip(".")
        try:
            network = span(str(ip_network(value, strict=False)) if "/" in value else value)
        except ValueError:
            if len(value) in (32, 40, 64) and all(letter in "0123456789abcdef" for letter in value.lower()):
                self._hashes.setdefault(value.lower(), fact)
            elif (name := to_ascii_domain(value)) is not None and "." in name:
                self._add_name(name, fact)
            return
        by_length = self._networks.setdefault((network.version, network.length), {})
        by_length.setdefault(network.first >> bits(network.version) - network.length, []).append(fact)

    def _add_name(self, name: str, fact: Fact) -> None:
        self._names.setdefault(name, []).append(fact)
        parent = name.partition(".")[2]
        while parent:
            known = self._below.get(parent)
            if known is None or (fact.level is Level.DANGEROUS and known.level is not Level.DANGEROUS):
                self._below[parent] = fact
            parent = parent.partition(".")[2]

    def about_name(self, name: str) -> Iterator[Concern]:
        """A known name itself; the known name above it; a known name below it, which blocking it would hit."""
        for fact in self._names.get(name, ()):
            yield Concern(fact.kind, _level(fact), fact.value.strip("."), fact.source)
        if (below := self._below.get(name)) is not None and name not in self._names:
            yield Concern(below.kind, _level(below), below.value.strip("."), below.source)
        parent = name.partition(".")[2]
        while parent:
            if concern := _below(self._names.get(parent, ())):
                yield concern
            parent = parent.partition(".")[2]

    def about_network(self, network: Span) -> Iterator[Concern]:
        """Known networks around an address or network, and one within it."""
        seen: set[Kind] = set()
        most = bits(network.version)
        for length, by_length in self._by_version[network.version]:
            if length <= network.length and (found := by_length.get(network.first >> most - length)):
                for fact in found:
                    if fact.kind not in seen:
                        seen.add(fact.kind)
                        yield Concern(fact.kind, fact.level, fact.value, fact.source)
        if network.length < most:
            yield from self._within(network, seen)

    def _within(self, network: Span, seen: set[Kind]) -> Iterator[Concern]:
        """Known networks inside a listed one, one of each kind, not more than three kinds."""
        starts, end = self._starts[network.version], network.last
        place = bisect_left(starts, (network.first,))
        while place < len(starts) and starts[place][0] <= end and len(seen) < 3:
            fact = starts[place][1]
            if fact.kind not in seen:
                seen.add(fact.kind)
                yield Concern(fact.kind, fact.level, fact.value, fact.source)
            place += 1

    def about_hash(self, digest: str) -> Iterator[Concern]:
        """A known harmless file."""
        if (fact := self._hashes.get(digest)) is not None:
            yield Concern(fact.kind, fact.level, fact.value, fact.source)

    def names(self) -> Iterator[tuple[str, Fact]]:
        """Every known name whose look-alikes matter: banks, state bodies, most visited sites."""
        for name, facts in self._names.items():
            for fact in facts:
                if fact.level is Level.DANGEROUS:
                    yield name, fact
                    break


def _level(fact: Fact) -> Level:
    """How bad it is to block a known name itself: a service of many is worse than one of its names."""
    return Level.DANGEROUS if fact.kind in NAMES_OF_MANY else fact.level


def _below(facts: Sequence[Fact]) -> Concern | None:
    """What a name has to do with the known name above it."""
    for fact in facts:
        if fact.kind in NAMES_OF_MANY:
            return Concern(Kind.TENANT, Level.DOUBTFUL, fact.value.strip("."), fact.source)
    for fact in facts:
        level = fact.level if fact.kind in (Kind.GOVERNMENT, Kind.BANK) else Level.DOUBTFUL
        return Concern(fact.kind, level, fact.value.strip("."), fact.source)
    return None


@cache
def knowledge() -> Knowledge:
    """Everything that is known, read once: our own facts first."""
    return Knowledge([*own_facts(), *warning_facts()])
