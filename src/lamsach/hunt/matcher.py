"""Stage two of the hunt: listed values in an event, or in a line that no format reads.

A domain matches itself and its subdomains; an address by value; a network by containment; a hash exactly; a
URL by its host and a path that is equal or a prefix ending at `/`, `?` or the end. Where a log shows only a
URL's host (CONNECT, SNI, an address), the match is partial.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from urllib.parse import SplitResult, unquote, urlsplit

from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.hunt.tokens import domain, tokens, unescaped
from lamsach.indicators.values.names import stated_names
from lamsach.logs.events.ends import is_internal, is_machine
from lamsach.model import Event, EventKind, Indicator, IndicatorType, Match, MatchKind, MatchStatus, Role
from lamsach.model.indicator_types import ADDRESSES, DIGESTS, TokenKind

KIND_ORDER = {kind: place for place, kind in enumerate(MatchKind)}
"""Precedence of match kinds, the closest first."""


@lru_cache(maxsize=1 << 14)
def target_of(url: str) -> SplitResult:
    """Split a listed URL, percent-decoding path and query as for the URLs compared with it."""
    parts = urlsplit(url if "://" in url else f"//{url}")
    return parts._replace(path=unquote(parts.path), query=unquote(parts.query))


def event_url(event: Event) -> SplitResult | None:
    """Split the event's URL; None when it shows no path (CONNECT, SNI, a DNS query)."""
    url = event.url
    if not url:
        return None
    if url.startswith("/"):
        url = f"//{event.domain or ''}{url}"
    elif "://" not in url:
        url = f"//{url}"
    try:
        parts = urlsplit(url)
        parts.port, parts.hostname  # noqa: B018 - both may raise
    except ValueError:
        return None
    seen = parts._replace(path=unquote(parts.path), query=unquote(parts.query))
    return seen if seen.path or seen.query else None


# `https://host.example/a).` ends before `)`; also typographic quotes and full-width punctuation
_END_OF_URL = re.compile(
    r"[.:!?)\]}]*(?:[\s\"'<>,;"
    r"|\\«»\u2018-\u201f\u2026\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]|\Z)"
)
_URLS_MAX = 50


def kind_in(text: str, listed: str, host: str) -> MatchKind | None:
    """Return how a listed URL relates to a line with its host: the best of all places, also unescaped."""
    urls = [
        url for spelling in dict.fromkeys((text, unescaped(text))) for url in _urls_around(spelling, host)
    ]
    if not urls:
        return url_kind(listed, None)
    kinds = (url_kind(listed, url) for url in urls)
    return min((kind for kind in kinds if kind), key=KIND_ORDER.__getitem__, default=None)


def _urls_around(text: str, host: str) -> Iterator[SplitResult | None]:
    """Yield the URLs in which a text shows the host (None: without a path), at most _URLS_MAX."""
    places = re.finditer(rf"(?<![\w.-]){re.escape(host)}", text, re.IGNORECASE)
    for place in islice(places, _URLS_MAX):
        end = _END_OF_URL.search(text, place.end())
        try:
            parts = urlsplit("//" + text[place.start() : end.start() if end else len(text)])
            parts.port  # noqa: B018 - may raise
        except ValueError:
            yield None
        else:
            yield parts if parts.path.strip("/") or parts.query else None


def url_kind(listed: str, seen: SplitResult | None) -> MatchKind | None:
    """Return how a listed URL relates to the URL seen on its host (None: only the host was seen)."""
    target = target_of(listed)
    whole_host = target.path in ("", "/") and not target.query
    if seen is None:
        return MatchKind.EXACT if whole_host and target.port in (None, 80, 443) else MatchKind.PARTIAL
    if target.port and seen.port and target.port != seen.port:
        return None
    if whole_host:
        return MatchKind.EXACT
    wanted = target.path + (f"?{target.query}" if target.query else "")
    path = (seen.path or "/") + (f"?{seen.query}" if seen.query else "")
    if path == wanted:
        return MatchKind.EXACT
    if path.startswith(wanted) and (wanted[-1] in "/?" or path[len(wanted)] in "/?#"):
        return MatchKind.EXACT
    return None


Covers = Callable[[IndicatorType, str], object]


