"""Access and error logs of web servers, reverse proxies, application servers and clouds.

Source: Apache HTTP Server "Log Files" and `mod_log_config`; nginx `ngx_http_log_module` and
`ngx_errlog_module`; Microsoft "W3C Logging" and "IIS Log File Format"; NGINX Proxy Manager `log.conf`;
HAProxy "Configuration Manual" chapter 8; Envoy "Access logging"; AWS "Access logs for your Application Load
Balancer" and "Classic Load Balancer"; W3C WD-logfile-960323. Traps:
- The client connects to the unit: a stranger is no device, and the Host header and URL are a stranger's text.
- X-Forwarded-For counts only behind a proxy of the unit's own: its last address that is not internal.
- IIS writes UTC, and `#Fields:` may change in the middle of a file; CloudFront separates columns by tabs.
- A virtual host may precede the client, or (lighttpd) follow it; HAProxy and nginx's error log state no zone.
- Non-HTTP data (`\\x16\\x03\\x01`, `batman`) replaces the request line.
- An AWS load balancer states the time of the request (the time before its actions) and of the answer: the
  former counts.
- Squid's `combined` lines look alike but end in a result code: they are not read here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import placed
from lamsach.logs.formats.web.web_access import json as web_json
from lamsach.logs.formats.web.web_access import text as web_text
from lamsach.logs.mappings.records import Cells, Fields, Header, Records, Table
from lamsach.logs.mappings.web_requests import request_event, web_time
from lamsach.logs.text.syslog import NO_HEADER, SyslogHeader, split_header
from lamsach.logs.text.times.timestamps import from_epoch, from_iso
from lamsach.logs.text.values import ip_of, port_of
from lamsach.logs.text.w3c import METHODS, REQUEST_COLUMNS, W3cColumns, default_columns, names_requests
from lamsach.model import Event

# 2026-06-02 00:00:01 10.0.0.5 GET /a - 443 - 203.0.113.7 Mozilla/5.0 - 200 0 0 15
# 00:01:02 203.0.113.7 GET /a 200     2026-06-02 00:00:01 SGN50 392 203.0.113.7 GET d1.example /a 200 (tabs)
_ROW = re.compile(
    r"(?a)(?:\d{4}-\d{2}-\d{2}[ \t])?\d{2}:\d{2}:\d{2}[ \t](?:(?!\S{1,63}:[ \t])\S{1,64}[ \t]){0,5}?"
    rf"(?:{'|'.join(sorted(METHODS))})[ \t](?:[\w.-]{{1,255}}\t)?(?:/|\*|-)"
)
_ROW_SIGNS = (" GET /", " POST /", " HEAD /", " PUT /", " OPTIONS /", " PROPFIND /")
_DATED = re.compile(r"(?:\d{4}-\d{2}-\d{2}[ \t])?\d{2}:\d{2}:\d{2}[ \t]", re.ASCII)
_SOFTWARE = ("#Software: Microsoft Internet Information Services", "#Software: Microsoft HTTP API")
_PROXY = frozenset({"cs-uri-scheme", "r-host", "r-ip", "s-supplier-ip", "sc-filter-result"})


# 192.0.2.1 - lan [08/Jun/2026:06:49:01 +0700] "GET /a HTTP/1.1" 200 803 "-" "agent"
_COMMON = ("client", "identity", "user", "stamp", "zone", "request", "status", "size")
_SHAPES = {
    "client": r"^(?:[0-9.]{7,15}|[0-9A-Fa-f:]{3,39})$", "identity": "^-$", "user": r"^[^\s\[\]{}\"]{1,64}$",
    "stamp": r"^\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2}$", "zone": r"^[+-][0-9]{4}\]$",
    "status": "^[0-9]{3}$", "size": "^(?:[0-9]{1,18}|-)$", "date": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "time": "^[0-9]{2}:[0-9]{2}:[0-9]{2}$"
}  # fmt: skip
_PLAIN_REQUEST = re.compile(r"[A-Z]{3,16} /[!-~]* HTTP/\d(?:\.\d)?", re.ASCII)


class WebAccess(LogFormat):
    """Access logs (common, combined, virtual hosts, W3C, JSON of Caddy, Envoy, Traefik, nginx, Kong, GitLab,
    Google Cloud, Azure, AWS WAF; LTSV; uWSGI, Rails, Gin, Confluence, S3) and error logs, also
    lighttpd's; load balancers of AWS (application, classic, network), CloudFront, LiteSpeed's server log,
    Istio.

    The client connects to the unit: a stranger is no machine of the unit; X-Forwarded-For counts only behind
    the unit's own proxy.
    """

    name = "web_access"
    title = "Web servers (IIS, nginx, Apache, HAProxy and others)"
    gives = fields_named("contact device_name user domain url action")
    header_prefix = "#"
    records = Records(
        reader="cells",
        ports=("client", "c-ip", "c-port", "s-ip", "s-port", "cs-host"),
        texts=("request", "user", "cs-uri-stem", "cs-uri-query", "cs-username"),
        clock=("stamp", "zone", "date", "time"),
        cells=Cells(
            delimiter=" ",
            layouts={2: _COMMON, 6: (*_COMMON, "referrer", "agent")},
            shapes=_SHAPES,
            rare=("\\", "\t", '="', " TCP", " UDP", " NONE", " TAG"),  # Squid's lines end in a result code
        ),
    )

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        own = [line for line in context.head if names_requests(line) or line.startswith("#Date:")]
        self._columns = W3cColumns((), own)
        self._stated = any(map(names_requests, own))

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a shape of text or JSON, a W3C row with a method and a path, or a `#` line of IIS."""
        start = line[:1]
        if start == "#":
            return (
                line.startswith(_SOFTWARE)
                or names_requests(line)
                or line.startswith(("#Version: 1.0", "#Date: "))
            )
        if start.isdigit() and _ROW.match(line):
            return True
        if web_json.is_request(line):
            return True
        if any(sign in line for sign in _ROW_SIGNS) and _ROW.match(_message(line)):
            return True
        if not web_text.may_be_request(line):
            return False
        message = _message(line)
        return web_text.is_request(message) or (message != line and web_text.is_request(_message(message)))

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Below headings, count rows with the method in any column."""
        fields = next((line for line in head if line.startswith("#Fields:") and names_requests(line)), None)
        if fields is None:
            return super().score(head)
        tabs = len(fields.split()) - 2
        return sum(
            line.startswith("#") or _DATED.match(line) is not None or line.count("\t") == tabs
            for line in head
        ) / len(head)

    @property
    def table(self) -> Table | None:
        """Columns by the headings so far, for requests to a server itself; None without headings."""
        names = self._columns.names
        plain = names[:2] == ("date", "time") and "c-ip" in names and _PROXY.isdisjoint(names)
        return Table(None, names, delimiter=" ") if self._stated and plain else None

    def record_event(self, fields: Fields, header: Header) -> Event | None:
        """See `Records`."""
        if "request" not in fields:
            event = _w3c(fields)
            if ip_of(fields.get("c-ip", "")) is None:
                raise LineError("The line is not of this product.", "")
        elif _PLAIN_REQUEST.fullmatch(fields["request"]) is None:
            raise LineError("The line is not of this product.", "")
        else:
            event = request_event(
                fields["client"], request=fields["request"], user=fields["user"], status=fields["status"]
            )
            if event.source_ip is None:
                raise LineError("The line is not of this product.", "")
        return replace(event, time=self.record_time(fields))

    def record_time(self, fields: Fields) -> datetime | None:
        """See `Records`."""
        if "stamp" in fields:
            return web_time(f"{fields['stamp'][1:]} {fields['zone'][:-1]}", self.context.timezone)
        return from_iso(f"{fields.get('date')} {fields.get('time')}", UTC)

    def header(self, line: str) -> None:
        """See `LogFormat.header`."""
        if not line.startswith("#Fields:") or names_requests(line):
            self._columns.header(line)
            self._stated = self._stated or names_requests(line)

    def read(self, line: str) -> Event | None:
        """Read one request, or one error that names a client; None for a `#` line."""
        if line.startswith("#") and (self._stated or self.recognises(line)):
            return None
        event, header = self._event(line)
        return placed(event, header.time, header.host)

    def _event(self, line: str) -> tuple[Event, SyslogHeader]:
        if (_DATED if self._stated else _ROW).match(line) or self._has_columns(line):
            return self._row(line), NO_HEADER
        header, message = split_header(line, self.context)
        event = web_text.read_request(message, self.context) if web_text.may_be_request(line) else None
        if event is None and header is not NO_HEADER:  # a container runtime's header after another
            event = web_text.read_request(_message(message), self.context)
        if event is None and header.time is not None and _ROW.match(message):
            event = self._row(message)
        if event is None and web_json.is_request(line):
            event = web_json.read_request(line, self.context)
        if event is None:
            raise LineError("The line is not of this product.", line[:80])
        return event, header

    def _has_columns(self, line: str) -> bool:
        """Return whether a line without leading date has as many columns as the headings (TMG)."""
        return (line[:1] == '"' or self._columns.names[:1] not in (("date",), ("time",))) and self._fits(line)

    def _fits(self, text: str) -> bool:
        """Return whether the row has as many values as the headings have names."""
        return self._stated and len(self._columns.cells(text)) == len(self._columns.names) > 1

    def _row(self, text: str) -> Event:
        values = self._columns.read(text) if self._stated else {}
        # no headings, or those of another file within this one
        if ip_of(values.get("c-ip", "")) is None and not self._fits(text):
            values = W3cColumns(default_columns(text.split())).read(text) or values
        if not REQUEST_COLUMNS & values.keys():
            raise LineError("The line is not of this product.", text[:80])
        if "time-local" in values:  # IIS Advanced Logging on the server's clock
            time = from_iso(f"{values.get('date-local')} {values['time-local']}", self.context.timezone)
        elif (stamp := values.get("timestamp", "")).isdecimal() and "time" not in values:
            time = from_epoch(stamp)
        else:
            date = values.get("date") or values.get("date-utc") or self._columns.date
            time = from_iso(f"{date} {values.get('time') or values.get('time-utc')}", UTC)
        return replace(_proxied(values) if _PROXY & values.keys() else _w3c(values), time=time)


def _w3c(values: Mapping[str, str]) -> Event:
    stem, query = values.get("cs-uri-stem") or values.get("cs-uri"), values.get("cs-uri-query")
    return request_event(
        values.get("c-ip"),
        port=port_of(values.get("c-port")),
        forwarded=(values.get("x-forwarded-for") or values.get("cs(x-forwarded-for)") or "").replace("+", ""),
        site=values.get("x-host-header") or values.get("cs-host") or values.get("cs(host)"),
        url=f"{stem}?{query}" if stem and query else stem,
        user=values.get("cs-username"),
        status=values.get("sc-status"),
        server=values.get("s-ip"),
        server_port=port_of(values.get("s-port") or values.get("cs-port")),
        observer=values.get("s-computername"),
    )


def _proxied(values: Mapping[str, str]) -> Event:
    """Read a proxy's request for a client of the unit (Blue Coat, TMG); `s-ip` is the proxy itself."""
    host = values.get("cs-host") or values.get("r-host")
    port = values.get("cs-uri-port") or values.get("r-port")
    path = f"{values.get('cs-uri-path', '')}{values.get('cs-uri-query', '')}"
    scheme = values.get("cs-uri-scheme", "http")
    url = values.get("cs-uri")
    if url is None and host:
        url = f"{host}:{port}" if scheme in ("tcp", "tunnel") else f"{scheme}://{host}{path or '/'}"
    far = (
        values.get("r-ip")
        or values.get("r-supplier-ip")
        or values.get("s-supplier-ip")
        or (host if ip_of(host or "") else None)
    )
    return request_event(
        values.get("c-ip"),
        port=port_of(values.get("c-port")),
        site=host,
        url=url,
        user=values.get("cs-username"),
        status="403"
        if "DENIED" in values.get("sc-filter-result", "") + values.get("s-action", "")
        else values.get("sc-status"),
        server=far if far and ip_of(far) else None,
        server_port=port_of(port),
        observer=values.get("s-computername") or values.get("s-ip"),
    )


def _message(line: str) -> str:
    """Strip a syslog header with any kind of time."""
    try:
        return split_header(line, _ANY)[1]
    except LineError:
        return line


_ANY = FileContext()
