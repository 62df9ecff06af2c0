"""Lines of text of reverse proxies and load balancers.

Each reader reads one shape and returns None for any other.

Source: HAProxy "Configuration Manual" chapter 8; Envoy "Access logging" and
Istio's default format; AWS "Access logs for your Application / Classic / Network Load Balancer". Traps:
`format.py`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC

from lamsach.logs.base import FileContext
from lamsach.logs.events.ends import Way, changed, decide
from lamsach.logs.mappings.web_requests import (
    ISO,
    STRING,
    STRINGS,
    request_event,
    stated_request,
    target_of,
    web_time,
)
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import domain_of, host_and_port, port_of
from lamsach.model import Event, EventKind

# https 2026-04-26T12:23:00.186641Z app/a/4 192.0.2.11:44740 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 ..
_BALANCER = re.compile(
    r"(?:(?:(?:https?|h2|grpcs|wss?) )?(?P<time>\S{20,35}) (?P<observer>\S{1,255}) )?(?P<client>\S{2,60}):"
    r"(?P<port>\d{1,5}) (?:(?P<server>\S{2,60}):(?P<server_port>\d{1,5})|-) (?:-?\d{1,9}(?:\.\d{1,9})? ){3}"
    r"(?P<status>\d{3}|-) (?:\d{3}|-) -?\d{1,20} -?\d{1,20} " + STRING.replace("(", "(?P<url>", 1),
    re.DOTALL,
)
_CREATED = re.compile(r'" (?:\d{1,6}|-) (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z) "')
_SITE_AND_PATH = re.compile(r"[a-z]{2,5}://([^/?#]{0,300})(.*)", re.DOTALL)
# tls 2.0 2026-12-20T02:59:40 net/lb/c6e 7a1 192.0.2.8:51341 10.0.1.5:443 5 2 98 246 - arn:x - ECDHE ..
_NETWORK_BALANCER = re.compile(
    rf"(?as)tls \d\.\d (?P<time>{ISO}) (?P<observer>\S{{1,255}}) \S{{1,64}} (?P<client>\S{{2,60}}):"
    r"(?P<port>\d{1,5}) (?:(?P<server>\S{2,60}):(?P<server_port>\d{1,5})|-) (?:\S{1,400} ){10}"
    r"(?P<site>\S{1,255})(?P<rest>.*)"
)
_CREATED_AT_END = re.compile(rf"({ISO})\s*$", re.ASCII)
# 192.0.2.10:10285 [12/Mar/2026:06:56:28.088] fe~ be/srv1 0/0/0/1263/1264 200 20602 - - ---- 19/19/3/4/0 ..
_HAPROXY = re.compile(
    r"(?as)([0-9A-Fa-f:.]{2,60}):(\d{1,5}) \[(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}\.\d{3})\] "
    r"(\S{1,200})(?: (\S{1,255}/\S{1,255}))?(.*)"
)
_HAPROXY_STATUS = re.compile(r" [\d/+-]{5,80} (\d{3}|-1) [\d+]{1,20} ")
# `option httpslog` ends in: 0/0000000000000000/0/0/0 a.example/TLSv1.3/TLS_AES_256_GCM_SHA384
_HAPROXY_SNI = re.compile(r' (\S{4,255})/(?:TLS|SSL)v[\d.]{1,4}/\S{1,80}(?=\s|$|")')
# [2026-04-15T20:17:00.310Z] "POST /api HTTP/2" 204 - 154 0 226 100 "192.0.2.28" "agent" "id" ..
# Istio goes on: outbound|80||a.b 10.0.2.9:33 10.0.0.1:443 192.0.2.28:4455 site.example default
_ENVOY = re.compile(rf"\[({ISO})\] {STRING} (\d{{1,3}}) (.*)", re.DOTALL)
_ISTIO_ENDS = re.compile(r" (?:\S{1,400}) (\S{1,80}) (\S{1,80}) (\S{1,80}) (\S{1,255}) \S{1,255}(?=\s|$)")


def balancer(text: str, context: FileContext) -> Event | None:
    """Read a line of AWS's application and classic load balancers."""
    match = _BALANCER.match(text)
    if match is None:
        return None
    found = match.groupdict()
    created, target = _CREATED.search(text, match.end()), found["url"]
    stated = created[1] if created else found["time"]
    broken = target.startswith("- ")  # no HTTP: `- http://a.example:80- -`, `- - - `
    whole = _SITE_AND_PATH.match(target.split(" ")[1] if broken else target_of(target) or "")
    path = whole[2] if whole else target_of(target)
    found["site"] = (whole[1].rstrip("-") if broken else whole[1]) if whole else None
    found["url"] = None if broken else path or "/"
    return stated_request(found, context, time=from_iso(stated, context.timezone) if stated else None)


def network_balancer(text: str, context: FileContext) -> Event | None:
    """Read a TLS connection of AWS's network load balancer; its time, in UTC, is at the line's end."""
    match = _NETWORK_BALANCER.match(text) if text.startswith("tls ") else None
    if match is None:
        return None
    found = match.groupdict()
    began = _CREATED_AT_END.search(found.pop("rest")[-60:])
    found["site"] = found["site"] if domain_of(found["site"]) else None
    time = from_iso(began[1] if began else found["time"], UTC)
    return replace(stated_request(found, context, time=time), kind=EventKind.TLS)


def haproxy(text: str, context: FileContext) -> Event | None:
    """Read HAProxy's HTTP, HTTPS and TCP layouts and its connection errors."""
    match = _HAPROXY.match(text)
    if match is None:
        return None
    rest = match[6]
    requests = STRINGS.findall(rest[-8192:])
    status = _HAPROXY_STATUS.match(rest)
    request = requests[-1] if requests else None
    sni = _HAPROXY_SNI.search(rest[-1024:])
    return request_event(
        match[1],
        port=port_of(match[2]),
        site=sni[1] if sni and domain_of(sni[1]) else None,
        request=None if request == "<BADREQ>" else request,
        status=status[1] if status else None,
        time=web_time(match[3], context.timezone),
    )


def envoy(text: str, context: FileContext) -> Event | None:
    """Read Envoy's default layout and Istio's."""
    match = _ENVOY.match(text) if text[:1] == "[" else None
    strings = list(re.finditer(STRING, match[4][:16384], re.DOTALL)) if match else []
    if match is None or len(strings) < 5:
        return None
    forwarded, _, _, site, upstream = (found[1] for found in strings[-5:])
    server, server_port = host_and_port(upstream.rpartition("//")[2])
    ends = _ISTIO_ENDS.match(match[4], strings[-1].end())
    clients = [part.strip() for part in forwarded.split(",")]
    peer = ends[3] if ends and forwarded == "-" else clients[0]
    if ends and server is None:
        server, server_port = host_and_port(ends[2])
    event = request_event(
        peer,
        site=site,
        request=match[2],
        status=match[3],
        time=from_iso(match[1], context.timezone),
        server=server,
        server_port=server_port,
    )
    named = domain_of(ends[4]) if ends and event.domain is None else None
    return decide(changed(event, domain=named), Way.CALLED, again=True) if named else event