@dataclass(frozen=True, slots=True)
class _Found:
    indicator: Indicator
    kind: MatchKind
    role: Role
    value: str


NO_EVENT = Event()
"""Empty event, for text without context."""


class Matcher:
    """Matcher of events and lines against one compiled set. `covers`: tests for an exception for a value."""

    def __init__(self, compiled: CompiledSet, covers: Covers | None = None) -> None:
        self._compiled = self.compiled = compiled
        self._covers = covers
        self._mailboxes_listed = IndicatorType.EMAIL in compiled.by_type
        self.files_listed = IndicatorType.FILE_NAME in compiled.by_type
        """Whether the list has file names."""

    def event(self, event: Event, text: str) -> list[Match]:
        """Return the matches of an event, one per indicator; `text` is the line, used as evidence."""
        matches: dict[str, Match] = {}
        for found in self._in_event(event):
            known = matches.get(found.indicator.value)
            if found.kind is MatchKind.PARTIAL and event.kind is EventKind.DNS:
                continue  # a query for a host is no evidence of a page on it
            if known is None or _rank(found) < _rank(known):
                matches[found.indicator.value] = self._match(_facing(event, found), found, text)
        return list(matches.values())

    def line(self, event: Event, text: str) -> list[Match]:
        """Return the matches in a line that no format reads; `event` is its context (time, device)."""
        return self.rest_of_line(event, text, ())

    def rest_of_line(self, event: Event, text: str, skipped: Collection[str | None]) -> list[Match]:
        """Match the rest of a line, without the `skipped` values, which `event` matched already."""
        return self._unparsed(event, text, skipped)

    def seen(self, text: str, event: Event = NO_EVENT) -> list[Match]:
        """Return every match in a text, including those to be set aside (`lamsach.hunt.account`)."""
        return self._unparsed(event, text, ())

    def _unparsed(self, event: Event, text: str, skipped: Collection[str | None]) -> list[Match]:
        matches: dict[str, Match] = {}
        for found in self._in_text(event, text, skipped):
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
        url = event_url(event)
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
        """Match the file names that a record states as such; other text is never matched against names."""
        for name in dict.fromkeys(name for text in stated for name in stated_names(text)):
            for indicator in self._compiled.by_file_name(name):
                yield _Found(indicator, MatchKind.EXACT, Role.OUTBOUND, name)

    def _mentioned(self, text: str, role: Role) -> Iterator[_Found]:
        """Match a mentioned value. `role`: of an address; a name or URL is always outbound."""
        url = event_url(Event(url=text)) if "/" in text else None
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
        """Match an address. `line`: see `_host`."""
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
        """Match a host. `line`: text to search for the URL on this host, if no format reads it."""
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
        """Match e-mail addresses of a domain, unattributed: sender and recipient are unknown."""
        for indicator in self._compiled.by_mailbox(host):
            if _holds(text, indicator.value):
                yield _Found(indicator, MatchKind.EXACT, Role.INBOUND, indicator.value)

    def _in_text(self, event: Event, text: str, skipped: Collection[str | None]) -> Iterator[_Found]:
        own = text.find(event.device_ip) if event.device_ip else -1
        seen: set[tuple[TokenKind, str, bool]] = set()
        for token in tokens(text):
            if token.kind is TokenKind.NAME and self._mailboxes_listed:
                yield from self._mailboxes(token.value, text)
            if token.value in skipped:
                continue
            inbound = token.kind is TokenKind.ADDRESS and (
                token.value == event.source_ip or (token.value != event.destination_ip and own > token.place)
            )
            if (token.kind, token.value, inbound) in seen:
                continue
            seen.add((token.kind, token.value, inbound))
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
    """Return whether a text has the e-mail address, not as part of a longer one."""
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
    """Return a name and its parents: a.b.example, b.example, example."""
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


_HOLDER_KINDS = (EventKind.LEASE, EventKind.OTHER)
"""Records of address holders: the end other than the device with the MAC address is a DHCP server."""


def _facing(event: Event, found: _Found) -> Event:
    """Move the device to the other side if the listed address was misread as the device."""
    if event.inbound or (event.kind in _HOLDER_KINDS and event.device_mac is not None):
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
