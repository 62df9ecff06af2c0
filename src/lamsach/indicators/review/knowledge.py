"""Knowledge about values: own networks and names, and facts by name, address and hash.

Look-alike names: letters of other scripts, marks on Latin letters (Unicode UTS 39, "Unicode Security
Mechanisms"), digits for letters.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from ipaddress import ip_network
from itertools import chain

from lamsach.indicators.review.facts import (
    Concern,
    Fact,
    Kind,
    Level,
    Meaning,
    key_of,
    name_key,
    network_key,
    own_facts,
    span_of,
    suffix_facts,
    value_of,
    warning_lists,
)
from lamsach.indicators.values.addresses import Span, bits, host_address, span
from lamsach.indicators.values.names import host_of, to_ascii_domain
from lamsach.model import Indicator, IndicatorType, Problem
from lamsach.model.indicator_types import ADDRESSES


@dataclass(slots=True)
class Own:
    """Own networks and names."""

    networks: list[Span] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, texts: Iterable[str], on_problem: Callable[[Problem], None] = lambda _: None) -> Own:
        """Read addresses, networks and names in any spelling; others are reported to `on_problem`."""
        own = cls()
        for text in texts:
            try:
                own.networks.append(span(str(ip_network(text.strip(), strict=False))))
            except ValueError:
                name = to_ascii_domain(text.strip().removeprefix("*.").strip("."))
                if name is None or "." not in name:
                    on_problem(
                        Problem(
                            text,
                            "This is neither an address, a network nor a name.",
                            "Write one value for each --own.",
                        )
                    )
                else:
                    own.names.add(name)
        return own

    def touches(self, item: Indicator) -> str | None:
        """Return the own network or name that a value equals, holds or is within, or None."""
        if item.type is IndicatorType.EMAIL:
            return self._name(item.value.rpartition("@")[2], holds=False)
        name, network = ends_of(item)
        if name is not None:
            return self._name(name, holds=item.type is IndicatorType.DOMAIN)
        if network is None or not self.networks:
            return None
        found = span(network)
        return next((own.with_prefix for own in self.networks if own.overlaps(found)), None)

    def _name(self, name: str, *, holds: bool = True) -> str | None:
        for own in self.names:
            if is_at_or_below(name, own) or (holds and is_at_or_below(own, name)):
                return own
        return None


def is_at_or_below(name: str, above: str) -> bool:
    """Return whether a name is another one or below it, on a label boundary."""
    return name == above or name.endswith("." + above)


def ends_of(item: Indicator) -> tuple[str | None, str | None]:
    """Return the name and the address or network that a value is, or is at; None for what it has not."""
    if item.type in ADDRESSES:
        return None, item.value
    if item.type is IndicatorType.DOMAIN:
        return item.value, None
    if item.type is not IndicatorType.URL:
        return None, None
    host = host_of(item.value)
    address = host_address(host)
    return (host, None) if address is None else (None, str(address))


# Letters of UTS 39's confusables that IDN phishing uses: Cyrillic, Greek, Armenian, Latin extensions.
_PAIRS = """
    аa еe оo рp сc хx уy іi јj ѕs ԁd һh ԛq ԝw вb кk мm нh тt гr пn ьb ӏl
    αa βb γy εe νv οo ρp τt υu ιi κk ωw χx
    ոn սu ցg օo քp
    ɑa ɡg ıi łl øo đd ħh ʟl ƅb ƽs
"""
_LOOKS_LIKE = {pair[0]: pair[1] for pair in _PAIRS.split()}


def unicode_name(name: str) -> str | None:
    """Return a name's A-labels as Unicode, or None for a pure ASCII or broken name."""
    if "xn--" not in name:
        return None
    import idna  # its tables take long to load

    try:
        return idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        return None


