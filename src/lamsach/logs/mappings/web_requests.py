"""Requests to the unit's own web servers, from server logs.

The client connects to the unit. An external client is no device of the unit, and its claims (Host header,
absolute URL) are not evidence: the record then has no `device_ip` (see `ends`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Any

from lamsach.logs.base import FileContext
from lamsach.logs.events.ends import Way, event_between, is_internal
from lamsach.logs.mappings.sentences import Groups
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.times.timestamps import MONTHS, from_iso
from lamsach.logs.text.values import host_and_port, host_of_url, ip_of, port_of, stated
from lamsach.model import Action, Event, EventKind

STRING = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
STRINGS = re.compile(STRING, re.DOTALL)
CLF = r"\d{2}/[A-Z][a-z]{2}/\d{4}[: ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?: [+-]\d{4})?"
ISO = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?"
"""Parts of patterns: a quoted text with escapes, and the two time formats of servers."""
TIME = re.compile(rf"{CLF}|{ISO}", re.ASCII)
# GET /a?b HTTP/1.1     CONNECT files.example:443 HTTP/1.1     GET http://files.example/
_REQUEST = re.compile(r"([A-Z][A-Z_-]{1,31}) (\S.*?|)(?: HTTP/\d(?:\.\d)?)?", re.DOTALL)
# OPTIONS sip:nm SIP/2.0     DESCRIBE rtsp://192.0.2.1/ RTSP/1.0
_OTHER_PROTOCOL = re.compile(r" (?!HTTP/)[A-Z]{2,8}/\d\.\d$", re.ASCII)
# 08/Jun/2026:06:49:01.123 +0700
_CLF_TIME = re.compile(
    r"(?a)(\d{2})/([A-Z][a-z]{2})/(\d{4})[: ](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(?: ([+-]\d{4}|Z))?"
)
_REFUSED = frozenset({"401", "403", "407", "429", "444"})
_FORWARDED_LONGEST = 1000


def request_event(
    client: str | None,
    *,
    port: int | None = None,
    forwarded: str | None = None,
    site: str | None = None,
    request: str | None = None,
    url: str | None = None,
    user: str | None = None,
    status: str | None = None,
    time: datetime | None = None,
    server: str | None = None,
    server_port: int | None = None,
    observer: str | None = None,
) -> Event:
    """Return the event of one request.

    `client`: the peer (`address` or `address:port`); `forwarded`: X-Forwarded-For; `site`: virtual host or
    Host header; `request`: the request line, or else `url`, its target; `server`: the receiving address."""
    address, own_port = host_and_port(client or "")
    peer = ip_of(address or "")
    source = _client_behind(peer, forwarded)
    if source != peer:
        port = own_port = None
    url = url if request is None else target_of(request)
    named = None if source or not address else address
    return event_between(
        (source, (port if port is not None else own_port) or None),
        (ip_of(server or ""), server_port),
        time=time,
        kind=EventKind.WEB,
        observer=observer,
        device_name=named if named and "." not in named else None,
        user=stated(user),
        domain=_domain(site, request, url),
        url=stated(url),
        action=action_of(status),
        way=Way.CALLED,
    )


def stated_request(found: Groups, context: FileContext, *, time: datetime | None = None) -> Event:
    """Return the event of a line's groups, named as the arguments of `request_event`; others are an error.

    `ip`: a client that the caller knows for an address; `server`: with its port, or with `server_port`.
    `time`: in place of the group's. Raises LineError for an impossible time."""
    values: dict[str, Any] = {name: value for name, value in found.items() if value is not None}
    written = values.pop("time", None)
    server, port = host_and_port(values.pop("server", ""))
    return request_event(
        values.pop("ip", None) or values.pop("client", None),
        port=port_of(values.pop("port", None)),
        server=server,
        server_port=port_of(values.pop("server_port", port)),
        time=time or request_time(written, context),
        **values,
    )


def _client_behind(peer: str | None, forwarded: str | None) -> str | None:
    """Return the client behind the unit's own proxies: the last external address listed, else the last.

    Each proxy appends its peer to X-Forwarded-For; entries before may be forged by the client. An external
    peer is itself the client, regardless of its claims."""
    text = stated(forwarded)
    if text is None or (peer is not None and not is_internal(peer)):
        return peer
    listed = [
        ip for part in text[-_FORWARDED_LONGEST:].split(",") if (ip := ip_of(host_and_port(part)[0] or ""))
    ]
    if not listed:
        return peer
    return next((ip for ip in reversed(listed) if not is_internal(ip)), listed[-1])


def target_of(request: str) -> str | None:
    """Return a request line's target, or the whole line if it is no HTTP (a scan)."""
    match = _REQUEST.fullmatch(request)
    if match and match[2] and not _OTHER_PROTOCOL.search(match[2][-20:]):
        return match[2]
    return stated(request) if request.strip("- ") else None


def _domain(site: str | None, request: str | None, url: str | None) -> str | None:
    """Return the site: the virtual host, else the host in the URL."""
    host = host_and_port(stated(site) or "")[0]
    if host:
        return host
    if request and request.startswith("CONNECT "):
        return host_and_port(url or "")[0]
    return host_of_url(url) if url and "://" in url else None


def action_of(status: str | None) -> Action:
    """Return whether the server served or refused, by the HTTP status."""
    text = (status or "").strip()
    if not (len(text) == 3 and text.isascii() and text.isdigit()):
        return Action.UNKNOWN
    return Action.BLOCKED if text in _REFUSED else Action.ALLOWED


def web_time(text: str, zone: tzinfo) -> datetime:
    """Parse `08/Jun/2026:06:49:01 +0700` or ISO 8601, in `zone` when none is stated. Raises LineError."""
    match = _CLF_TIME.fullmatch(text)
    if match is None:
        return from_iso(text, zone)
    day, month, year, clock, offset = match.groups()
    return from_iso(f"{year}-{MONTHS.get(month, 0):02d}-{day}T{clock}{offset or ''}", UTC if offset else zone)


def request_time(text: str | None, context: FileContext) -> datetime | None:
    """Parse a time as `web_time` does, or in any other spelling; None without one. Raises LineError."""
    if not text:
        return None
    known = TIME.fullmatch(text)
    return web_time(text, context.timezone) if known else LooseTimes(context).read(text)
