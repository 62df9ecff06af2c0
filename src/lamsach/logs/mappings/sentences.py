"""Tables of one-sentence messages: each row is a pattern whose groups are named after what they state.

A server's log names its clients: an external one is no device of the unit (see `ends`). Account names come
from the client, so patterns accept an address only where the server itself writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from lamsach.logs.events.ends import Role, Way, event_between
from lamsach.logs.text.values import ip_of, mac_of, port_of, question_of, stated
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
Outcome = Action | LeaseAction


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
        peer, answer = found.get("peer"), found.get("answer")
        source, port = client_of(found.get("ip") or peer, found.get("port"))
        target, given = ip_of(found.get("to") or ""), ip_of(found.get("given") or "")
        needed = source if "ip" in found else target if "to" in found else True
        if not needed or ("given" in found and not given):
            return None
        answers = (ip_of(answer) or question_of(answer)) if answer else None
        return event_between(
            (source or given, port),
            (target, port_of(found.get("to_port"))),
            kind=self.kind,
            device_name=stated(found.get("name")),
            device_mac=mac_of(found.get("mac") or peer),
            user=stated(found.get("user")),
            domain=question_of(found.get("question")) or asked_name(found.get("asked")),
            answers=(answers,) if answers else (),
            action=self._outcome(found.get("word")),
            way=self.way,
            role=self.role,
            given=given,
            **self.facts,
        )

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


def client_event(
    client: str | None,
    *,
    action: Action = Action.UNKNOWN,
    kind: EventKind = EventKind.LOGON,
    port: str | None = None,
    user: str | None = None,
    server: str | None = None,
    server_port: str | None = None,
) -> Event | None:
    """Return the event of a client as the server spells it; None without an address."""
    source = client_of(client, port)
    if source[0] is None:
        return None
    return event_between(
        source,
        (ip_of(server or ""), port_of(server_port)),
        kind=kind,
        user=stated(user),
        action=action,
        way=Way.CALLED,
    )


def event_of(sentences: Iterable[Sentence], message: str) -> Event | None:
    """Return the event of the first matching sentence that names what it needs, if any."""
    text = message[:_LONGEST]
    for known in sentences:
        match = known.pattern.search(text) if known.sign in text else None
        if match is not None and (event := known.event(match)) is not None:
            return event
    return None
