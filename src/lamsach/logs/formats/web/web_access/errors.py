"""Error logs of nginx, Apache, LiteSpeed, lighttpd, and request logs of application servers.

Each reader reads one shape and returns None for any other.

Source: nginx `ngx_errlog_module`, `ngx_mail_core_module`; Apache HTTP Server `ErrorLogFormat`; ModSecurity's
tags within either; OpenLiteSpeed "Server Log", and its WebAdmin console's failed log-ons; lighttpd
`mod_auth.c`, `mod_access.c`; NGINX Proxy Manager `log.conf`; HAProxy "Configuration Manual" chapter 8; Gin
`logger.go`; uWSGI "Formatting uWSGI requests logs"; Rails `Rails::Rack::Logger`; Zoraxy
`src/mod/info/logger`; Amazon S3 "Server access log format"; LTSV (http://ltsv.org, its recommended labels for
web servers). Traps: `format.py`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lamsach.logs.base import FileContext
from lamsach.logs.mappings.sentences import found_in
from lamsach.logs.mappings.web_requests import (
    CLF,
    STRING,
    TIME,
    request_event,
    request_time,
    stated_request,
    target_of,
    web_time,
)
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import host_and_port, ip_of, port_of
from lamsach.model import Event, EventKind

# 2026/01/24 16:33:06 [error] 334#334: *338 user "x": password mismatch, client: 192.0.2.1, server: ..
_NGINX_ERROR = re.compile(
    r"(?as)(\d{4}/\d{2}/\d{2} \d{2}:\d{2}:\d{2}) \[[a-z]{3,8}\] \d{1,10}#\d{1,10}: "
    r"(?:\*\d{1,20} )?(.*)"
)
_NGINX = (
    re.compile(r"(?:, client: |^client |\[client )(?P<client>[0-9A-Fa-f:.\[\]]{2,60}?)(?=[\s,\]]|$)"),
    re.compile(r"(?:, server: |connected to )(?P<server>[^\s,]{1,255})"),
    re.compile(rf", request: {STRING.replace('(', '(?P<url>', 1)}", re.DOTALL),
    re.compile(r', host: "(?P<site>[^"]{1,255})"'),
    re.compile(r'(?:, login: "(?P<user>[^"]{1,255})"|^user "(?P<user2>[^"]{1,255})")'),
)
# [Wed Jun 03 14:32:52.123456 2026] [core:error] [pid 35708:tid 437] [client 192.0.2.1:5678] AH00135: ...
# [2026-06-03 14:32:52.123456] [core:error] [pid 35708] [client 192.0.2.1:5678] ...
# [error] [client 192.0.2.1] user alice not found: /x   (ErrorLog syslog, whose header states the time)
_LEVEL = r"(?:error|warn|notice|info|crit|alert|emerg|debug)"
_APACHE_ERROR = re.compile(
    r"(?as)(?:\[(?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}(?:\.\d{1,6})? \d{4})\] "
    rf"|\[(?P<other>\d{{4}}-\d{{2}}-\d{{2}} \d{{2}}:\d{{2}}:\d{{2}}(?:\.\d{{1,6}})?|{CLF})\] "
    rf"(?=(?:\[[^\]]{{1,100}}\] ){{0,4}}\[(?:pid|client|remote) )|(?=\[\w{{0,40}}:?{_LEVEL}\] "
    rf"\[(?:pid|client) ))(?P<tags>(?:\[[^\]]{{1,100}}\] ){{1,5}})(?P<message>.*)"
)
_APACHE_CLIENT = re.compile(r"\[(?:client|remote) ([0-9A-Fa-f:.\[\]]{2,60}?)\] ")
# [client 2001:db8::7:4455]   (2.4; the last number is the port)
# AH01618: user alice not found: /x
_APACHE_USER = re.compile(
    r"(?ai)(?:AH\d{5}: )?user (\S{1,128}?)(?: not found:|: authentication failure|: password mismatch| in "
    r"realm| to )"
)
_QUOTED = re.compile(r'"[^"]*"')
_NGINX_REFUSES = re.compile(
    r"access forbidden|denied|mismatch|was not found in|login failed|no user/password was provided|limiting "
    r"(?:requests|connections)"
)
_TAGGED = re.compile(r'\[(hostname|uri) "([^"]{1,2000})"\]')


def nginx_error(text: str, context: FileContext) -> Event | None:
    """Read a line of nginx's error log."""
    match = _NGINX_ERROR.match(text) if "#" in text[:80] else None
    if match is None:
        return None
    found = found_in(match[2], *_NGINX)
    found["url"] = target_of(found.get("url", "")) or ""
    server = found.pop("server", "")
    found.setdefault("server" if ip_of(host_and_port(server)[0] or "") else "site", server)
    # a stranger's request may hold any word
    cause = _QUOTED.sub("", match[2].partition(", client: ")[0][:2000])
    if _NGINX_REFUSES.search(cause):
        found["status"] = "403"
    return stated_request(found, context, time=from_iso(match[1], context.timezone))


