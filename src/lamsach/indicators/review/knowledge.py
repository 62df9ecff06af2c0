"""Knowledge about values: own networks and names, and facts by name, address and hash.

Look-alike names: letters of other scripts, marks on Latin letters (Unicode UTS 39, "Unicode Security
Mechanisms"), digits for letters.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

import idna

from lamsach.indicators.review.facts import Concern, Fact, Kind, Level, all_facts, name_key, network_key
from lamsach.indicators.values.addresses import Span, bits, host_address, span
from lamsach.indicators.values.names import split_url, to_ascii_domain
from lamsach.indicators.values.normalise import Value
from lamsach.model import Indicator, IndicatorType, Problem


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
        if item.type in (IndicatorType.IP, IndicatorType.NETWORK):
            return self._network(item.value)
        if item.type is IndicatorType.DOMAIN:
            return self._name(item.value)
        if item.type is IndicatorType.EMAIL:
            return self._name(item.value.rpartition("@")[2], holds=False)
        if item.type is IndicatorType.URL:
            host = host_of(item.value)
            address = host_address(host)
            return self._name(host, holds=False) if address is None else self._network(str(address))
        return None

    def _network(self, value: str) -> str | None:
        if not self.networks:
            return None
        found = span(value)
        return next((_text(own) for own in self.networks if own.overlaps(found)), None)

    def _name(self, name: str, *, holds: bool = True) -> str | None:
        for own in self.names:
            if is_at_or_below(name, own) or (holds and is_at_or_below(own, name)):
                return own
        return None


def _text(found: Span) -> str:
    return str((IPv4Network if found.version == 4 else IPv6Network)((found.first, found.length)))


def is_at_or_below(name: str, above: str) -> bool:
    """Return whether a name is another one or below it, on a label boundary."""
    return name == above or name.endswith("." + above)


def host_of(url: str) -> str:
    """Return the host of a canonical URL without its port; an IPv6 address with its brackets."""
    host = split_url(url)[1]
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


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


def without_www(name: str) -> str:
    """Strip the `www` that means the same site."""
    return name.removeprefix("www.") if name.count(".") > 1 else name


class Knowledge:
    """Known names, networks and hashes."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._names: dict[str, list[Fact]] = {}
        self._wild: dict[str, Fact] = {}
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
        if value.startswith("*."):
            self._add_name(value[2:], fact)
            self._wild[value[2:]] = fact
            return
        try:
            network = span(str(ip_network(value, strict=False)) if "/" in value else value)
        except ValueError:
            if len(value) in (32, 40, 64) and all(letter in "0123456789abcdef" for letter in value.lower()):
                self._hashes.setdefault(value.lower(), fact)
            elif (name := to_ascii_domain(value)) is not None and "." in name:
                self._add_name(without_www(name), fact)
            return
        by_length = self._networks.setdefault((network.version, network.length), {})
        by_length.setdefault(network.first >> bits(network.version) - network.length, []).append(fact)

    def _add_name(self, name: str, fact: Fact) -> None:
        self._names.setdefault(name, []).append(fact)
        parent = name.partition(".")[2]
        while parent:
            known = self._below.get(parent)
            if known is None or (_is_dangerous(fact) and not _is_dangerous(known)):
                self._below[parent] = fact
            parent = parent.partition(".")[2]

    def about_name(self, name: str) -> Iterator[Concern]:
        """Yield concerns about the name, one below it, and those above, up to a shared service."""
        known = self._known(name)
        for fact in known:
            yield _concern(fact, fact.meaning.level)
        if (below := self._below.get(name)) is not None and not known:
            yield _concern(below, below.meaning.level)
        parent = name.partition(".")[2]
        while parent:
            for fact in self._known(parent)[:1]:
                if fact.meaning.kind in SHARED_SERVICES:
                    yield _concern(fact, fact.meaning.within, Kind.TENANT)
                    return
                yield _concern(fact, fact.meaning.within)
            parent = parent.partition(".")[2]

    def _known(self, name: str) -> list[Fact]:
        """Return the facts about a name itself, those of the best informed list first."""
        known = self._names.get(name, [])
        wild = self._wild.get(name.partition(".")[2])
        return known if wild is None else [*known, wild]

    def about_network(self, network: Span) -> Iterator[Concern]:
        """Yield concerns about known networks around and within an address or network, one a kind."""
        seen: set[Kind] = set()
        address_bits = bits(network.version)
        for length, by_length in self._by_version[network.version]:
            if length <= network.length and (found := by_length.get(network.first >> address_bits - length)):
                for fact in found:
                    if fact.meaning.kind not in seen:
                        seen.add(fact.meaning.kind)
                        level = fact.meaning.level if length == network.length else fact.meaning.within
                        yield _concern(fact, level)
        if network.length < address_bits:
            yield from self._within(network, seen)

    def _within(self, network: Span, seen: set[Kind]) -> Iterator[Concern]:
        starts, end = self._starts[network.version], network.last
        place = bisect_left(starts, (network.first,))
        while place < len(starts) and starts[place][0] <= end:
            fact = starts[place][1]
            if fact.meaning.kind not in seen:
                seen.add(fact.meaning.kind)
                yield _concern(fact, fact.meaning.level)
            place += 1

    def about_hash(self, digest: str) -> Iterator[Concern]:
        """Yield the concern about a known harmless file."""
        if (fact := self._hashes.get(digest)) is not None:
            yield _concern(fact, fact.meaning.level)

    def is_known(self, name: str) -> bool:
        """Return whether a name itself is known."""
        return name in self._names

    def names(self) -> Iterator[str]:
        """Yield every known name whose look-alikes matter: those dangerous to block."""
        return (name for name, facts in self._names.items() if any(map(_is_dangerous, facts)))

    @cached_property
    def outlines(self) -> dict[str, str]:
        """Map the outlines of those names to the names."""
        return {outline(name): name for name in self.names()}


