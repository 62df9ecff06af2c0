"""Tables of one-sentence messages: each row is a pattern whose groups are named after what they state.

A server's log names its clients: an external one is no device of the unit (see `ends`). Account names come
from the client, so patterns accept an address only where the server itself writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any

from lamsach.logs.events.ends import Role, Way, event_between
from lamsach.logs.events.leases import session_event
from lamsach.logs.text.dns_names import from_presentation
from lamsach.logs.text.values import domain_of, host_of_url, ip_of, mac_of, port_of, question_of, stated
from lamsach.model import Action, Event, EventKind, LeaseAction

_IP = r"[0-9A-Fa-f:.]{2,45}"
_PLACEHOLDERS = {
    "{IP}": rf"\[?(?P<ip>{_IP})\]?",
    "{PORT}": r"(?P<port>\d{1,5})",
    "{END}": rf"\[?(?P<ip>{_IP}?)\]?(?::(?P<port>\d{{1,5}}))?(?=[\s'\")\],;/]|[:.](?:\s|$)|$)",
    "{ADDRESS}": _IP,
    "{MAC}": "(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}",
}
"""Texts in patterns: the client's address, with or without brackets; its port; both, up to a delimiter; the
shapes of addresses and hardware addresses."""
_LONGEST = 4096
_DIGITS = "0123456789"
Outcome = Action | LeaseAction
Groups = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A message: a text that every such line has, a pattern, and what its event states.

    The pattern's groups: `ip`, `port` (the event's source), `to`, `to_port`, `given` (an assigned address),
    of which the first has to be an address; `peer` (address, hardware address, or neither), `mac`, `name`
    (of the machine), `user`, `question`, `asked` (see `asked_name`), `answer`, `word` (the outcome)."""

    sign: str
    pattern: re.Pattern[str]
    action: Outcome | Mapping[str, Outcome] = Action.UNKNOWN
    kind: EventKind = EventKind.LOGON
    way: Way = Way.CALLED
    role: Role = Role.BETWEEN
    facts: Mapping[str, Any] = field(default_factory=dict)

    def event(self, match: re.Match[str]) -> Event | None:
        """Return the event of a match; None without the addresses that it needs."""
        found = match.groupdict()
        source = client_of(found.get("ip"), found.get("port"))[0]
        needed = source if "ip" in found else ip_of(found["to"] or "") if "to" in found else True
        if not needed or ("given" in found and not ip_of(found["given"] or "")):
            return None
        action = self._outcome(found.get("word"))
        return stated_event(found, kind=self.kind, action=action, way=self.way, role=self.role, **self.facts)

    def _outcome(self, word: str | None) -> Outcome:
        if isinstance(self.action, Mapping):
            return self.action.get((word or "").lower(), Action.UNKNOWN)
        return self.action


def sentence(
    sign: str, pattern: str, action: Outcome | Mapping[str, Outcome] = Action.UNKNOWN, **stated: Any
) -> Sentence:
    """Build a sentence; the pattern may hold `{IP}`, `{PORT}`, `{END}`, `{ADDRESS}`, `{MAC}`.

    `stated`: kind, way and role; other values are the event's."""
    for placeholder, text in _PLACEHOLDERS.items():
        pattern = pattern.replace(placeholder, text)
    own = {name: stated.pop(name) for name in ("kind", "way", "role") if name in stated}
    return Sentence(sign, re.compile(pattern, re.ASCII | re.DOTALL), action, **own, facts=stated)


def found_in(text: str, *patterns: re.Pattern[str], known: Groups = MappingProxyType({})) -> dict[str, str]:
    """Return the named groups of patterns searched in a text; of each name the first with a value.

    Groups that differ in a final number (`user2`) are one name. `known`: values that precede the text's."""
    found = {name: value for name, value in known.items() if value}
    for pattern in patterns:
        if match := pattern.search(text):
            for name, value in match.groupdict().items():
                if value:
                    found.setdefault(name.rstrip(_DIGITS), value)
    return found


def stated_event(
    found: Groups,
    *,
    kind: EventKind | None = None,
    action: Outcome = Action.UNKNOWN,
    way: Way = Way.CALLED,
    role: Role = Role.BETWEEN,
    **facts: Any,
) -> Event:
    """Return the event of a message's groups (see `Sentence`, and `nat`, `nat_port`, `host`, `url`,
    `printed`: a question with a zone file's escapes).

    `kind`: a request, if it has a URL, else by the ends, unless stated."""
    peer, answer = found.get("peer"), found.get("answer")
    source, port = client_of(found.get("ip") or peer, found.get("port"))
    target, given, nat = (ip_of(found.get(name) or "") for name in ("to", "given", "nat"))
    answers = (ip_of(answer) or question_of(answer)) if answer else None
    nat, url = None if nat == source else nat, found.get("url") or None
    name = question_of(found.get("question")) or asked_name(found.get("asked"))
    name = name or from_presentation(found.get("printed") or "")
    if kind is None:
        kind = EventKind.WEB if url else EventKind.CONNECTION if source and target else EventKind.OTHER
    return event_between(
        (source or given, port if source else None),
        (target, port_of(found.get("to_port"))),
        kind=kind,
        source_nat_ip=nat,
        source_nat_port=port_of(found.get("nat_port")) if nat else None,
        device_name=stated(found.get("name")),
        device_mac=mac_of(found.get("mac") or peer),
        user=stated(found.get("user")),
        domain=name or domain_of(found.get("host") or "") or (host_of_url(url) if url else None),
        url=url,
        answers=(answers,) if answers else (),
        action=action,
        way=way,
        role=role,
        given=given,
        **facts,
    )


def session_of(found: Groups, *, ended: bool = False) -> Event | None:
    """Return the event of a VPN session whose assigned address is the group `given`; None without one."""
    given, source = ip_of(found.get("given") or ""), client_of(found.get("ip"), None)[0]
    name = found.get("name")
    return session_event(source or given, given, found.get("user"), ended=ended, name=name) if given else None


def client_of(client: str | None, port: str | None) -> tuple[str | None, int | None]:
    """Return a client's address and port as the server spells them."""
    source = ip_of((client or "").rstrip("."))
    if source is None and client and port and (source := ip_of(f"{client}:{port}")):
        return source, None  # the "port" is the last group of an IPv6 address
    return source, port_of(port) or None


def asked_name(text: str | None) -> str | None:
    """Return a queried name; of a reverse lookup, logged as an address, the name under `arpa`."""
    address = ip_of(text or "")
    return ip_address(address).reverse_pointer if address else question_of(text)


def event_of(sentences: Iterable[Sentence], message: str) -> Event | None:
    """Return the event of the first matching sentence that names what it needs, if any."""
    text = message[:_LONGEST]
    for known in sentences:
        match = known.pattern.search(text) if known.sign in text else None
        if match is not None and (event := known.event(match)) is not None:
            return event
    return None