@lru_cache(maxsize=1 << 12)
def skeleton(text: str) -> str:
    """Return a name in ASCII look-alikes: marks removed, confusable letters replaced."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(
        _LOOKS_LIKE.get(letter, letter) for letter in decomposed if not unicodedata.combining(letter)
    )


# g00gle.com, paypa1.com, rnicrosoft.com, vvikipedia.org, 5acombank.com, tlktok.com
_DIGITS = str.maketrans("0135i", "olesl")


def outline(text: str) -> str:
    """Return a name as a hasty reader sees it: its skeleton with digits and letter pairs replaced."""
    return skeleton(text).replace("rn", "m").replace("vv", "w").translate(_DIGITS)


def mixes_scripts(text: str) -> bool:
    """Return whether a label mixes Latin letters with Cyrillic, Greek or Armenian ones."""
    for label in text.split("."):
        scripts = {unicodedata.name(letter, "?").partition(" ")[0] for letter in label if letter.isalpha()}
        if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK", "ARMENIAN"}:
            return True
    return False


SHARED_SERVICES = frozenset({Kind.SHARED_HOSTING, Kind.DYNAMIC_DNS, Kind.SHORTENER})
"""Services with subdomains of strangers: such a name is the stranger's, not the service's."""


class Knowledge:
    """Known names, networks and hashes: stated facts, then those of packed lists (see `warning_lists`)."""

    def __init__(
        self,
        facts: Iterable[Fact],
        lists: Sequence[tuple[Meaning, str]] = (),
        packed: Sequence[str] = (),
    ) -> None:
        self._facts, self._lists, self._packed = list(facts), lists, packed
        self._stated: dict[str, list[Fact]] = {}
        for fact in self._facts:
            if (key := key_of(fact.value)) is not None:
                self._stated.setdefault(key, []).append(fact)
                if fact.value.startswith("*."):
                    self._stated[f"{key}.*"] = [fact]
        self._keys = sorted(self._stated)
        self._found: dict[str, list[Fact]] = {}

    def _at(self, key: str) -> list[Fact]:
        """Return the facts about a key, those of the best informed list first."""
        if (facts := self._found.get(key)) is None:
            facts = [*self._stated.get(key, ()), *self._unpacked(key)]
            if facts:
                self._found[key] = facts
        return facts

    def _unpacked(self, key: str) -> list[Fact]:
        place = bisect_left(self._packed, f"{key}\t")
        found, _, numbers = self._packed[place].partition("\t") if place < len(self._packed) else ("", "", "")
        return [
            Fact("www." * number.endswith("w") + value_of(key), *self._lists[int(number.rstrip("w"))])
            for number in (numbers.split() if found == key else ())
        ]

    def _between(self, first: str, last: str) -> list[str]:
        """Return the keys between two, in order."""
        return sorted({*_part(self._keys, first, last), *map(_key, _part(self._packed, first, last))})

    @cached_property
    def _order(self) -> dict[Fact | str, int]:
        ordered: list[Fact | str] = [*self._facts, *(source for _, source in self._lists)]
        return {known: n for n, known in enumerate(ordered)}

    def _place(self, fact: Fact) -> int:
        """Return the place of a fact, or its list, in the order of information."""
        return self._order[fact] if fact in self._order else self._order[fact.source]

    def about_name(self, name: str) -> Iterator[Concern]:
        """Yield concerns about the name, one below it, and those above, up to a shared service."""
        known = self._known(name)
        for fact in known:
            yield _concern(fact, fact.meaning.level)
        if not known:
            key = name_key(name)
            below = chain.from_iterable(map(self._at, self._between(f"{key}.", f"{key}/")))
            if found := min(
                below, key=lambda fact: (not _is_dangerous(fact), self._place(fact)), default=None
            ):
                yield _concern(found, found.meaning.level)
        parent = name.partition(".")[2]
        while parent:
            for fact in self._known(parent)[:1]:
                if fact.meaning.kind in SHARED_SERVICES:
                    yield _concern(fact, fact.meaning.within, Kind.TENANT)
                    return
                yield _concern(fact, fact.meaning.within)
            parent = parent.partition(".")[2]

    def _known(self, name: str) -> list[Fact]:
        """Return the facts about a name itself, then those about any name directly below its parent."""
        return [*self._at(name_key(name)), *self._at(f"{name_key(name.partition('.')[2])}.*")]

    @cached_property
    def _networks(self) -> dict[int, list[tuple[int, dict[int, str]]]]:
        """Keys of networks by version, length (the longest first) and first bits."""
        found: defaultdict[tuple[int, int], dict[int, str]] = defaultdict(dict)
        for entry in chain(self._keys, _part(self._packed, "4", "7")):
            if "/" in entry:
                version, first, length = span_of(key := _key(entry))
                found[version, length][first >> bits(version) - length] = key
        by_length = sorted(found.items(), reverse=True)
        return {
            version: [(length, keys) for (of, length), keys in by_length if of == version]
            for version in (4, 6)
        }

    def about_network(self, network: Span) -> Iterator[Concern]:
        """Yield concerns about known networks around and within an address or network, one a kind."""
        version, first, own_length = network
        address_bits = bits(version)
        around = [
            key
            for length, keys in self._networks[version]
            if length <= own_length and (key := keys.get(first >> address_bits - length)) is not None
        ]
        seen: set[Kind] = set()
        own = network_key(network)
        for key in (own, *around):
            for fact in self._at(key):
                if fact.meaning.kind not in seen:
                    seen.add(fact.meaning.kind)
                    yield _concern(fact, fact.meaning.level if key == own else fact.meaning.within)
        if own_length == address_bits:
            return
        for facts in map(self._at, self._between(own.partition("/")[0], f"{network_key(network.end)}0")):
            if facts[0].meaning.kind not in seen:
                seen.add(facts[0].meaning.kind)
                yield _concern(facts[0], facts[0].meaning.level)

    def about_hash(self, digest: str) -> Iterator[Concern]:
        """Yield the concern about a known harmless file."""
        for fact in self._at(f"#{digest}")[:1]:
            yield _concern(fact, fact.meaning.level)

    def is_known(self, name: str) -> bool:
        """Return whether a name itself is known."""
        return bool(self._at(name_key(name)))

    @cached_property
    def outlines(self) -> dict[str, str]:
        """The names dangerous to block, whose look-alikes matter, by outline."""
        keys = [
            key
            for key in self._between(".", "/")
            if key[-1] != "*" and any(map(_is_dangerous, self._at(key)))
        ]
        keys.sort(key=lambda key: self._place(self._at(key)[0]))
        return {outline(name): name for name in map(value_of, keys)}


def _part(entries: Sequence[str], first: str, last: str) -> Sequence[str]:
    return entries[bisect_left(entries, first) : bisect_left(entries, last)]


def _key(entry: str) -> str:
    return entry.partition("\t")[0]


def _is_dangerous(fact: Fact) -> bool:
    return fact.meaning.level is Level.DANGEROUS


def _concern(fact: Fact, level: Level, kind: Kind | None = None) -> Concern:
    return Concern(kind or fact.meaning.kind, level, fact.value.strip("*."), fact.source)


@cache
def knowledge() -> Knowledge:
    """Return everything that is known, read once: our own facts first."""
    return Knowledge(chain(own_facts(), suffix_facts()), *warning_lists())