def _is_dangerous(fact: Fact) -> bool:
    return fact.meaning.level is Level.DANGEROUS


def _concern(fact: Fact, level: Level, kind: Kind | None = None) -> Concern:
    return Concern(kind or fact.meaning.kind, level, fact.value.strip("*."), fact.source)


@cache
def knowledge() -> Knowledge:
    """Return everything that is known, read once: our own facts first."""
    return Knowledge(all_facts())


MAX_SELECTED = 5000
"""Number of values above which reading everything takes no longer than a selection."""


def knowledge_about(values: Collection[Value]) -> Knowledge:
    """Return the knowledge relevant to a few values: several times faster to read than all."""
    if len(values) > MAX_SELECTED or knowledge.cache_info().currsize:
        return knowledge()
    relevant = _Relevant(values)
    return Knowledge(all_facts(relevant, relevant.keys))


class _Relevant:
    """Test for facts about given values, and prefixes of their `list_key`; never too few pass."""

    def __init__(self, values: Collection[Value]) -> None:
        self._words: set[str] = set()
        self._names: set[str] = set()
        self._octets: set[str] = set()
        self._any_v6 = False
        self.keys: set[str] = set()
        for kind, value in values:
            host = host_of(value) if kind is IndicatorType.URL else value
            address = host_address(host) if kind is IndicatorType.URL else None
            if address is not None or kind in (IndicatorType.IP, IndicatorType.NETWORK):
                self._add_network(span(value if address is None else str(address)))
            elif kind in (IndicatorType.DOMAIN, IndicatorType.URL):
                name = without_www(host)
                self._names.add(name)
                self.keys.add(f"{name_key(name)}.")
                while name:
                    self._words.add(name)
                    self.keys.update(f"{name_key(name)}{end}\t" for end in ("", ".www", ".*"))
                    name = name.partition(".")[2]
            else:
                self._words.add(value)
                self.keys.add(f"#{value.lower()}\t")

    def _add_network(self, network: Span) -> None:
        make = IPv4Network if network.version == 4 else IPv6Network
        around = (make((network.first, length), strict=False) for length in range(network.length + 1))
        self.keys.update(f"{network_key(outer)}\t" for outer in around)
        octets = (
            map(str, range(network.first >> 24, (network.last >> 24) + 1)) if network.version == 4 else ()
        )
        self._octets.update(octets)
        self._any_v6 |= network.version == 6
        if network.length < bits(network.version):
            self.keys.update((f"4{octet}." for octet in self._octets) if network.version == 4 else ("6",))

    def __call__(self, value: str) -> bool:
        word = value.strip().strip("*.").lower().removeprefix("www.")
        if ":" in word:
            return self._any_v6
        return (
            word in self._words
            or any(above in self._names for above in _above(word))
            or word.partition(".")[0] in self._octets
            or not word.isascii()
            or word[-2:-1] == "/"
        )


def _above(name: str) -> Iterator[str]:
    while name := name.partition(".")[2]:
        yield name
