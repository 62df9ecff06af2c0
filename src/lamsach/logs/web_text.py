"""The lines of text that web servers and reverse proxies write. Each reader knows one shape and gives None for any other.

Source and traps: `lamsach.logs.formats.web_access`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.timestamps import from_iso, local_time
from lamsach.logs.values import domain_of, host_and_port, ip_of, port_of
from lamsach.logs.web_errors import apache_error, nginx_error
from lamsach.logs.web_requests import request_event, target_of, web_time
from lamsach.model import Event

_STRING = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_STRINGS = re.compile(_STRING, re.DOTALL)
_CLF = r"\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?: [+-]\d{4})?"
_ISO = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?"
# www.unit.example 192.0.2.1 - lan [08/Jun/2026:06:49:01 +0700] "GET /a HTTP/1.1" 200 803 "-" "agent" "203.0.113.5"
_COMMON = re.compile(rf'([^"{{}}]{{1,700}}?) \[({_CLF}|{_ISO})\] {_STRING} (\d{{3}}|-)(?=\s|$)', re.DOTALL)
_PROXY_RESULT = re.compile(r" (?:TCP|UDP|NONE|TAG)[A-Z_]{0,60}:(?:HIER_)?[A-Z]{3}")
# [24/Jan/2026:16:50:41 +0700] MISS 304 304 - GET http site.example "/" [Client 192.0.2.1] [Length 0] [Gzip -] [Sent-to x] "agent" "-"
_PROXY_MANAGER = re.compile(
    rf"\[({_CLF})\] (?:\S{{1,20}} ){{0,3}}?(\d{{3}}) (?:- )?([A-Z]{{1,20}}) (https?) (\S{{1,255}}) {_STRING} \[Client ([^\]\s]{{2,60}})\]",
    re.DOTALL,
)
# https 2026-04-26T12:23:00.186641Z app/a/4 192.0.2.11:44740 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://a.example:443/x HTTP/1.1" "agent" ...
_BALANCER = re.compile(
    r"(?:(?:https?|h2|grpcs|wss?) (\S{20,35}) (\S{1,255}) )?(\S{2,60}:\d{1,5}) (\S{2,60}:\d{1,5}|-) (?:-?\d{1,9}(?:\.\d{1,9})? ){3}(\d{3}|-) (?:\d{3}|-) -?\d{1,20} -?\d{1,20} "
    + _STRING,
    re.DOTALL,
)
_CREATED = re.compile(r'" \d{1,6} (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z) "')
# 192.0.2.10:10285 [12/Mar/2026:06:56:28.088] fe~ be/srv1 0/0/0/1263/1264 200 20602 - - ---- 19/19/3/4/0 0/0 {a.example} "GET / HTTP/1.1"
_HAPROXY = re.compile(
    r"([0-9A-Fa-f:.]{2,60}):(\d{1,5}) \[(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}\.\d{3})\] (\S{1,200})(?: (\S{1,255}/\S{1,255}))?(.*)",
    re.ASCII | re.DOTALL,
)
_HAPROXY_STATUS = re.compile(r" [\d/+-]{5,80} (\d{3}|-1) [\d+]{1,20} ")
# [2026-04-15T20:17:00.310Z] "POST /api HTTP/2" 204 - 154 0 226 100 "192.0.2.28" "agent" "id" "site.example" "tcp://10.0.2.1:80"
_ENVOY = re.compile(rf"\[({_ISO})\] {_STRING} (\d{{1,3}}) (.*)", re.DOTALL)
# 192.0.2.114, -, 06/03/26, 7:55:20, W3SVC2, WEB01, 10.0.0.45, 4502, 163, 3223, 200, 0, GET, /a.gif, -,
_IIS_NATIVE = re.compile(
    r"([0-9A-Fa-f:.]{2,45}), ([^,]{0,128}), (\d{1,2}/\d{1,2}/\d{2,4}), +(\d{1,2}:\d{2}:\d{2}), (W3SVC\d{0,10}|MSFTPSVC\d{0,10}), ([^,]{1,64}), "
    r"([0-9A-Fa-f:.]{2,45}), \d{1,12}, \d{1,12}, \d{1,12}, (\d{1,3}), \d{1,10}, ([A-Za-z_]{1,20}), ([^,]{1,4096}), ?(.*)",
    re.ASCII,
)


def _common(text: str, context: FileContext) -> Event | None:
    """Common, combined and virtual-host layouts of Apache, nginx, LiteSpeed, Tomcat, Traefik, lighttpd, ingress-nginx."""
    match = _COMMON.match(text) if '] "' in text else None
    if match is None or _PROXY_RESULT.search(text, max(0, len(text) - 200)):
        return None
    ends = _ends(match[1])
    if ends is None:
        return None
    client, site, user, forwarded = ends
    strings = _STRINGS.findall(text[match.end() : match.end() + 16384])
    if forwarded is None and len(strings) > 2 and _is_address_list(strings[2]):
        forwarded = strings[2]
    return request_event(
        client,
        forwarded=forwarded,
        site=site,
        request=match[3],
        user=user,
        status=match[4],
        time=web_time(match[2], context.timezone),
    )


def _ends(prefix: str) -> tuple[str, str | None, str | None, str | None] | None:
    """Client, virtual host, user and X-Forwarded-For of what stands before the time; None when it is something else."""
    words = prefix.split()
    listed = []
    while words and words[0].endswith(","):
        listed.append(words.pop(0).rstrip(","))
    if not 1 <= len(words) <= 12:
        return None
    if listed:
        return words[0], None, _user(words), ", ".join([*listed, words[0]])
    if len(words) >= 3 and not _is_address(words[0]) and _is_address(words[1]):
        return words[1], words[0], _user(words[1:]), None
    if not (_is_address(words[0]) or words[0] == "-" or domain_of(words[0])) or len(words) < 2:
        return None
    site = (
        words[1]
        if len(words) > 2 and "." in words[1] and words[1][0] != "[" and not _is_address(words[1])
        else None
    )
    return words[0], site, _user(words), None


def _user(words: list[str]) -> str | None:
    return " ".join(words[2:]).removeprefix("- ") or None if len(words) > 2 else None


def _is_address(word: str) -> bool:
    return ip_of(host_and_port(word)[0] or "") is not None


def _is_address_list(text: str) -> bool:
    return 2 < len(text) <= 400 and all(_is_address(part.strip()) for part in text.split(","))


def _proxy_manager(text: str, context: FileContext) -> Event | None:
    match = _PROXY_MANAGER.match(text) if "] [Length " in text or "[Client " in text else None
    if match is None:
        return None
    return request_event(
        match[7], site=match[5], url=match[6], status=match[2], time=web_time(match[1], context.timezone)
    )


def _balancer(text: str, context: FileContext) -> Event | None:
    match = _BALANCER.match(text)
    if match is None:
        return None
    created = _CREATED.search(text, match.end())
    stated = created[1] if created else match[1]
    url = target_of(match[6]) or ""
    path = re.sub(r"^[a-z]{2,5}://[^/?#]{0,300}", "", url)
    server, server_port = host_and_port(match[4])
    return request_event(
        match[3],
        site=re.sub(r"^[a-z]{2,5}://|[/?#].*", "", url, flags=re.DOTALL) if "://" in url[:10] else None,
        url=path or "/",
        status=match[5],
        time=from_iso(stated, context.timezone) if stated else None,
        server=server,
        server_port=server_port,
        observer=match[2],
    )


def _haproxy(text: str, context: FileContext) -> Event | None:
    match = _HAPROXY.match(text)
    if match is None:
        return None
    rest = match[6]
    requests = _STRINGS.findall(rest[-8192:])
    status = _HAPROXY_STATUS.match(rest)
    request = requests[-1] if requests else None
    return request_event(
        match[1],
        port=port_of(match[2]),
        request=None if request == "<BADREQ>" else request,
        status=status[1] if status else None,
        time=web_time(match[3], context.timezone),
    )


# 192.0.2.10:10285 to 10.0.0.1:443 (fe/HTTP)
_CONNECT = re.compile(
    r"Connect from (\S{2,60}:\d{1,5}) to (\S{2,60}:\d{1,5}) \(\S{1,100}/\w{1,10}\)", re.ASCII
)


def _haproxy_connect(text: str, context: FileContext) -> Event | None:
    match = _CONNECT.match(text)
    if match is None:
        return None
    client, server = host_and_port(match[1]), host_and_port(match[2])
    return request_event(client[0], port=client[1], server=server[0], server_port=server[1])


# [24/Jan/2026:16:50:41 +0700] 192.0.2.1 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 "GET / HTTP/1.1" 500
_TLS_REQUEST = re.compile(
    rf"\[({_CLF})\] (\S{{2,60}}) (?:TLS|SSL)v[\d.]{{1,4}} \S{{1,80}} {_STRING}", re.DOTALL
)


def _tls_request(text: str, context: FileContext) -> Event | None:
    """Apache's `ssl_request_log`."""
    match = _TLS_REQUEST.match(text) if text[:1] == "[" and "v1" in text[:200] else None
    if match is None:
        return None
    return request_event(match[2], request=match[3], time=web_time(match[1], context.timezone))