def apache_error(text: str, context: FileContext) -> Event | None:
    """Read a line of Apache's error log."""
    match = _APACHE_ERROR.match(text) if text[:1] == "[" else None
    if match is None:
        return None
    client = _APACHE_CLIENT.search(text, match.start("tags"), 1000)
    peer, port = client[1] if client else None, None
    # 2.4 always writes the port, also after IPv6
    if peer and peer.count(":") > 1 and "[pid " in match["tags"]:
        address, _, digits = peer.rpartition(":")
        port = port_of(digits)
        peer = address if port is not None else peer
    user = _APACHE_USER.match(match["message"])
    tags = dict(_TAGGED.findall(match["message"][:8192]))
    return request_event(
        peer,
        port=port,
        site=tags.get("hostname"),
        url=tags.get("uri"),
        user=user[1] if user else None,
        status="403" if user or "denied" in match["message"] else None,
        time=request_time(match["time"] or match["other"], context),
    )


# password doesn't match for /git/ username: alice
_LIGHTTPD = (
    re.compile(r"(?:username: |auth failed for +)(?P<user>.{1,128}?)(?:,| : |$)", re.ASCII),
    re.compile(r" for (?P<url>/\S{0,2000}) ", re.ASCII),
)
_SECONDS = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}"
_AT, _REQUEST, _URL = (
    rf"(?P<time>{CLF})",
    *(STRING.replace("(", f"(?P<{name}>", 1) for name in ("request", "url")),
)
_COLOUR = r"(?:\x1b\[[\d;]{0,12}m)?"
_SHAPES = tuple(
    (sign, re.compile(f"(?as){pattern}"))
    for sign, pattern in (
        # [24/Jan/2026:16:50:41 +0700] MISS 304 304 - GET http site.example "/" [Client 192.0.2.1] ..
        ("[Client ", rf"^\[{_AT}\] (?:\S{{1,20}} ){{0,3}}?(?P<status>\d{{3}}) (?:- )?[A-Z]{{1,20}} https? "
            rf"(?P<site>\S{{1,255}}) {_URL} \[Client (?P<client>[^\]\s]{{2,60}})\]"),
        # [24/Jan/2026:16:50:41 +0700] [Client 192.0.2.1:51514] TCP 200 1024 ..   (NGINX Proxy Manager)
        # 192.0.2.1 [24/Jan/2026:16:50:41 +0700] TCP 200 1024 512 1.250 "10.0.0.3:22" "512" "1024" "0.001"
        ("] ", rf"^(?:\[{_AT}\] \[Client (?P<client>\S{{2,60}})\]|(?P<client2>[0-9A-Fa-f.:]{{2,60}}) "
            rf"\[(?P<time2>{CLF})\]) (?P<stream>TCP|UDP) (?P<status>\d{{3}}) \d{{1,20}} \d{{1,20}} \d{{1,10}}"
            r"(?:\.\d{1,6})?(?: (?:\[Sent-to |\")(?P<server>[^\]\s\",]{2,60})[\]\",])?(?=\s|$)"),
        # Connect from 192.0.2.10:10285 to 10.0.0.1:443 (fe/HTTP)   (HAProxy)
        ("Connect from ", r"^Connect from (?P<client>\S{2,60}:\d{1,5}) to (?P<server>\S{2,60}:\d{1,5}) "
            r"\(\S{1,100}/\w{1,10}\)"),
        # [24/Jan/2026:16:50:41 +0700] 192.0.2.1 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 "GET / HTTP/1.1" 500
        ("v1", rf"^\[{_AT}\] (?P<client>\S{{2,60}}) (?:TLS|SSL)v[\d.]{{1,4}} \S{{1,80}} {_REQUEST}"),
        # [pid: 812|app: 0|req: 1/1] 192.0.2.1 (an) {40 vars in 500 bytes} [Thu Jun  4 09:00:01 2026] GET ..
        ("[pid: ", r"^\[pid: \d{1,10}\|app: [\d-]{1,10}\|req: [\d/-]{1,24}\] (?P<client>\S{2,45}) "
            r"\((?P<user>[^()]{0,128})\) \{[^{}]{0,80}\} \[(?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d "
            r"\d{2}:\d{2}:\d{2} \d{4})\] [A-Z]{3,20} (?P<url>\S{1,8192}) => generated .{1,80}? \(\S{4,10} "
            r"(?P<status>\d{3})\)"),
        # Started GET "/a?b" for 192.0.2.1 at 2026-06-04 09:00:01 +0700   (Rails)
        ("Started ", r"Started [A-Z]{3,10} \"(?P<url>[^\"]{1,8192})\" for (?P<client>[0-9A-Fa-f:.]{2,45}) "
            r"at (?P<time>\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} [+-]\d{4})"),
        # [2026-06-04 09:00:01.123456] [router:host-http] [origin:a.example] [client: 192.0.2.1] ..
        ("] [router:", r"^\[(?P<time>\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{1,9})\] \[router:[\w-]{1,40}\] "
            r"\[origin:(?P<site>[^\]]{0,255})\] \[client:? (?P<client>[0-9A-Fa-f:.\[\]]{2,60})\] "
            r"\[useragent:? .{0,2000}?\] [A-Z]{3,20} (?P<url>\S{1,8192}) (?P<status>\d{3})\s*$"),
        # [GIN] 2026/06/04 - 09:00:01 | 401 |     505.317us |       192.0.2.1 | POST     "/client"
        ("[GIN] ", r"^\[GIN\] (?P<time>\d{4}/\d{2}/\d{2} - \d{2}:\d{2}:\d{2}) \|%s {0,4}(?P<status>\d{3}) "
            r"{0,4}%s\| {0,20}[\wµμ.]{1,20} {0,20}\| {0,40}(?P<client>[0-9A-Fa-f:.]{2,45}) {0,4}\|%s "
            r"{0,4}[A-Z]{3,20} {0,8}%s {0,8}(?:\"(?P<url>[^\"\s]{1,8192})\"|(?P<url2>/\S{0,8192}))"
            .replace("%s", _COLOUR)),
        # 2026-06-08 22:44:57.123456 [1234] [STDERR] [WebAdmin Console] Failed Login Attempt - username:an ..
        ("Failed Login Attempt - ", rf"^(?P<time>{_SECONDS}(?:\.\d{{1,6}})?)[ \t]{{1,4}}(?=(?:\["
            rf"[^\]]{{1,40}}\][ \t]{{1,4}}){{0,4}}?(?:\[[0-9A-Fa-f:.]{{2,45}}:\d{{1,5}}[-:#\]]"
            rf"|\[WebAdmin Console\] )).{{0,4096}}?Failed Login Attempt - username:"
            r"(?P<user>.{0,128}?) ip:(?P<client>[0-9A-Fa-f:.]{2,45}) url:(?P<url>\S{0,2000})(?P<refused>)"),
        # 2026-06-08 22:44:57.123456 [NOTICE] [1234] [T0] [203.0.113.9:4455:HTTP2-1#site.example] File not ..
        # [203.0.113.9:4455-3#APVH_site.example:443]   a virtual host from Apache's settings
        ("] ", rf"^(?P<time>{_SECONDS}(?:\.\d{{1,6}})?)[ \t]{{1,4}}(?:\[[^\]]{{1,40}}\][ \t]{{1,4}}){{0,4}}?"
            r"\[(?P<ip>[0-9A-Fa-f:.]{2,45}?):(?P<port>\d{1,5})(?:[-:][^#\]]{0,40})?"
            r"(?:#(?:APVH_)?(?P<site>[^\]\s]{1,255}))?\]"),
        # 2026-06-08 22:44:57: (mod_auth.c.525) password doesn't match for /git/ username: al, IP: 203.0.113.9
        (".c.", rf"^(?:(?P<time>{_SECONDS}): )?\([\w-]{{1,40}}\.c\.\d{{1,5}}\) (?P<told>.{{1,4096}}?),? IP: "
            r"(?P<ip>[0-9A-Fa-f:.]{2,45})$"),
        # http: TLS handshake error from 192.0.2.1:51514: EOF   (Go)
        ("http: TLS handshake error from ", r"^(?:(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) "
            r")?http: TLS handshake error from (?P<client>\S{2,60}): "),
        # 79a5..2be bucket [06/Feb/2026:00:00:38 +0000] 192.0.2.3 arn:aws:.. 3E57427F3 REST.GET.OBJECT ..
        (" [", rf"^[0-9a-f]{{8,64}} (?P<observer>\S{{3,63}}) \[{_AT}\] (?P<client>[0-9A-Fa-f:.]{{2,45}}) "
            rf"(?:(?P<user>arn:\S{{1,300}})|\S{{1,300}}) \S{{1,64}} [A-Z]{{2,10}}\.[A-Z_.]{{3,40}} "
            rf"\S{{1,2048}} (?:{_REQUEST}|-) (?P<status>\d{{3}}|-)"),
    )
)  # fmt: skip
"""Shapes of requests: a text of every such line, and a pattern whose groups are those of `stated_request`.

`ip`: has to be an address; `told`: a failed log-on in words; `refused`: any such line is a refusal.

NGINX Proxy Manager, HAProxy, Apache's `ssl_request_log`, LiteSpeed, lighttpd, uWSGI, Rails, Zoraxy, Gin's
`Logger`, Go's HTTP server, Amazon S3; `stream`: connections forwarded undecoded (`ngx_stream_log_module`).
"""
_LABEL = re.compile(r"([a-z_]{2,20}):(.*)", re.ASCII | re.DOTALL)
_MOST_LABELS = 60
_LABELS = {
    "host": "client", "forwardedfor": "forwarded", "vhost": "site", "req": "request", "uri": "url",
    "user": "user", "status": "status",
}  # fmt: skip


