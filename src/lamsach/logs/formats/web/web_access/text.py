"""The lines of text that web servers and reverse proxies write. Each reader knows one shape and gives None for any other.

Source and traps: `lamsach.logs.formats.web.web_access.format`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.web.web_access.apps import gin, handshake, labelled, rails, store, uwsgi, zoraxy
from lamsach.logs.formats.web.web_access.errors import (
    apache_error,
    lighttpd_error,
    litespeed_error,
    nginx_error,
)
from lamsach.logs.formats.web.web_access.layouts import common, time_first, tls_request, unquoted
from lamsach.logs.formats.web.web_access.proxies import (
    balancer,
    envoy,
    haproxy,
    haproxy_connect,
    network_balancer,
    proxy_manager,
    stream,
)
from lamsach.logs.mappings.web_requests import request_event
from lamsach.logs.text.times.timestamps import local_time
from lamsach.model import Event

# 192.0.2.114, -, 06/03/26, 7:55:20, W3SVC2, WEB01, 10.0.0.45, 4502, 163, 3223, 200, 0, GET, /a.gif, -,
_IIS_NATIVE = re.compile(
    r"([0-9A-Fa-f:.]{2,45}), ([^,]{0,128}), (\d{1,2}/\d{1,2}/\d{2,4}), +(\d{1,2}:\d{2}:\d{2}), (W3SVC\d{0,10}|MSFTPSVC\d{0,10}), ([^,]{1,64}), "
    r"([0-9A-Fa-f:.]{2,45}), \d{1,12}, \d{1,12}, \d{1,12}, (\d{1,3}), \d{1,10}, ([A-Za-z_]{1,20}), ([^,]{1,4096}), ?(.*)",
    re.ASCII,
)


def _iis_native(text: str, context: FileContext) -> Event | None:
    match = _IIS_NATIVE.match(text) if ", W3SVC" in text[:150] or ", MSFTPSVC" in text[:150] else None
    if match is None:
        return None
    query = match[11].strip().rstrip(",")
    return request_event(
        match[1],
        url=f"{match[10]}?{query}" if query not in ("", "-") else match[10],
        user=match[2],
        status=match[8],
        time=_american(match[3], match[4], context),
        server=match[7],
        observer=match[6],
    )


def _american(date: str, clock: str, context: FileContext) -> datetime:
    """Month/day/year on the server's clock."""
    month, day, year = map(int, date.split("/"))
    hour, minute, second = map(int, clock.split(":"))
    return local_time(
        year if year > 99 else 2000 + year, month, day, hour, minute, second, 0, context.timezone
    )


_READERS: tuple[Callable[[str, FileContext], Event | None], ...] = (
    common,
    nginx_error,
    proxy_manager,
    stream,
    balancer,
    network_balancer,
    envoy,
    haproxy,
    haproxy_connect,
    tls_request,
    time_first,
    unquoted,
    zoraxy,
    apache_error,
    litespeed_error,
    lighttpd_error,
    gin,
    handshake,
    _iis_native,
    uwsgi,
    rails,
    store,
    labelled,
)
_LEVELS = tuple(
    f"[{level}] " for level in ("error", "info", "warn", "notice", "crit", "alert", "emerg", "debug")
)
_MILLISECONDS = re.compile(r":\d{2}\.\d{3}\] ")


def may_be_request(line: str) -> bool:
    """A cheap look: false for almost every line that no reader reads."""
    if '"' in line and ('] "' in line or "[Client " in line or ("://" in line and " HTTP/" in line)):
        return True
    if "[GIN] " in line[:400] or (".c." in line[:400] and ") " in line and " IP: " in line):
        return True
    if "Connect from " in line or ("v1" in line and "] " in line and '"' in line):
        return True
    if "] [router:" in line[:160] or "http: TLS handshake error from " in line[:240]:
        return True
    if "[client " in line or ("] [" in line and "[pid " in line) or "Failed Login Attempt - " in line:
        return True
    if line.startswith(("tls ", "20")) and (" net/" in line[:60] or "] [" in line[:60] or "\t[" in line[:60]):
        return True
    if '"- ' in line and "Z " in line[:60]:
        return True
    if (line[:1] == "[" or "] " in line) and " HTTP/" in line:
        return True
    if "] TCP " in line or "] UDP " in line or ("[Client " in line and "[Sent-to " in line):
        return True
    if (
        "[pid: " in line
        or ("Started " in line and '" for ' in line)
        or ("\thost:" in line and "\tstatus:" in line)
    ):
        return True
    if "] " in line and ' "' in line and (" REST." in line or " WEBSITE." in line):
        return True
    if "#" in line and any(level in line for level in _LEVELS):
        return True
    return (
        ", W3SVC" in line
        or ", MSFTPSVC" in line
        or ("] " in line and _MILLISECONDS.search(line, 0, 400) is not None)
    )


def read_request(text: str, context: FileContext) -> Event | None:
    """The request in a line of text; None when the line has none of the shapes. LineError for an impossible time."""
    for reader in _READERS:
        event = reader(text, context)
        if event is not None:
            return event
    return None


def is_request(text: str) -> bool:
    """Return whether the line has one of the shapes."""
    try:
        return read_request(text, _ANY) is not None
    except LineError:
        return True


_ANY = FileContext()
