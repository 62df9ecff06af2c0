"""Store queries for a list: texts that every line with a match must contain.

A listed value is written in many ways (any case, `203.000.113.009`, `2001:0db8::1`, `(4)evil(7)example(0)`,
`evil%2Eexample`). The query has a text common to all of them, and patterns for values hidden by escapes. A
store may return too much; the hunt decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import pairwise

from lamsach.hunt.sets.compiled import TYPES, CompiledSet, host_of
from lamsach.indicators.values.names import searched_part
from lamsach.logs.base import NUMBER_MARK
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import TokenKind, types_of

MAX_VALUES = 100_000
"""With more values it is faster to fetch all documents."""
_LONG_LABEL = 6
"""Minimum length of a label to be queried alone; a shorter one would be in too many lines."""
_HOST_PREFIX, _MAX_NETWORKS = 28, 256
"""Networks from this prefix length on are queried by address, others in up to _MAX_NETWORKS parts."""
_HOST_TYPES = frozenset(types_of(TokenKind.ADDRESS, TokenKind.NAME, TokenKind.FILE))
Wanted = tuple[str, ...]
"""Lower-case texts that a line must contain all."""

_NAME_CODE = "(2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aA])"
_ESCAPES = (
    # evil%2Eexample   ev%2569l.example
    f"%(25)*{_NAME_CODE}",
    # evil\x2eexample   evil\u002eexample   evil\046example
    rf"\\(x|u00){_NAME_CODE}",
    r"\\(04[56]|04[89]|05[0-7]|06[5-9]|0[789][0-9]|1[01][0-9]|12[0-2])",
    # evil\.example   2001\:db8
    r"\\[.:_\-]",
)
BORDER = "(^|[^0-9])"
"""Prefix of a pattern: no digit precedes the rest."""
_PADDED_ADDRESSES = (
    # 203.000.113.9
    BORDER + r"0[0-9]{1,2}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
    r"[0-9]\.0[0-9]{1,2}\.[0-9]{1,3}\.[0-9]",
    r"[0-9]\.[0-9]{1,3}\.0[0-9]{1,2}\.[0-9]",
    r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.0[0-9]",
)
_MAPPED, _MAPPED_LONG = "ffff:", "ffff%3a"
"""Part of `::ffff:cb00:7109`, which is 203.0.113.9."""
# tên.vn   t%C3%AAn.vn   t\195\170n.vn
_ESCAPED_UNICODE = (
    "[^\t-~]",
    "%(25)*[89a-fA-F][0-9a-fA-F]",
    r"\\x[89a-fA-F][0-9a-fA-F]",
    r"\\u(0[1-9a-fA-F]|[1-9a-fA-F][0-9a-fA-F]|00[89a-fA-F])",
    r"\\(12[89]|1[3-9][0-9]|2[0-9][0-9])",
)


@dataclass(frozen=True, slots=True)
class Question:
    """Query for lines with all texts of one of `wanted` (in any case), or a match of `patterns`.

    Patterns use the common subset of RE2 and Lucene. `unasked`: values hidden by escapes are omitted.
    """

    wanted: tuple[Wanted, ...]
    patterns: tuple[str, ...] = ()
    unasked: bool = False

    def cut(self, count: int, size: int) -> Iterator[Question]:
        """Split into questions of up to `count` wanted and about `size` characters, patterns in the first."""
        part: list[Wanted] = []
        length, patterns = 0, self.patterns
        for wanted in self.wanted:
            length_of_texts = sum(map(len, wanted))
            if part and (len(part) >= count or length + length_of_texts > size):
                yield replace(self, wanted=tuple(part), patterns=patterns)
                part, length, patterns = [], 0, ()
            part.append(wanted)
            length += length_of_texts
        if part or patterns:
            yield replace(self, wanted=tuple(part), patterns=patterns)


def question(compiled: CompiledSet) -> Question | None:
    """Build the question for a list; None if all documents must be fetched."""
    if compiled.count > MAX_VALUES:
        return None
    text, ends = compiled.blob.tobytes(), compiled.offsets.tolist()
    wanted: dict[Wanted, None] = {}
    addresses = unicode = False
    for number, (begin, end) in zip(compiled.types.tolist(), pairwise(ends), strict=True):
        kind = TYPES[number]
        value = _host(kind, text[begin:end].decode().lower())
        network = _network(value) if kind in _HOST_TYPES else None
        if kind not in _HOST_TYPES:
            texts: list[Wanted] | None = [(value,)]
        else:
            texts = _of_name(value) if network is None else _of_network(network)
        if texts is None:
            return None
        wanted.update(dict.fromkeys(texts))
        addresses |= network is not None
        unicode |= "xn--" in value
    patterns = _ESCAPES + (_PADDED_ADDRESSES if addresses else ()) + (_ESCAPED_UNICODE if unicode else ())
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
    """Return a label of a name; for short labels two with a dot, or one in Windows' length notation."""
    labels = name.strip(".").split(".")
    if len(labels) == 1:
        return [(name,)] if name else None
    longest = max(labels[:-1], key=len)
    if len(longest) >= _LONG_LABEL:
        return [(longest,)]
    place = labels.index(longest)
    return [(f"{longest}.{labels[place + 1]}",), (f"){longest}(",)]


def _of_network(network: IPv4Network | IPv6Network) -> list[Wanted] | None:
    """Return the octets or groups common to a network's addresses, in the ways to write them."""
    if isinstance(network, IPv6Network):
        mapped = network.network_address.ipv4_mapped
        if mapped is not None and network.prefixlen >= 96:
            return _of_network(IPv4Network((int(mapped), network.prefixlen - 96), strict=False))
        return _of_groups(network)
    whole = -(-network.prefixlen // 8)
    if whole == 4 and network.prefixlen < _HOST_PREFIX:
        network, whole = network.supernet(new_prefix=24), 3
    if whole == 0 or 1 << (8 * whole - network.prefixlen) > _MAX_NETWORKS:
        return None
    parts = [network] if network.prefixlen == 8 * whole else network.subnets(new_prefix=8 * whole)
    octets = [str(part.network_address).split(".")[:whole] for part in parts]
    return [(".".join(part) + ("." if whole < 4 else ""),) for part in octets]


def _of_groups(network: IPv6Network) -> list[Wanted] | None:
    """Return the nonzero groups except the last two, which may be written as an IPv4 address."""
    groups = ip_address(network.network_address).exploded.split(":")[: min(6, network.prefixlen // 16)]
    found = {group.lstrip("0") for group in groups} - {""}
    return [tuple(sorted(found))] if found else None


def literal(text: str) -> str:
    """Escape a text for RE2."""
    return re.sub(r"([.?+*|{}\[\]()\\^$])", r"\\\1", text)


def packed(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    """Group texts into groups of about `size` characters."""
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
