"""URLs: their canonical text, and which of them are refused.

Canonical is: scheme and host in lower case, the host an address in canonical text or A-labels, no user name
and password, no default port, no fragment, no `/` at the end of a path without a query. A value that a list
gives without a scheme (`evil.example/x`) keeps none: it means any scheme. Path and query stay byte for byte.
"""

from __future__ import annotations

import re

from lamsach.indicators.values import refusals
from lamsach.indicators.values.addresses import host_address, internal_reason
from lamsach.indicators.values.domains import INTERNAL_TOP_LEVELS, suffixes, to_ascii_domain
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType

DEFAULT_PORTS = {
    "http": "80",
    "https": "443",
    "ftp": "21",
    "ws": "80",
    "wss": "443",
    "ftps": "990",
    "sftp": "22",
}
"""The ports that a URL of each scheme means when it names none (WHATWG URL, "special scheme").

Its keys are the schemes taken.
"""

MAX_URL_LENGTH = 8192

_URL = re.compile(
    r"(?:([a-z][a-z0-9+.-]{1,20}):/{2,4})?([^/?#\\]{1,512})([^#]*)", re.IGNORECASE | re.ASCII | re.DOTALL
)
_ENDS = "/\"'`‘’“”«».,;"
"""Ends that a path loses: a slash, quotes around the value and a sentence's marks."""
_CLOSING = ("]", ")", "}", ">")
"""Brackets that a path does not end with where none is opened."""
_ENCODED_POINT = re.compile("%2e", re.IGNORECASE)
_HOST_PORT = re.compile(r"(\[[0-9a-f:.]{2,45}(?:%25?\w{1,20})?\]|[^:\[\]]+)(?::([0-9]{0,5}))?", re.IGNORECASE)


def split_url(value: str) -> tuple[str, str, str]:
    """Split a canonical URL: scheme (or empty), host with port, rest (empty, or from `/` or `?` on)."""
    scheme, separator, rest = value.partition("://")
    if not separator or "/" in scheme or "?" in scheme:
        scheme, rest = "", value
    cut = min((place for place in (rest.find("/"), rest.find("?")) if place >= 0), default=len(rest))
    return scheme, rest[:cut], rest[cut:]


def canonical_url(text: str, *, strict: bool = True) -> str:
    """The canonical text of a URL, with or without a scheme. Raises Refused.

    `strict` refuses hosts whose last label is no top-level domain.
    """
    cleaned = text.strip().translate({9: None, 10: None, 13: None})
    match = _URL.fullmatch(cleaned.partition("#")[0])
    if match is None or len(cleaned) > MAX_URL_LENGTH:
        raise Refused(refusals.BAD_URL)
    scheme = (match[1] or "").lower()
    if not scheme and match[3][:2].replace("\\", "/") == "//":
        raise Refused(refusals.BAD_URL)
    if scheme and scheme not in DEFAULT_PORTS:
        raise Refused(refusals.URL_SCHEME)
    host_port = _HOST_PORT.fullmatch(match[2].rpartition("@")[2])
    if host_port is None:
        raise Refused(refusals.BAD_URL)
    port = (host_port[2] or "").lstrip("0")
    if port and int(port) > 65535:
        raise Refused(refusals.BAD_URL)
    if port == DEFAULT_PORTS.get(scheme):
        port = ""
    host, reason = _host(_ENCODED_POINT.sub(".", host_port[1]), strict=strict)
    value = (f"{scheme}://" if scheme else "") + host + (f":{port}" if port else "") + _path(match[3])
    if reason is not None:
        raise Refused(reason, value, IndicatorType.URL)
    return value


def _path(rest: str) -> str:
    path, mark, query = rest.replace(" ", "%20").partition("?")
    path = path.replace("\\", "/")
    if mark:
        return (path or "/") + mark + query
    path = path.rstrip(_ENDS)
    if path.endswith(_CLOSING) and not any(mark in path for mark in "[({<"):
        path = path.rstrip(_ENDS + "".join(_CLOSING))
    return path


def _host(host: str, *, strict: bool) -> tuple[str, str | None]:
    """The canonical host, and why it is refused (or None)."""
    host = host.strip().lower()
    address = host_address(host)
    if address is not None:
        text = f"[{address}]" if address.version == 6 else str(address)
        return text, internal_reason(address)
    name = to_ascii_domain(host)
    if name is None:
        raise Refused(refusals.BAD_URL)
    last = name.rpartition(".")[2]
    if last in INTERNAL_TOP_LEVELS or "." not in name:
        return name, refusals.INTERNAL_NAME
    if last not in suffixes().top_levels and (strict or not last[:1].isalpha()):
        return name, refusals.UNKNOWN_SUFFIX
    return name, None
