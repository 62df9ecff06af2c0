"""Log-ons and contacts in one-sentence messages of servers: client address, port, account, outcome.

A server's log names its clients: an external one is no device of the unit (see `ends`). Account names come
from the client, so patterns accept an address only where the server itself writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lamsach.logs.events.ends import Way, event_between
from lamsach.logs.text.values import ip_of, port_of, stated
from lamsach.model import Action, Event, EventKind

IP = r"\[?(?P<ip>[0-9A-Fa-f:.]{2,45})\]?"
"""The client's address in a pattern, with or without brackets."""
PORT = r"(?P<port>\d{1,5})"
END = r"\[?(?P<ip>[0-9A-Fa-f:.]{2,45}?)\]?(?::(?P<port>\d{1,5}))?(?=[\s'\")\],;/]|[:.](?:\s|$)|$)"
"""The client's address with or without a port, up to its delimiter."""
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Sentence:
    """A server's sentence: a text that every such line has, a pattern, and its action and kind.

    The pattern's groups: `ip`, `port`, `user`, `to`, `to_port`."""

    sign: str
    pattern: re.Pattern[str]
    action: Action
    kind: EventKind = EventKind.LOGON


def sentence(
    sign: str, pattern: str, action: Action = Action.UNKNOWN, kind: EventKind = EventKind.LOGON
) -> Sentence:
    """Build a sentence; `{IP}`, `{PORT}`, `{END}` in the pattern are an address, a port, or both."""
    text = pattern.replace("{IP}", IP).replace("{PORT}", PORT).replace("{END}", END)
    return Sentence(sign, re.compile(text, re.ASCII | re.DOTALL), action, kind)


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
    source = ip_of((client or "").rstrip("."))
    # the "port" is the last group of an IPv6 address
    if source is None and client and port and (source := ip_of(f"{client}:{port}")):
        port = None
    if source is None:
        return None
    return event_between(
        (source, port_of(port) or None),
        (ip_of(server or ""), port_of(server_port)),
        kind=kind,
        user=stated(user),
        action=action,
        way=Way.CALLED,
    )


def event_of(sentences: Iterable[Sentence], message: str) -> Event | None:
    """Return the event of the first matching sentence that names an address, if any."""
    text = message[:_LONGEST]
    for known in sentences:
        match = known.pattern.search(text) if known.sign in text else None
        if match is None:
            continue
        found = match.groupdict()
        event = client_event(
            found.get("ip"),
            action=known.action,
            kind=known.kind,
            port=found.get("port"),
            user=found.get("user"),
            server=found.get("to"),
            server_port=found.get("to_port"),
        )
        if event is not None:
            return event
    return None
