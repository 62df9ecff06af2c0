"""Stage two of the hunt: what in an event, or in a line that no format reads, is listed.

A domain matches itself and its subdomains; an address by value; a network by containment; a hash exactly; a URL by
its host and a path that is equal or a prefix ending at `/`, `?` or the end. Where a log shows only a URL's host
(CONNECT, SNI, an address), the match is partial.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import SplitResult

from lamsach.hunt.compiled import CompiledSet
from lamsach.hunt.tokens import domain, tokens, unescaped
from lamsach.hunt.urls import KIND_ORDER, kind_in, shown_by, target_of, url_kind
from lamsach.indicators.values.file_names import stated_names
from lamsach.logs.events.direction import is_internal, is_machine
from lamsach.model import Event, EventKind, Indicator, IndicatorType, Match, MatchKind, MatchStatus, Role
from lamsach.model.indicator_types import ADDRESSES, DIGESTS, TokenKind

Covers = Callable[[IndicatorType, str], object]


@dataclass(frozen=True, slots=True)
class _Found:
    indicator: Indicator
    kind: MatchKind
    role: Role
    value: str


NOBODY = Event()
"""Empty event, for a text of which nothing is known."""


class Matcher:
    """Matches events and lines against one compiled set. `covers` tells whether an exception covers a value."""

    def __init__(self, compiled: CompiledSet, covers: Covers | None = None) -> None:
        self._compiled = self.compiled = compiled
        self._covers = covers
        self._mailboxes_listed = IndicatorType.EMAIL in compiled.by_type
        self.files_listed = IndicatorType.FILE_NAME in compiled.by_type
        """Whether the list has names of files."""

    def event(self, event: Event, text: str) -> list[Match]:
        """The matches of an event; `text` is the line, kept as evidence. An indicator is matched once an event."""
        matches: dict[str, Match] = {}
        for found in self._in_event(event):
            known = matches.get(found.indicator.value)
            if found.kind is MatchKind.PARTIAL and event.kind is EventKind.DNS:
                continue  # a question for a host says nothing of a page on it
            if known is None or _rank(found) < _rank(known):
                matches[found.indicator.value] = self._match(_facing(event, found), found, text)
        return list(matches.values())

    def line(self, event: Event, text: str) -> list[Match]:
        """The matches in a line that no format reads; `event` is what is known of it all the same (time, device)."""
        return self.beside(event, text, ())

    def beside(self, event: Event, text: str, passed: Collection[str | None]) -> list[Match]:
        """As `line`, for what a line holds beside the values that are `passed` over: its format read those, and `event` matched them."""
        return self._unparsed(event, text, passed)

    def seen(self, text: str, event: Event = NOBODY) -> list[Match]:
        """Every match in a text, whether it is to be reported or not (`lamsach.hunt.account`)."""
        return self._unparsed(event, text, ())

    def _unparsed(self, event: Event, text: str, passed: Collection[str | None]) -> list[Match]:
        matches: dict[str, Match] = {}
        for found in self._in_text(event, text, passed):
            known = matches.get(found.indicator.value)
            if known is None or _rank(found) < _rank(known):
                match = self._match(_facing(event, found), found, text)
                matches[found.indicator.value] = replace(match, unparsed=True)
        return list(matches.values())

    def _match(self, event: Event, found: _Found, text: str) -> Match:
        return Match(
            event, found.indicator, found.kind, found.role, self._status(event.time, found), text=text
        )

    def _status(self, time: datetime | None, found: _Found) -> MatchStatus:
        indicator = found.indicator
        if self._covers is not None and (
            self._covers(indicator.type, indicator.value) or self._covers(_type_of(found), found.value)
        ):
            return MatchStatus.EXCEPTED
        begins, ends = indicator.valid_from, indicator.valid_until
        if time is not None and ((begins and time < begins) or (ends and time >= ends)):
            return MatchStatus.OUTSIDE_VALIDITY
        return MatchStatus.COUNTED

    def _in_event(self, event: Event) -> Iterator[_Found]:
        url = shown_by(event)
        if event.source_ip:
            yield from self._address(event.source_ip, Role.INBOUND, None)
        if event.destination_ip:
            yield from self._address(
                event.destination_ip, Role.INBOUND if event.inbound else Role.OUTBOUND, url
            )
        host = domain(event.domain) if event.domain else None
        if host:
            yield from self._host(host, Role.OUTBOUND, url)
        elif event.domain:
            yield from self._address(event.domain.strip("[]"), Role.OUTBOUND, url)
        if url is not None and url.hostname and url.hostname != host:
            other = domain(url.hostname)
            if other:
                yield from self._host(other, Role.OUTBOUND, url)
            else:
                yield from self._address(url.hostname, Role.OUTBOUND, url)
        for text in event.mentioned:
            yield from self._mentioned(text, Role.INBOUND if event.inbound else Role.OUTBOUND)
        for answer in event.answers:
            yield from self._address(answer, Role.RESOLVED, None)
            name = domain(answer)
            if name:
                yield from self._host(name, Role.RESOLVED, None)
        for digest in event.hashes:
            for indicator in self._compiled.by_digest(digest.lower()):
                if indicator.type in DIGESTS:
                    yield _Found(indicator, MatchKind.EXACT, Role.OUTBOUND, digest.lower())
        if self.files_listed:
            yield from self._files(event.file_names)

    def _files(self, stated: Collection[str]) -> Iterator[_Found]:
        """Listed names of files among those that a record states as such; no other text is taken for one."""
        for name in dict.fromkeys(name for text in stated for name in stated_names(text)):
            for indicator in self._compiled.by_file_name(name):
                yield _Found(indicator, MatchKind.EXACT, Role.OUTBOUND, name)

    def _mentioned(self, text: str, role: Role) -> Iterator[_Found]:
        """`role`: of an address; a name or URL is always something that the machine asked for."""
        url = shown_by(Event(url=text)) if "/" in text else None
        host = url.hostname if url is not None else text
        if host:
            name = domain(host)
            if name:
                yield from self._host(name, Role.OUTBOUND, url)
            else:
                yield from self._address(host, role if url is None else Role.OUTBOUND, url)

    def _address(
        self, address: str, role: Role, url: SplitResult | None, line: str | None = None
    ) -> Iterator[_Found]:
        """`line`: see `_host`."""
        for indicator in self._compiled.by_address(address):
            if indicator.type is IndicatorType.IP:
                yield _Found(indicator, MatchKind.EXACT, role, address)
            elif indicator.type is IndicatorType.NETWORK:
                yield _Found(indicator, MatchKind.NETWORK, role, address)
            elif role is not Role.INBOUND:
                kind = kind_in(line, indicator.value, address) if line else url_kind(indicator.value, url)
                if kind:
                    yield _Found(indicator, kind, role, address)

    def _host(
        self, host: str, role: Role, url: SplitResult | None, line: str | None = None
    ) -> Iterator[_Found]:
        """`line`: where the URL on this host is looked for, when no format tells it."""
        names = _with_parents(host)
        for indicator in self._compiled.by_host(host):
            if indicator.type is IndicatorType.DOMAIN:
                if indicator.value in names:
                    kind = MatchKind.EXACT if indicator.value == host else MatchKind.SUBDOMAIN
                    yield _Found(indicator, kind, role, host)
            elif target_of(indicator.value).hostname == host:
                related = kind_in(line, indicator.value, host) if line else url_kind(indicator.value, url)
                if related:
                    yield _Found(indicator, related, role, host)

    def _mailboxes(self, host: str, text: str) -> Iterator[_Found]:
        """Listed e-mail addresses of a domain in a text. Nothing tells who wrote to whom, so nobody is taken for infected by one."""
        for indicator in self._compiled.by_mailbox(host):
            if _holds(text, indicator.value):
                yield _Found(indicator, MatchKind.EXACT, Role.INBOUND, indicator.value)

    def _in_text(self, event: Event, text: str, passed: Collection[str | None]) -> Iterator[_Found]:
        own = text.find(event.device_ip) if event.device_ip else -1
        asked: set[tuple[TokenKind, str, bool]] = set()
        for token in tokens(text):
            if token.kind is TokenKind.NAME and self._mailboxes_listed:
                yield from self._mailboxes(token.value, text)
            if token.value in passed:
                continue
            inbound = token.kind is TokenKind.ADDRESS and (
                token.value == event.source_ip or (token.value != event.destination_ip and own > token.place)
            )
            if (token.kind, token.value, inbound) in asked:
                continue
            asked.add((token.kind, token.value, inbound))
            if token.kind is TokenKind.ADDRESS:
                if is_internal(token.value) and token.value == event.device_ip:
                    continue
                yield from self._address(token.value, Role.INBOUND if inbound else Role.OUTBOUND, None, text)
            elif token.kind is TokenKind.NAME:
                yield from self._host(token.value, Role.OUTBOUND, None, text)
            else:
                for indicator in self._compiled.by_digest(token.value):
                    yield _Found(indicator, MatchKind.EXACT, Role.OUTBOUND, token.value)


def _holds(text: str, address: str) -> bool:
    """Return whether a text holds an e-mail address, and not one that ends or begins with it."""
    spellings = [address]
    if "xn--" in address:
        import idna  # its tables take long to load, and few lists hold such names

        local, _, host = address.rpartition("@")
        with suppress(idna.IDNAError, UnicodeError):
            spellings.append(f"{local}@{idna.decode(host)}")
    return any(
        re.search(rf"(?<![\w.+-]){re.escape(spelling)}(?![\w-]|\.\w)", shown, re.IGNORECASE)
        for spelling in spellings
        for shown in (text, unescaped(text))
    )


_ROLE_ORDER = {Role.OUTBOUND: 0, Role.INBOUND: 1, Role.RESOLVED: 2}


def _with_parents(name: str) -> tuple[str, ...]:
    """a.b.example, b.example, example"""
    labels = name.split(".")
    return tuple(".".join(labels[first:]) for first in range(len(labels)))


def _rank(found: _Found | Match) -> tuple[int, int]:
    return (_ROLE_ORDER[found.role], KIND_ORDER[found.kind])


def _type_of(found: _Found) -> IndicatorType:
    if found.indicator.type in ADDRESSES:
        return IndicatorType.IP
    if found.indicator.type in (IndicatorType.DOMAIN, IndicatorType.URL):
        return IndicatorType.DOMAIN
    return found.indicator.type


_OF_HOLDERS = (EventKind.LEASE, EventKind.OTHER)
"""Records of who holds an address: with the machine's hardware address in it, the other end is a DHCP server or its relay."""


def _facing(event: Event, found: _Found) -> Event:
    """The event with the device on the other side of the listed address, if the format took that address for the device."""
    if event.inbound or (event.kind in _OF_HOLDERS and event.device_mac is not None):
        return event
    if (
        found.role is Role.INBOUND
        and event.device_ip in (None, event.source_ip)
        and event.destination_ip is not None
        and is_machine(event.destination_ip)
    ):
        return replace(event, device_ip=event.destination_ip, device_name=None, device_mac=None)
    if (
        found.role is Role.OUTBOUND
        and event.device_ip is not None
        and event.device_ip == event.destination_ip == found.value
        and event.source_ip
    ):
        return replace(event, device_ip=event.source_ip, device_name=None, device_mac=None)
    return event
