"""Lines of text of web servers and reverse proxies: common layout, variants, list of readers.

The variants are combined, virtual hosts, an administrator's own order, without quotes. Each reader reads one
shape and returns None for any other. Source and traps: `format.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.web.web_access import errors, proxies
from lamsach.logs.mappings.web_requests import (
    CLF,
    ISO,
    STRING,
    STRINGS,
    request_event,
    stated_request,
    web_time,
)
from lamsach.logs.text.times.timestamps import clock_time
from lamsach.logs.text.values import domain_of, host_and_port, ip_of
from lamsach.model import Event

# www.unit.example 192.0.2.1 - lan [08/Jun/2026:06:49:01 +0700] "GET /a HTTP/1.1" 200 803 "-" "agent" ..
_COMMON = re.compile(rf'(?s)((?:[^"{{}}]|""){{1,700}}?) \[({CLF}|{ISO})\] {STRING} (\d{{3}}|-)(?=\s|$)')
# 192.0.2.1 - - [08/Jun/2026:06:49:01 +0700] "GET /a?q=<b>"x"</b> HTTP/1.1" 404 196
_LOOSE_QUOTES = re.compile(
    rf'([^"{{}}]{{1,700}}?) \[({CLF}|{ISO})\] "([A-Z]{{3,20}} [^\s"]{{1,8192}}"[^\r\n]{{0,8192}}? HTTP/\d'
    rf'(?:\.\d)?)" (\d{{3}}|-)(?=\s|$)'
)
# 192.0.2.1 - - [08/Jun/2026:06:49:01 +0700] "GET /a/very/long/pa   (cut off by a relay)
_CUT = re.compile(
    rf'([^"{{}}]{{1,700}}?) \[({CLF}|{ISO})\] "([A-Z]{{3,20}} (?:/|[a-z]{{3,8}}://)[^\s"]{{0,16384}})(?: '
    rf'[HTP/.\d]{{0,8}})?(?:" ?(\d{{0,2}}))?$'
)
# ... "agent" rt=0.1 xff="203.0.113.5"
_NAMED_FORWARDED = re.compile(
    r' (?:xff|x_forwarded_for|http_x_forwarded_for|x-forwarded-for)[=:]"([^"]{2,400})"'
)
_PROXY_RESULT = re.compile(r" (?:TCP|UDP|NONE|TAG)[A-Z_]{0,60}:(?:HIER_)?[A-Z]{3}")


def common(text: str, context: FileContext) -> Event | None:
    """Read common, combined and virtual-host layouts of Apache, nginx, LiteSpeed, Traefik and others."""
    if text[:1] == '"':  # LiteSpeed's default puts the whole line in quotes
        text = text[1:]
    match = (_COMMON.match(text) or _LOOSE_QUOTES.match(text) or _CUT.match(text)) if '] "' in text else None
    if match is None or _PROXY_RESULT.search(text, max(0, len(text) - 200)):
        return None
    ends = _ends(match[1])
    if ends is None:
        return None
    client, site, user, forwarded = ends
    strings = STRINGS.findall(text[match.end() : match.end() + 16384])
    if forwarded is None:
        named = _NAMED_FORWARDED.search(text, match.end(), match.end() + 16384)
        listed = named[1] if named else strings[2] if len(strings) > 2 else ""
        forwarded = listed if _is_address_list(listed) else None
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
    """Split client, site, user and X-Forwarded-For before the time; None for other text."""
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
    if len(words) == 1:  # a layout with the client alone
        return (words[0], None, None, None) if _is_address(words[0]) else None
    if not (_is_address(words[0]) or words[0] == "-" or domain_of(words[0])):
        return None
    site = (
        words[1]
        if len(words) > 2 and "." in words[1] and words[1][0] != "[" and not _is_address(words[1])
        else None
    )
    return words[0], site, _user(words), None


def _user(words: list[str]) -> str | None:
    return " ".join(words[2:]).removeprefix("- ").replace('""', "") or None if len(words) > 2 else None


def _is_address(word: str) -> bool:
    return ip_of(host_and_port(word)[0] or "") is not None


def _is_name(word: str) -> bool:
    return (
        "." in word
        and not word.replace(".", "").isdigit()
        and not _is_address(word)
        and domain_of(word) is not None
    )


def _is_address_list(text: str) -> bool:
    return 2 < len(text) <= 400 and all(_is_address(part.strip()) for part in text.split(","))


# [24/Jan/2026:16:50:41 +0700] 0.003 "10.0.0.5:80" a.example 192.0.2.1 "GET / HTTP/2.0" 500 12
_TIME_FIRST = re.compile(rf"\[({CLF}|{ISO})\] ", re.ASCII)
_REQUEST_LINE = re.compile(r"[A-Z]{3,20} \S.{0,8192} HTTP/\d(?:\.\d)?", re.DOTALL)
_STATUS_AFTER = re.compile(r" (\d{3})(?=\s|$)", re.ASCII)


def time_first(text: str, context: FileContext) -> Event | None:
    """Read a custom layout that begins with the time and has the client outside quotes (NPMplus)."""
    match = _TIME_FIRST.match(text) if text[:1] == "[" and " HTTP/" in text else None
    if match is None:
        return None
    quoted = list(STRINGS.finditer(text[:16384], match.end()))[:8]
    request = next((found for found in quoted if _REQUEST_LINE.fullmatch(found[1])), None)
    if request is None:
        return None
    outside = STRINGS.sub(" ", text[match.end() : request.start()])[:1000]
    words = [word.strip("[]()") for word in outside.split()]
    client = next((word for word in words if ip_of(word)), None)
    # the latter is Skyhigh's
    if client is None or (words[-1].isdigit() and quoted[0].start() == match.end()):
        return None
    status = _STATUS_AFTER.match(text, request.end())
    return request_event(
        client,
        site=next((word for word in words if _is_name(word)), None),
        request=request[1],
        status=status[1] if status else None,
        time=web_time(match[1], context.timezone),
    )


# [24/Jan/2026:16:50:41 +0700] 192.0.2.1 - - a.example to: 10.0.0.9:80: GET /a HTTP/1.1 200 ...
# 192.0.2.1 - - [24/Jan/2026:16:50:41 +0700] GET /a HTTP/1.1 200 612 ...
_UNQUOTED = re.compile(
    rf"(?a)(?:([^\[\]\"{{}}]{{3,300}}?) \[({CLF}|{ISO})\]|\[({CLF}|{ISO})\] ([^\[\]\"{{}}]{{3,300}}?)) "
    rf"([A-Z]{{3,20}} \S{{1,8192}} HTTP/\d(?:\.\d)?) (\d{{3}}|-)(?=\s|$)"
)


def unquoted(text: str, context: FileContext) -> Event | None:
    """Read the common layout without quotes around the request."""
    match = _UNQUOTED.match(text) if " HTTP/" in text else None
    ends = _ends(match[1] or match[4]) if match else None
    if match is None or ends is None:
        return None
    client, site, user, forwarded = ends
    words = match[4].split() if match[4] else []
    # Confluence: user thread client
    if len(words) == 3 and not _is_address(words[0]) and _is_address(words[2]):
        client, site, user = words[2], None, words[0]
    elif match[4]:  # 192.0.2.1 - - a.example to: 10.0.0.9:80:
        site, user = next((word for word in match[4].split()[1:] if _is_name(word)), None), None
    return request_event(
        client,
        forwarded=forwarded,
        site=site,
        request=match[5],
        user=user,
        status=match[6],
        time=web_time(match[2] or match[3], context.timezone),
    )


# 192.0.2.114, -, 06/03/26, 7:55:20, W3SVC2, WEB01, 10.0.0.45, 4502, 163, 3223, 200, 0, GET, /a.gif, -,
_IIS_NATIVE = re.compile(
    r"(?a)(?P<client>[0-9A-Fa-f:.]{2,45}), (?P<user>[^,]{0,128}), (\d{1,2})/(\d{1,2})/(\d{2,4}), "
    r"+(\d{1,2}:\d{2}:\d{2}), (?:W3SVC|MSFTPSVC)\d{0,10}, (?P<observer>[^,]{1,64}), "
    r"(?P<server>[0-9A-Fa-f:.]{2,45}), \d{1,12}, \d{1,12}, \d{1,12}, (?P<status>\d{1,3}), \d{1,10}, "
    r"[A-Za-z_]{1,20}, (?P<url>[^,]{1,4096}), ?(?P<query>.*)"
)


def _iis_native(text: str, context: FileContext) -> Event | None:
    match = _IIS_NATIVE.match(text) if ", W3SVC" in text[:150] or ", MSFTPSVC" in text[:150] else None
    if match is None:
        return None
    found = match.groupdict()
    query = found.pop("query").strip().rstrip(",")
    if query not in ("", "-"):
        found["url"] += f"?{query}"
    month, day, year, clock = match.group(3, 4, 5, 6)
    time = clock_time(context, year if len(year) > 2 else f"20{year:0>2}", month, day, clock)
    return stated_request(found, context, time=time)


_READERS: tuple[Callable[[str, FileContext], Event | None], ...] = (
    common, errors.nginx_error, proxies.balancer, proxies.network_balancer, proxies.envoy, proxies.haproxy,
    errors.shaped, time_first, unquoted, errors.apache_error, _iis_native, errors.ltsv,
)  # fmt: skip
_LEVELS = tuple(
    f"[{level}] " for level in ("error", "info", "warn", "notice", "crit", "alert", "emerg", "debug")
)
_MILLISECONDS = re.compile(r":\d{2}\.\d{3}\] ")


def may_be_request(line: str) -> bool:
    """Test a line cheaply: false for almost every line that no reader reads."""
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
    """Read the request in a line; None when it has no known shape. LineError for an impossible time."""
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
