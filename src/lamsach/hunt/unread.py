"""Text search of the parts of a candidate line that no event reports.

A product's reader may pass over a line (cut off, a message of a newer version), or read it without a field
for the value. A log of a changed format thus loses fields, not findings. The sighting names the machine with
the record's only private source address (`lamsach.hunt.stated_source`), else none: the roles of the line's
addresses are unknown.

Every exact match in the line is reported, or set aside with a reason counted by `lamsach.hunt.account`: the
value is the line's sender or the unit's own public address, part of the path or query of another host's URL
(a search, a referrer), a program's version (`Chrome/203.0.113.9`), in a comment or heading, or in a line
outside the period.
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
"""Number of characters within which a header names its sender."""
# gw01   gw01/ctx1   198.51.100.1   2001:db8::1
_SENDER = re.compile(r"[\w.:%/-]{1,255}", re.ASCII)
# https://search.example/?q=evil.example
_QUERY = re.compile(r"(?<=[\w/.~%-])\?[^\s\"'<>|]*")


@dataclass(frozen=True, slots=True)
class Rest:
    """A record whose lines are searched as text. `reason`: reason to set its values aside.

    `event`: context of matches; `read`: the event that the reader read from the `record`, if any.
    """

    event: Event
    read: Event | None = None
    record: str = ""
    reason: AsideReason | None = None


def rest_of(event: Event, record: str) -> Rest:
    """Prepare the search of a read record's lines; its machine is found on demand."""
    source = event.source_ip
    unattributed = Event(
        time=event.time,
        kind=EventKind.DNS if event.kind is EventKind.DNS else EventKind.OTHER,
        observer=event.observer,
        action=event.action,
        forwarded=event.forwarded,
        inbound=event.inbound or (source is not None and not is_internal(source)),
        format=event.format,
        file=event.file,
    )
    return Rest(unattributed, event, record)


def _attributed(rest: Rest) -> Event:
    """Return the context of a record, with the machine that it names."""
    read = rest.read
    device = None if read is None or rest.reason else stated_source(rest.record, read)
    if read is None or device is None:
        return rest.event
    known = replace(rest.event, device_ip=device, inbound=False)
    if device != read.device_ip:
        return known
    return replace(known, device_name=read.device_name, device_mac=read.device_mac, user=read.user)


def passed_over(known: Event, reader: LogFormat, record: str) -> Rest:
    """Prepare the search of a record that its reader passed over; `known`: its context as text.

    A DNS server's record that names no internal machine counts as a query of the server itself.
    """
    own = reader.of_resolver and not any(
        token.kind is TokenKind.ADDRESS and is_internal(token.value) for token in tokens(record)
    )
    unattributed = Event(
        time=known.time,
        kind=EventKind.DNS if own else EventKind.OTHER,
        observer=known.observer,
        device_ip=None if own else stated_source(record),
        action=known.action,
        forwarded=own,
        format=reader.name,
        file=known.file,
    )
    return Rest(unattributed)


def account_for(
    matcher: Matcher, rest: Rest, text: str, number: int, known: Collection[str]
) -> Iterator[tuple[Match, AsideReason | None]]:
    """Yield the listed values of a line but the `known` ones, with a reason if set aside.

    A host alone is no exact match of a listed URL on it: if it may not be reported, nothing is set aside.
    """
    seen = [match for match in matcher.seen(text) if match.indicator.value not in known]
    if not seen:
        return
    event = replace(_attributed(rest), line=number)
    open_matches = {} if rest.reason else _reportable(matcher, replace(rest, event=event), text)
    for match in seen:
        reported = open_matches.get(match.indicator.value)
        if reported is not None:
            yield replace(reported, text=text, role=Role.INBOUND if event.inbound else reported.role), None
        elif match.kind is not MatchKind.PARTIAL:
            yield replace(match, event=event, text=text), rest.reason or _reason(matcher, match, rest, text)


def reason_in_text(matcher: Matcher, match: Match) -> AsideReason | None:
    """Return the reason to set aside a match in text of no format; None if it is to be reported."""
    if any(other.indicator == match.indicator for other in matcher.seen(_without_asides(match.text))):
        return None
    return _reason(matcher, match, Rest(match.event), match.text)


def _reportable(matcher: Matcher, rest: Rest, text: str) -> dict[str, Match]:
    """Return the matches of a line that no reason sets aside, by value."""
    if rest.read is None:
        return {match.indicator.value: match for match in matcher.line(rest.event, text)}
    searched = _without_asides(text)
    aside = frozenset(token.value for part in _asides(rest.read, rest.record) for token in tokens(part))
    found = {match.indicator.value: match for match in matcher.rest_of_line(rest.event, searched, aside)}
    for match in matcher.seen(searched, rest.event):  # another page on a host that was reported
        if match.indicator.type is IndicatorType.URL and match.kind is MatchKind.EXACT:
            found.setdefault(match.indicator.value, match)
    if any(match.kind is MatchKind.PARTIAL for match in found.values()):
        fields = frozenset(_values(rest.read))
        hosts = {
            match.indicator.value for match in matcher.rest_of_line(rest.event, searched, aside | fields)
        }
        found = {
            value: match
            for value, match in found.items()
            if match.kind is not MatchKind.PARTIAL or value in hosts
        }
    return found if rest.event.device_ip is None else _without_other_parties(matcher, found, searched)


def _without_other_parties(matcher: Matcher, found: dict[str, Match], searched: str) -> dict[str, Match]:
    """Remove the machine from matches in text about other parties."""
    own = own_text(searched)
    if own == searched:
        return found
    own_values = {match.indicator.value for match in matcher.seen(own)}
    return {
        value: match if value in own_values else replace(match, event=_unattributed(match.event))
        for value, match in found.items()
    }


def _unattributed(event: Event) -> Event:
    return replace(event, device_ip=None, device_name=None, device_mac=None, user=None)


def _reason(matcher: Matcher, match: Match, rest: Rest, text: str) -> AsideReason:
    """Return the reason to set aside a match in a line that was read."""
    path = _path(rest.read.url) if rest.read is not None else ""
    places = (
        (AsideReason.VERSION, _VERSION.findall(text) if "/" in text else ()),
        (AsideReason.WITHIN_URL, (*_QUERY.findall(text), path)),
    )
    for reason, texts in places:
        if any(other.indicator == match.indicator for other in matcher.seen(" ".join(texts))):
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
    """Yield the values of the fields that the matcher examined."""
    for name in FIELDS:
        content = getattr(event, name)
        for text in (content,) if isinstance(content, str) else content or ():
            if text:
                yield text
                yield from (token.value for token in tokens(text))


def _asides(event: Event, record: str) -> Iterator[str]:
    """Yield a read record's values to set aside: its sender, the unit's public address, the URL's path."""
    yield from filter(None, (own_address(event), *_sender(event, record), _path(event.url)))


def own_address(event: Event) -> str | None:
    """Return the public address to which the unit's gateway translated a machine; None for strangers."""
    source = event.source_ip
    return event.source_nat_ip if source is None or is_internal(source) else None


def _path(url: str | None) -> str:
    """Return the part of a URL after its host."""
    url = url or ""
    return (url.partition("://")[2] or url).partition("/")[2]


def _sender(event: Event, record: str) -> tuple[str | None, ...]:
    """Return the senders in the record's header; the value of a field (`host=`) is not in a header."""
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
