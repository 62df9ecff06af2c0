"""Requests to user-supplied addresses, safe from server-side request forgery (CWE-918).

The host is resolved once; each of its addresses has to be public, or in `LAMSACH_OUTGOING_NETWORKS`. The
connection goes to the checked address, so that DNS rebinding has no effect. Public addresses need https and a
valid certificate. No redirect is followed, no proxy of the environment is used, and the answer is limited.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from lamsach import __version__
from lamsach.errors import InputError, OutputError
from lamsach.i18n import mark
from lamsach.indicators.servers.client import trust
from lamsach.runtime.web_address import web_parts
from lamsach.runtime.web_client import WebClient, WebError

TIMEOUT_S = 10.0
ANSWER_BYTES = 100_000
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
"""RFC 6052 section 2.1, RFC 8215."""
_COMPATIBLE = ip_network("::/96")
"""RFC 4291 section 2.5.5.1: deprecated; systems that still map it to IPv4 would reach the inside."""
_NO_ADDRESS = mark("This is no address that the portal can write to.")
_FORBIDDEN = mark("The portal may not write to this address: it is private, or not https.")
_ALLOW = mark("An administrator may allow private networks by LAMSACH_OUTGOING_NETWORKS.")
_UNREACHED = mark("The address could not be reached.")


@dataclass(frozen=True, slots=True)
class Answer:
    """Host asked, status, and the beginning of the body."""

    host: str
    status: int
    body: bytes


def check(url: str) -> SplitResult:
    """Parse an address and check it before its host is resolved. InputError."""
    parts = web_parts(url) if url.isprintable() and " " not in url else None
    if parts is None or "@" in parts.netloc or parts.port == 0 or parts.fragment:
        raise InputError(_NO_ADDRESS, url[:100])
    try:
        literal = ip_address(parts.hostname or "")
    except ValueError:
        allowed = parts.scheme == "https" or bool(settings.OUTGOING_NETWORKS)
    else:
        allowed = _may(literal, parts.scheme)
    if not allowed:
        raise InputError(_FORBIDDEN, url[:100], _ALLOW)
    return parts


def _may(address: IPv4Address | IPv6Address, scheme: str) -> bool:
    """Return whether requests to an address are allowed; an embedded IPv4 address counts in its place."""
    if isinstance(address, IPv6Address):
        if address.scope_id is not None or address in _COMPATIBLE:
            return False
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if any(address in network for network in _NAT64):
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _may(inner, scheme)
    if any(address in network for network in settings.OUTGOING_NETWORKS):
        return True
    return scheme == "https" and address.is_global and not address.is_multicast


def _resolve(host: str, port: int, scheme: str) -> str:
    """Return the host's first address; all have to be allowed. InputError, OutputError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OutputError(_UNREACHED, host) from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(_may(ip_address(address), scheme) for address in addresses):
        raise InputError(_FORBIDDEN, host, _ALLOW)
    return addresses[0]


def _connect(
    proxy: tuple[str | None, int | None], scheme: str, goal: tuple[str, int], limit: float
) -> socket.socket:
    """Connect to the goal, or to the administrator's proxy. InputError for a forbidden goal."""
    host, port = goal
    if (host.lower(), port) != proxy:
        host = _resolve(host, port, scheme)
    return socket.create_connection((host, port), limit)


def client(timeout_s: float, proxy: str = "", ca_file: str = "") -> WebClient:
    """Build a client that checks the address of every connection, also of redirections.

    With a proxy, the proxy resolves names. OSError for unreadable certificates.
    """
    parts = urlsplit(proxy if "://" in proxy else f"//{proxy}") if proxy else None
    named = (parts.hostname, parts.port) if parts else (None, None)
    return WebClient(timeout_s, trust(ca_file), proxy, partial(_connect, named))


def ask(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int, timeout_s: float
) -> Answer:
    """Send a request; of the answer's body the first `most` bytes.

    InputError for a forbidden address, OutputError when it is not reached in time. Both name only the host.
    """
    host = check(url).hostname or ""
    try:
        with client(timeout_s).ask(method, url, headers, body) as answer:
            return Answer(host, answer.status, answer.beginning(most))
    except WebError as error:
        raise OutputError(_UNREACHED, f"{host}: {error.kind}") from error


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Post a body. InputError, OutputError as `ask`."""
    sent = {"User-Agent": f"lamsach/{__version__}", "Content-Type": "application/json", **headers}
    return ask("POST", url, sent, body, ANSWER_BYTES, TIMEOUT_S)
