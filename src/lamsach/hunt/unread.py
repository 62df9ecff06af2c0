"""Part of a candidate line that no event reports: it is searched as text.

The sieve says that a listed value may be in the line, and the product's reader reports nothing of it: it
passes over the line (one that is cut off, a message of a newer version), or reads it and has no field for the
place. A log of a changed format so loses its fields, not its findings. Such a sighting names the machine
whose address is the only private source address that the record states (`lamsach.hunt.stated_source`), else
none, because nothing says which of the line's addresses did what.

Every exact match in the line is either reported, or set aside for a reason that `lamsach.hunt.account`
counts: the value is the sender of the line or the unit's own public address, part of the path or query of
another host's URL (a search, the page that led there), the number of a program's version
(`Chrome/203.0.113.9`), in a comment or heading, or in a line of another time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address

from lamsach.hunt.matcher import Matcher
from lamsach.hunt.stated_source import own_text, stated_source
from lamsach.hunt.tokens import tokens
from lamsach.indicators.values.names import suffixes
from lamsach.logs.base import LogFormat
from lamsach.logs.events.ends import is_internal
from lamsach.logs.text.syslog import sender_of
from lamsach.model import AsideReason, Event, EventKind, IndicatorType, Match, MatchKind, Role
from lamsach.model.indicator_types import FIELDS, TokenKind

# Chrome/103.0.0.0   OPR/105.0.0.0   but not HIER_DIRECT/203.0.113.9, TCP/203.0.113.9 or outside/203.0.113.9
_VERSION = re.compile(
    r"(?<![A-Za-z_])(?:[A-Z][A-Za-z]{0,30}[a-z]|OPR)/\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", re.ASCII
)
_HEADER = 256
"""Within so many characters a header names its sender."""
# gw01   gw01/ctx1   198.51.100.1   2001:db8::1
_SENDER = re.compile(r"[\w.:%/-]{1,255}", re.ASCII)
# https://search.example/?q=evil.example
_QUERY = re.compile(r"(?<=[\w/.~%-])\?[^\s\"'<>|]*")


@dataclass(frozen=True, slots=True)
class Rest:
    """A record whose lines are searched as text. `reason`: why its values are set aside.

    `event` is what is known of it, `read` the event that its reader made of the `record`, if it made one.
    """

    event: Event
    read: Event | None = None
    record: str = ""
    reason: AsideReason | None = None


def beside(event: Event, record: str) -> Rest:
    """For the lines of a read record: time, observer and action are known; its machine is found on demand."""
    source = event.source_ip
    nobody = Event(
        time=event.time,
        kind=EventKind.DNS if event.kind is EventKind.DNS else EventKind.OTHER,
        observer=event.observer,
        action=event.action,
        forwarded=event.forwarded,
        inbound=event.inbound or (source is not None and not is_internal(source)),
        format=event.format,
        file=event.file,
    )
    return Rest(nobody, event, record)


def _attributed(rest: Rest) -> Event:
    """Return what is known of a record, with the machine that it names."""
    read = rest.read
    device = None if read is None or rest.reason else stated_source(rest.record, read)
    if read is None or device is None:
        return rest.event
    known = replace(rest.event, device_ip=device, inbound=False)
    if device != read.device_ip:
        return known
    return replace(known, device_name=read.device_name, device_mac=read.device_mac, user=read.user)


def passed_over(known: Event, reader: LogFormat, record: str) -> Rest:
    """For a record that its reader passed over; `known` is what it shows as text.

    What a DNS server says without naming a machine of the unit is taken for a question of its own.
    """
    own = reader.of_resolver and not any(
        token.kind is TokenKind.ADDRESS and is_internal(token.value) for token in tokens(record)
    )
    nobody = Event(
        time=known.time,
        kind=EventKind.DNS if own else EventKind.OTHER,
        observer=known.observer,
        device_ip=None if own else stated_source(record),
        action=known.action,
        forwarded=own,
        format=reader.name,
        file=known.file,
    )
    return Rest(nobody)


def settled(
    matcher: Matcher, rest: Rest, text: str, number: int, known: Collection[str]
) -> Iterator[tuple[Match, AsideReason | None]]:
    """The listed values of a line but the `known` ones: each to be reported, or set aside for a reason.

    A host alone is no exact match of a listed URL on it: where it may not be reported, nothing is set aside.
    """
    seen = [match for match in matcher.seen(text) if match.indicator.value not in known]
    if not seen:
        return
    event = replace(_attributed(rest), line=number)
    open_matches = {} if rest.reason else _open(matcher, replace(rest, event=event), text)
    for match in seen:
        reported = open_matches.get(match.indicator.value)
        if reported is not None:
            yield replace(reported, text=text, role=Role.INBOUND if event.inbound else reported.role), None
        elif match.kind is not MatchKind.PARTIAL:
            yield replace(match, event=event, text=text), rest.reason or _reason(matcher, match, rest, text)


def reason_in_text(matcher: Matcher, match: Match) -> AsideReason | None:
    """Return why a match in text of no format is set aside; None when it is to be reported."""
    if any(one.indicator == match.indicator for one in matcher.seen(_without_asides(match.text))):
        return None
    return _reason(matcher, match, Rest(match.event), match.text)


def _open(matcher: Matcher, rest: Rest, text: str) -> dict[str, Match]:
    """The matches of a line that no reason sets aside, by value."""
    if rest.read is None:
        return {match.indicator.value: match for match in matcher.line(rest.event, text)}
    searched = _without_asides(text)
    aside = frozenset(token.value for part in _asides(rest.read, rest.record) for token in tokens(part))
    found = {match.indicator.value: match for match in matcher.beside(rest.event, searched, aside)}
    for match in matcher.seen(searched, rest.event):  # another page on a host that was reported
        if match.indicator.type is IndicatorType.URL and match.kind is MatchKind.EXACT:
            found.setdefault(match.indicator.value, match)
    if any(match.kind is MatchKind.PARTIAL for match in found.values()):
        read = frozenset(_values(rest.read))
        hosts = {match.indicator.value for match in matcher.beside(rest.event, searched, aside | read)}
        found = {
            value: match
            for value, match in found.items()
            if match.kind is not MatchKind.PARTIAL or value in hosts
        }
    return found if rest.event.device_ip is None else _of_the_machine(matcher, found, searched)


def _of_the_machine(matcher: Matcher, found: dict[str, Match], searched: str) -> dict[str, Match]:
    """The matches, those of what the text says of others without the machine."""
    own = own_text(searched)
    if own == searched:
        return found
    kept = {match.indicator.value for match in matcher.seen(own)}
    return {
        value: match if value in kept else replace(match, event=_of_nobody(match.event))
        for value, match in found.items()
    }


def _of_nobody(event: Event) -> Event:
    return replace(event, device_ip=None, device_name=None, device_mac=None, user=None)


def _reason(matcher: Matcher, match: Match, rest: Rest, text: str) -> AsideReason:
    """Return why a match in a line that was read is not reported."""
    path = _path(rest.read.url) if rest.read is not None else ""
    places = (
        (AsideReason.VERSION, _VERSION.findall(text) if "/" in text else ()),
        (AsideReason.WITHIN_URL, (*_QUERY.findall(text), path)),
    )
    for reason, texts in places:
        if any(one.indicator == match.indicator for one in matcher.seen(" ".join(texts))):
            return reason
    return AsideReason.OWN


def holds_a_value(record: str) -> bool:
    """Return whether a record names a listable value: a name, a public address, a digest or fingerprint."""
    for token in tokens(record):
        if token.kind in (TokenKind.DIGEST, TokenKind.FINGERPRINT):
            return True
        if token.kind is TokenKind.NAME and token.value.rpartition(".")[2] in suffixes().top_levels:
            return True
        if token.kind is TokenKind.ADDRESS and _is_public(token.value):
            return True
    return False


def _values(event: Event) -> Iterator[str]:
    """The values of the fields that the matcher has looked at."""
    for name in FIELDS:
        held = getattr(event, name)
        for text in (held,) if isinstance(held, str) else held or ():
            if text:
                yield text
                yield from (token.value for token in tokens(text))


def _asides(event: Event, record: str) -> Iterator[str]:
    """Yield a read record's values to set aside: its sender, the unit's public address, the URL's path."""
    yield from filter(None, (own_address(event), *_sender(event, record), _path(event.url)))