def _envoy(text: str, context: FileContext) -> Event | None:
    match = _ENVOY.match(text) if text[:1] == "[" else None
    strings = _STRINGS.findall(match[4][:16384]) if match else []
    if match is None or len(strings) < 5:
        return None
    forwarded, _, _, site, upstream = strings[-5:]
    server, server_port = host_and_port(upstream.rpartition("//")[2])
    clients = [part.strip() for part in forwarded.split(",")]
    return request_event(
        clients[0],
        site=site,
        request=match[2],
        status=match[3],
        time=from_iso(match[1], context.timezone),
        server=server,
        server_port=server_port,
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
    _common,
    nginx_error,
    _proxy_manager,
    _balancer,
    _envoy,
    _haproxy,
    _haproxy_connect,
    _tls_request,
    apache_error,
    _iis_native,
)
_LEVELS = tuple(
    f"[{level}] " for level in ("error", "info", "warn", "notice", "crit", "alert", "emerg", "debug")
)
_MILLISECONDS = re.compile(r":\d{2}\.\d{3}\] ")


def may_be_request(line: str) -> bool:
    """A cheap look: false for almost every line that no reader reads."""
    if '"' in line and ('] "' in line or "[Client " in line or ("://" in line and " HTTP/" in line)):
        return True
    if "Connect from " in line or ("v1" in line and "] " in line and '"' in line):
        return True
    if "[client " in line or ("] [" in line and "[pid " in line):
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
    """Whether the line has one of the shapes."""
    try:
        return read_request(text, _ANY) is not None
    except LineError:
        return True


_ANY = FileContext()
