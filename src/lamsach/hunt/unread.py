"""What of a candidate line no field tells: it is searched as text, and what is found is told of nobody.

The sieve says that a listed value may stand in the line, and the product's reader tells nothing of it: it passes over the line (one that
is cut off, a message of a newer version), or reads it and has no field for the place. A log of a changed format so loses its fields, not
its findings. Such a sighting names no machine, because nothing says which of the line's addresses did what.

Passed over in a line that is read: whatever its fields hold, since the matcher has looked at them (a name within a URL was not contacted, a
page on a host was not the listed one, the observer and its public address are the unit's own); what stands in the query of any other URL,
such as the page that led there; numbers of a program's version, which look like addresses (`Chrome/103.0.0.0`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address

from lamsach.hunt.matcher import Matcher
from lamsach.hunt.tokens import TokenKind, tokens
from lamsach.indicators.suffixes import suffixes
from lamsach.logs.base import LogFormat
from lamsach.logs.direction import is_internal
from lamsach.logs.syslog import sender_of
from lamsach.model import Event, EventKind, Match, Role

# Chrome/103.0.0.0   OPR/105.0.0.0   but not HIER_DIRECT/203.0.113.9, TCP/203.0.113.9 or outside/203.0.113.9
_VERSION = re.compile(
    r"(?<![A-Za-z_])(?:[A-Z][A-Za-z]{0,30}[a-z]|OPR)/\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", re.ASCII
)
# https://search.example/?q=evil.example
_QUERY = re.compile(r"\?[^\s\"'<>|]*")


@dataclass(frozen=True, slots=True)
class Rest:
    """What is known of a record whose lines are searched as text: `event` stands for it. `read`: what its reader told of the `record`,
    if it told anything."""

    event: Event
    read: Event | None = None
    record: str = ""


def beside(event: Event, record: str) -> Rest:
    """For the lines of a record that was read: time, observer and action are known, and that nobody is named."""
    source = event.source_ip
    inbound = event.inbound or (source is not None and not is_internal(source))
    nobody = Event(
        time=event.time,
        kind=EventKind.DNS if event.kind is EventKind.DNS else EventKind.OTHER,
        observer=event.observer,
        action=event.action,
        forwarded=event.forwarded,
        inbound=inbound,
        format=event.format,
        file=event.file,
    )
    return Rest(nobody, event, record)


def passed_over(known: Event, reader: LogFormat, record: str) -> Rest:
    """For a record that its reader passed over; `known` is what can be told of it as text.

    What a DNS server says without naming a machine of the unit is taken for a question of its own.
    """
    own = reader.of_resolver and not any(
        token.kind is TokenKind.ADDRESS and is_internal(token.value) for token in tokens(record)
    )
    nobody = Event(
        time=known.time,
        kind=EventKind.DNS if own else EventKind.OTHER,
        observer=known.observer,
        forwarded=own,
        format=reader.name,
        file=known.file,
    )
    return Rest(nobody)


def found(matcher: Matcher, rest: Rest, text: str, number: int, told: Collection[str]) -> Iterator[Match]:
    """The listed values of a line (its 1-based number) but those that are told."""
    searched, passed = text, _fields(rest.read)
    if not _untold(matcher.beside(rest.event, text, passed), told):
        return
    if rest.read is not None:
        searched, passed = _without_asides(text), frozenset(_values(rest.read, rest.record))
    event = replace(rest.event, line=number)
    for match in _untold(matcher.beside(event, searched, passed), told):
        yield replace(match, text=text, role=Role.INBOUND if event.inbound else match.role)


def _untold(matches: Iterable[Match], told: Collection[str]) -> list[Match]:
    return [match for match in matches if match.indicator.value not in told]


def _fields(event: Event | None) -> Collection[str | None]:
    """The values that an event holds as they stand; see `_values` for all of them, which takes longer than to look for others."""
    return () if event is None else (event.source_ip, event.destination_ip, event.domain)


def holds_a_value(record: str) -> bool:
    """Whether a record names something that a list could hold: a name under a top-level domain, a public address, a digest."""
    for token in tokens(record):
        if token.kind is TokenKind.DIGEST:
            return True
        if token.kind is TokenKind.NAME and token.value.rpartition(".")[2] in suffixes().top_levels:
            return True
        if token.kind is TokenKind.ADDRESS and _is_public(token.value):
            return True
    return False


def _values(event: Event, record: str) -> Iterator[str]:
    fields = (
        event.source_ip,
        event.destination_ip,
        event.source_nat_ip,
        event.domain,
        event.url,
        event.observer,
        sender_of(record)[0],
    )
    for text in (*fields, *event.answers, *event.hashes, *event.mentioned):
        if text:
            yield text
            yield from (token.value for token in tokens(text))


def _without_asides(text: str) -> str:
    text = _QUERY.sub(" ", text) if "?" in text else text
    return _VERSION.sub(" ", text) if "/" in text else text


def _is_public(address: str) -> bool:
    ip = ip_address(address)
    return not (is_internal(address) or ip.is_multicast or ip.is_unspecified or ip.packed[0] in (0, 255))
