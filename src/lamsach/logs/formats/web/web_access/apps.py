"""The lines that application servers and stores write about requests. Each reader knows one shape and gives None for any other.

Source: Gin `logger.go`; uWSGI "Formatting uWSGI requests logs"; Rails `Rails::Rack::Logger`; Zoraxy `src/mod/info/logger`; Amazon S3 "Server access log format"; LTSV (http://ltsv.org, its
recommended labels for web servers). Traps: `lamsach.logs.formats.web.web_access.format`.
"""

from __future__ import annotations

import re

from lamsach.logs.base import FileContext
from lamsach.logs.mappings.web_requests import CLF, ISO, STRING, request_event, web_time
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.values import ip_of
from lamsach.model import Event

# [pid: 812|app: 0|req: 1/1] 192.0.2.1 (an) {40 vars in 500 bytes} [Thu Jun  4 09:00:01 2026] GET /a?b => generated 12 bytes in 3 msecs (HTTP/1.1 200) ...
_UWSGI = re.compile(
    r"\[pid: \d{1,10}\|app: [\d-]{1,10}\|req: [\d/-]{1,24}\] (\S{2,45}) \(([^()]{0,128})\) \{[^{}]{0,80}\} \[([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})\] "
    r"([A-Z]{3,20}) (\S{1,8192}) => generated .{1,80}? \(\S{4,10} (\d{3})\)",
    re.ASCII,
)
# Started GET "/a?b" for 192.0.2.1 at 2026-06-04 09:00:01 +0700
_RAILS = re.compile(
    r'Started ([A-Z]{3,10}) "([^"]{1,8192})" for ([0-9A-Fa-f:.]{2,45}) at (\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} [+-]\d{4})',
    re.ASCII,
)
# 79a5..2be bucket [06/Feb/2026:00:00:38 +0000] 192.0.2.3 arn:aws:... 3E57427F3 REST.GET.OBJECT a.zip "GET /a.zip HTTP/1.1" 200 - 113 ...
_STORE = re.compile(
    rf"[0-9a-f]{{8,64}} (\S{{3,63}}) \[({CLF})\] ([0-9A-Fa-f:.]{{2,45}}) (\S{{1,300}}) \S{{1,64}} [A-Z]{{2,10}}\.[A-Z_.]{{3,40}} \S{{1,2048}} (?:{STRING}|-) (\d{{3}}|-)",
    re.ASCII | re.DOTALL,
)
# [2026-06-04 09:00:01.123456] [router:host-http] [origin:a.example] [client: 192.0.2.1] [useragent: curl/8] GET /a?b 200
_ZORAXY = re.compile(
    r"\[(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{1,9})\] \[router:[\w-]{1,40}\] \[origin:([^\]]{0,255})\] \[client:? ([0-9A-Fa-f:.\[\]]{2,60})\] \[useragent:? .{0,2000}?\] "
    r"([A-Z]{3,20}) (\S{1,8192}) (\d{3})\s*$",
    re.ASCII,
)
# http: TLS handshake error from 192.0.2.1:51514: EOF   (servers written in Go: Traefik, Caddy, Gitea and others)
_HANDSHAKE = re.compile(
    r"(?:(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) )?http: TLS handshake error from (\S{2,60}): ",
    re.ASCII,
)
# [GIN] 2026/06/04 - 09:00:01 | 401 |     505.317µs |       192.0.2.1 | POST     "/client"   (colours on a terminal; before 1.6 a path without quotes)
_GIN = re.compile(
    r"\[GIN\] (\d{4}/\d{2}/\d{2}) - (\d{2}:\d{2}:\d{2}) \|(?:\x1b\[[\d;]{0,12}m)? {0,4}(\d{3}) {0,4}(?:\x1b\[[\d;]{0,12}m)?\| {0,20}[\w.µμ]{1,20} {0,20}\| {0,40}(\S{2,45}) "
    r'{0,4}\|(?:\x1b\[[\d;]{0,12}m)? {0,4}([A-Z]{3,20}) {0,8}(?:\x1b\[[\d;]{0,12}m)? {0,8}(?:"([^"\s]{1,8192})"|(/\S{0,8192}))'
)
_LABEL = re.compile(r"([a-z_]{2,20}):(.*)", re.ASCII | re.DOTALL)
_MOST_LABELS = 60


def uwsgi(text: str, context: FileContext) -> Event | None:
    """uWSGI's own layout."""
    match = _UWSGI.match(text) if text.startswith("[pid: ") else None
    if match is None:
        return None
    return request_event(
        match[1], user=match[2], url=match[5], status=match[6], time=LooseTimes(context).read(match[3])
    )


def rails(text: str, context: FileContext) -> Event | None:
    """The line with which Rails begins a request."""
    match = _RAILS.search(text[:9000]) if "Started " in text[:400] else None
    if match is None:
        return None
    return request_event(match[3], url=match[2], time=LooseTimes(context).read(match[4]))


def zoraxy(text: str, context: FileContext) -> Event | None:
    """The reverse proxy Zoraxy."""
    match = _ZORAXY.match(text) if "] [router:" in text[:60] else None
    if match is None:
        return None
    return request_event(
        match[3], site=match[2], url=match[5], status=match[6], time=LooseTimes(context).read(match[1])
    )


def gin(text: str, context: FileContext) -> Event | None:
    """The middleware `Logger` of programs written with Gin (Gotify, Ollama and others)."""
    match = _GIN.match(text) if text.startswith("[GIN] ") else None
    if match is None or ip_of(match[4]) is None:
        return None
    time = LooseTimes(context).read(f"{match[1]} {match[2]}")
    return request_event(match[4], url=match[6] or match[7], status=match[3], time=time)


def handshake(text: str, context: FileContext) -> Event | None:
    """A client with which Go's HTTP server could not agree on TLS."""
    match = _HANDSHAKE.match(text) if "http: TLS handshake error from " in text[:80] else None
    if match is None:
        return None
    return request_event(match[2], time=LooseTimes(context).read(match[1]) if match[1] else None)


def store(text: str, context: FileContext) -> Event | None:
    """Amazon S3."""
    match = _STORE.match(text)
    if match is None:
        return None
    return request_event(
        match[3],
        user=match[4] if match[4].startswith("arn:") else None,
        request=match[5],
        status=match[6],
        time=web_time(match[2], context.timezone),
        observer=match[1],
    )


def labelled(text: str, context: FileContext) -> Event | None:
    """LTSV: `time:..<TAB>host:192.0.2.1<TAB>req:GET /a HTTP/1.1<TAB>status:200`."""
    if "\t" not in text or "host:" not in text or ("req:" not in text and "uri:" not in text):
        return None
    cells = (_LABEL.match(cell) for cell in text.split("\t", _MOST_LABELS)[:_MOST_LABELS])
    fields = {cell[1]: cell[2] for cell in cells if cell}
    written = fields.get("time", "").strip("[]")
    if ip_of(fields.get("host", "")) is None or not _TIME.fullmatch(written):
        return None
    return request_event(
        fields["host"],
        forwarded=fields.get("forwardedfor"),
        site=fields.get("vhost"),
        request=fields.get("req"),
        url=fields.get("uri"),
        user=fields.get("user"),
        status=fields.get("status"),
        time=web_time(written, context.timezone),
    )


_TIME = re.compile(rf"{CLF}|{ISO}", re.ASCII)
