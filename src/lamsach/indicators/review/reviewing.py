"""The review: every value of a set of lists, what is the matter with it, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from lamsach.indicators import refusals
from lamsach.indicators.addresses import internal_reason, may_be_internal
from lamsach.indicators.merging import merged
from lamsach.indicators.opening import expand
from lamsach.indicators.reading import read_list
from lamsach.indicators.review.concerns import Concern, Kind, Level
from lamsach.indicators.review.guard import Own
from lamsach.indicators.review.knowledge import Knowledge, knowledge
from lamsach.indicators.review.lookalikes import mixes_scripts, skeleton, spelled
from lamsach.indicators.spans import Span, span
from lamsach.indicators.suffixes import suffixes
from lamsach.indicators.urls import split_url
from lamsach.model import Indicator, IndicatorType, Problem, Refusal

WIDE_PREFIX = {4: 20, 6: 44}
VERY_WIDE_PREFIX = {4: 14, 6: 32}
"""The shortest prefixes that are not yet large, or very large, for a list of machines."""
_CONTRADICTING = (refusals.ALLOWED, refusals.WITHDRAWN, refusals.DISABLED)
Key = tuple[IndicatorType, str]


@dataclass(slots=True)
class Reviewed:
    """A value with its concerns. `new`: the earlier list does not hold it (False as well when there is none)."""

    indicator: Indicator
    concerns: tuple[Concern, ...] = ()
    new: bool = False

    @property
    def rank(self) -> int:
        """0 dangerous, 1 doubtful, 2 new, 3 neither."""
        levels = {concern.level for concern in self.concerns}
        return 0 if Level.DANGEROUS in levels else 1 if levels else 2 if self.new else 3


@dataclass(slots=True)
class Collected:
    """What lists say, with what they say of one value differently."""

    items: dict[Key, Indicator] = field(default_factory=dict)
    disagreements: dict[Key, list[str]] = field(default_factory=dict)

    def take(self, item: Indicator | Refusal) -> None:
        """Add one entry of a list."""
        if isinstance(item, Refusal):
            if item.reason in _CONTRADICTING and item.type is not None:
                self.disagreements.setdefault((item.type, item.value), []).append(_place(item))
            return
        key = (item.type, item.value)
        known = self.items.get(key)
        if known is None:
            self.items[key] = item
            return
        for name in ("threat", "tlp"):
            said, other = getattr(known, name), getattr(item, name)
            if said and other and said.casefold() != other.casefold():
                self.disagreements.setdefault(key, []).append(f"{name}: {said} / {other}")
        self.items[key] = merged(known, item)


def _place(item: Refusal) -> str:
    row = f":{item.reference.row}" if item.reference.row else ""
    return f"{item.reference.document}{row}"


def collect(paths: Iterable[str], on_problem: Callable[[Problem], None]) -> Collected:
    """Read lists, keeping what they say of one value differently."""
    collected = Collected()
    for path in expand(list(paths)):
        for item in read_list(path, on_problem):
            collected.take(item)
    return collected


def review(
    collected: Collected,
    own: Own | None = None,
    earlier: Container[Key] | None = None,
    known: Knowledge | None = None,
) -> list[Reviewed]:
    """Every value with its concerns: dangerous ones first, then doubtful, then new; within each in the lists' order."""
    examiner = Examiner(own or Own(), known or knowledge())
    found = []
    for key, item in collected.items.items():
        concerns = [*examiner.concerns(item)]
        for said in collected.disagreements.get(key, ())[:3]:
            concerns.append(Concern(Kind.DISAGREE, Level.DOUBTFUL, said))
        found.append(Reviewed(item, tuple(concerns), earlier is not None and key not in earlier))
    return sorted(found, key=lambda reviewed: reviewed.rank)


class Examiner:
    """Says what is the matter with one value after the other."""

    def __init__(self, own: Own, known: Knowledge) -> None:
        self._own = own
        self._known = known
        self._skeletons: dict[str, str] | None = None

    def concerns(self, item: Indicator) -> Iterator[Concern]:
        """What is the matter with a value."""
        if (about := self._own.touches(item)) is not None:
            yield Concern(Kind.OWN, Level.DANGEROUS, about)
        if item.type is IndicatorType.DOMAIN:
            yield from self._name(item.value)
        elif item.type is IndicatorType.URL:
            yield from self._url(item.value)
        elif item.type in (IndicatorType.IP, IndicatorType.NETWORK):
            yield from self._network(item.value)
        else:
            yield from self._known.about_hash(item.value)

    def _name(self, name: str) -> Iterator[Concern]:
        if suffixes().is_public(name):
            yield Concern(Kind.SUFFIX, Level.DANGEROUS, name, "publicsuffix.org")
        yield from _once(self._known.about_name(name))
        if (text := spelled(name)) is not None:
            yield from self._lookalike(text)

    def _lookalike(self, text: str) -> Iterator[Concern]:
        if self._skeletons is None:
            self._skeletons = {skeleton(name): name for name, _ in self._known.names()}
        parts = skeleton(text).split(".")
        for start in range(len(parts) - 1):
            target = self._skeletons.get(".".join(parts[start:]))
            if target is not None:
                yield Concern(Kind.HOMOGRAPH, Level.DOUBTFUL, target)
                return
        if mixes_scripts(text):
            yield Concern(Kind.HOMOGRAPH, Level.DOUBTFUL, skeleton(text))

    def _url(self, url: str) -> Iterator[Concern]:
        """A URL is narrow: only a state body's or bank's host, or a URL that is a whole site, matters."""
        _, host, rest = split_url(url)
        name = host.partition(":")[0]
        if host.startswith("[") or name.replace(".", "").isdigit():
            return
        for concern in _once(self._known.about_name(name)):
            if concern.kind in (Kind.GOVERNMENT, Kind.BANK) or rest in ("", "/"):
                yield Concern(concern.kind, Level.DOUBTFUL, concern.about, concern.source)

    def _network(self, value: str) -> Iterator[Concern]:
        found = span(value)
        if (found.version == 6 or may_be_internal(value)) and _is_internal(found):
            yield Concern(Kind.BOGON, Level.DANGEROUS, value)
        if found.length < VERY_WIDE_PREFIX[found.version]:
            yield Concern(Kind.WIDE, Level.DANGEROUS, f"/{found.length}")
        elif found.length < WIDE_PREFIX[found.version]:
            yield Concern(Kind.WIDE, Level.DOUBTFUL, f"/{found.length}")
        yield from self._known.about_network(found)


def _is_internal(found: Span) -> bool:
    address = IPv4Address(found.first) if found.version == 4 else IPv6Address(found.first)
    return internal_reason(address) is not None


def dangerous(examiner: Examiner, item: Indicator) -> Concern | None:
    """The first concern that makes a value dangerous to block, or None."""
    return next((concern for concern in examiner.concerns(item) if concern.level is Level.DANGEROUS), None)


def _once(concerns: Iterable[Concern]) -> Iterator[Concern]:
    """The worst of each kind, the first of those."""
    found: dict[Kind, Concern] = {}
    for concern in concerns:
        kept = found.get(concern.kind)
        if kept is None or (concern.level is Level.DANGEROUS and kept.level is not Level.DANGEROUS):
            found[concern.kind] = concern
    yield from found.values()