def own_address(event: Event) -> str | None:
    """The public address to which the unit's gateway translated a machine; None for a stranger's."""
    source = event.source_ip
    return event.source_nat_ip if source is None or is_internal(source) else None


def _path(url: str | None) -> str:
    """Return the part of a URL after its host."""
    url = url or ""
    return (url.partition("://")[2] or url).partition("/")[2]


def _sender(event: Event, record: str) -> tuple[str | None, ...]:
    """Return who sent the record, as its header says; the value of a field (`host=`) is not in a header."""
    sender = sender_of(record)[0]
    observer = event.observer
    if not observer or observer == sender or not _SENDER.fullmatch(observer):
        return (sender,)
    place = record.find(observer, 0, _HEADER)
    before, behind = record[max(0, place - 1) : max(0, place)], record[place + len(observer) :][:1]
    in_header = place >= 0 and (not before or before in " \t>") and (not behind or behind in " \t:/,")
    return (sender, observer) if in_header else (sender,)


def _without_asides(text: str) -> str:
    text = _QUERY.sub(" ", text) if "?" in text else text
    return _VERSION.sub(" ", text) if "/" in text else text


def _is_public(address: str) -> bool:
    ip = ip_address(address)
    return not (is_internal(address) or ip.is_multicast or ip.is_unspecified or ip.packed[0] in (0, 255))
