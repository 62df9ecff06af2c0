"""Questions for a list: texts, one of which is in every line that the hunt would find something in.

A listed value is written in many ways (any case, `203.000.113.009`, `2001:0db8::1`, `(4)evil(7)example(0)`,
`evil%2Eexample`). A text that all of them have is asked for, and patterns for all that hides behind escapes.
A store may leave too much; the hunt decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import pairwise

from lamsach.hunt.sets.builder import TYPES, host_of
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.indicators.values.names import searched_part
from lamsach.logs.base import NUMBER_MARK
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import TokenKind, types_of

MOST_VALUES = 100_000
"""Of more values it is quicker to take all documents."""
_LONG_LABEL = 6
"""A label of so many characters is asked for alone; a shorter one would be in too many lines."""
_FEW, _MOST_NETWORKS = 28, 256
"""A network of this length or longer is asked for by address; a shorter one in at most so many parts."""
_OF_HOSTS = frozenset(types_of(TokenKind.ADDRESS, TokenKind.NAME, TokenKind.FILE))
Wanted = tuple[str, ...]
"""Texts in lower case that a line holds all."""

_NAME_CODE = "(2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aA])"
_HIDING = (
    # evil%2Eexample   ev%2569l.example
    f"%(25)*{_NAME_CODE}",
    # evil\x2eexample   evil\u002eexample   evil\046example
    rf"\\(x|u00){_NAME_CODE}",
    r"\\(04[56]|04[89]|05[0-7]|06[5-9]|0[789][0-9]|1[01][0-9]|12[0-2])",
    # evil\.example   2001\:db8
    r"\\[.:_\-]",
)
BORDER = "(^|[^0-9])"
"""Where a pattern begins with it, no digit is before the rest."""
_HIDING_ADDRESSES = (
    # 203.000.113.9
    BORDER + r"0[0-9]{1,2}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
    r"[0-9]\.0[0-9]{1,2}\.[0-9]{1,3}\.[0-9]",
    r"[0-9]\.[0-9]{1,3}\.0[0-9]{1,2}\.[0-9]",
    r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.0[0-9]",
)
_MAPPED, _MAPPED_LONG = "ffff:", "ffff%3a"
"""In `::ffff:cb00:7109`, which is 203.0.113.9."""
# tên.vn   t%C3%AAn.vn   t\195\170n.vn
_HIDING_UNICODE = (
    "[^\t-~]",
    "%(25)*[89a-fA-F][0-9a-fA-F]",
    r"\\x[89a-fA-F][0-9a-fA-F]",
    r"\\u(0[1-9a-fA-F]|[1-9a-fA-F][0-9a-fA-F]|00[89a-fA-F])",
    r"\\(12[89]|1[3-9][0-9]|2[0-9][0-9])",
)


@dataclass(frozen=True, slots=True)
class Question:
    """Question for lines with all texts of one of `wanted` (in any case), or a match of `patterns`.

    Patterns use what RE2 and Lucene have in common. `unasked`: values behind escapes are left out.
    """

    wanted: tuple[Wanted, ...]
    patterns: tuple[str, ...] = ()
    unasked: bool = False

    def cut(self, count: int, size: int) -> Iterator[Question]:
        """Split into questions of so many wanted and about `size` characters; the first has the patterns."""
        part: list[Wanted] = []
        length, patterns = 0, self.patterns
        for wanted in self.wanted:
            own = sum(map(len, wanted))
            if part and (len(part) >= count or length + own > size):
                yield replace(self, wanted=tuple(part), patterns=patterns)
                part, length, patterns = [], 0, ()
            part.append(wanted)
            length += own
        if part or patterns:
            yield replace(self, wanted=tuple(part), patterns=patterns)


def question(compiled: CompiledSet) -> Question | None:
    """Return what a list asks; None where all documents have to be taken."""
    if compiled.count > MOST_VALUES:
        return None
    text, ends = compiled.blob.tobytes(), compiled.offsets.tolist()
    wanted: dict[Wanted, None] = {}
    addresses = unicode = False
    for number, (begin, end) in zip(compiled.types.tolist(), pairwise(ends), strict=True):
        kind = TYPES[number]
        value = _host(kind, text[begin:end].decode().lower())
        network = _network(value) if kind in _OF_HOSTS else None
        if kind not in _OF_HOSTS:
            own: list[Wanted] | None = [(value,)]
        else:
            own = _of_name(value) if network is None else _of_network(network)
        if own is None:
            return None
        wanted.update(dict.fromkeys(own))
        addresses |= network is not None
        unicode |= "xn--" in value
    patterns = _HIDING + (_HIDING_ADDRESSES if addresses else ()) + (_HIDING_UNICODE if unicode else ())
    if addresses:
        wanted.update(dict.fromkeys([(_MAPPED,), (_MAPPED_LONG,), (NUMBER_MARK,)]))
    return Question(tuple(wanted), patterns)


def _host(kind: IndicatorType, value: str) -> str:
    if kind is IndicatorType.URL:
        return host_of(value)
    if kind is IndicatorType.FILE_NAME:
        return searched_part(value)
    return value.rpartition("@")[2] if kind is IndicatorType.EMAIL else value


def _network(value: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(value, strict=False)
    except ValueError:
        return None


def _of_name(name: str) -> list[Wanted] | None:
    """A label of a name; for short labels two with a dot, or one between the lengths of Windows."""
    labels = name.strip(".").split(".")
    if len(labels) == 1:
        return [(name,)] if name else None
    longest = max(labels[:-1], key=len)
    if len(longest) >= _LONG_LABEL:
        return [(longest,)]
    place = labels.index(longest)
    return [(f"{longest}.{labels[place + 1]}",), (f"){longest}(",)]


def _of_network(network: IPv4Network | IPv6Network) -> list[Wanted] | None:
    """The octets or groups that all of a network's addresses have, in the ways to write them."""
    if isinstance(network, IPv6Network):
        mapped = network.network_address.ipv4_mapped
        if mapped is not None and network.prefixlen >= 96:
            return _of_network(IPv4Network((int(mapped), network.prefixlen - 96), strict=False))
        return _of_groups(network)
    whole = -(-network.prefixlen // 8)
    if whole == 4 and network.prefixlen < _FEW:
        network, whole = network.supernet(new_prefix=24), 3
    if whole == 0 or 1 << (8 * whole - network.prefixlen) > _MOST_NETWORKS:
        return None
    parts = [network] if network.prefixlen == 8 * whole else network.subnets(new_prefix=8 * whole)
    octets = [str(part.network_address).split(".")[:whole] for part in parts]
    return [(".".join(part) + ("." if whole < 4 else ""),) for part in octets]


def _of_groups(network: IPv6Network) -> list[Wanted] | None:
    """The groups that are not nought, but for the last two, which may be written as an IPv4 address."""
    groups = ip_address(network.network_address).exploded.split(":")[: min(6, network.prefixlen // 16)]
    found = {group.lstrip("0") for group in groups} - {""}
    return [tuple(sorted(found))] if found else None


def literal(text: str) -> str:
    """A text as a regular expression of RE2."""
    return re.sub(r"([.?+*|{}\[\]()\\^$])", r"\\\1", text)


def packed(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    """Texts in groups of about so many characters."""
    part: list[str] = []
    length = 0
    for text in texts:
        if part and length + len(text) + 1 > size:
            yield part
            part, length = [], 0
        part.append(text)
        length += len(text) + 1
    if part:
        yield part