def shaped(text: str, context: FileContext) -> Event | None:
    """Read a request of one of the shapes."""
    for sign, pattern in _SHAPES:
        match = pattern.search(text) if sign in text[:9000] else None
        if match is None:
            continue
        found = {name.rstrip("2"): value for name, value in match.groupdict().items() if value is not None}
        if ip_of(found.get("ip", "::")) is None:
            continue
        stream, found["time"] = found.pop("stream", None), found.get("time", "").replace(" - ", " ")
        if told := found.pop("told", None):
            found |= {"status": "401", **found_in(told, *_LIGHTTPD)}
        if found.pop("refused", None) is not None:
            found["status"] = "403"
        event = stated_request(found, context)
        return replace(event, kind=EventKind.CONNECTION) if stream else event
    return None


def ltsv(text: str, context: FileContext) -> Event | None:
    """Read LTSV: `time:..<TAB>host:192.0.2.1<TAB>req:GET /a HTTP/1.1<TAB>status:200`."""
    if "\t" not in text or "host:" not in text or ("req:" not in text and "uri:" not in text):
        return None
    cells = (_LABEL.match(cell) for cell in text.split("\t", _MOST_LABELS)[:_MOST_LABELS])
    fields = {cell[1]: cell[2] for cell in cells if cell}
    written = fields.get("time", "").strip("[]")
    if ip_of(fields.get("host", "")) is None or not TIME.fullmatch(written):
        return None
    found = {name: fields[label] for label, name in _LABELS.items() if label in fields}
    return stated_request(found, context, time=web_time(written, context.timezone))
