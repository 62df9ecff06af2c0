"""Access logs as one JSON object a line: Caddy (with Coraza), Envoy, Traefik, nginx, Cloudflare.

Source: Caddy "log" directive and its `http.log.access` schema; Coraza audit messages; Envoy "Access logging"
(JSON dictionaries); Traefik "Access Logs" (fields); Google Cloud's load balancers (`httpRequest`), Azure's
Application Gateway and Front Door, AWS WAF, Kong, GitLab; nginx `log_format escape=json` by the names of its
variables; Cloudflare "HTTP requests" log fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.mappings.web_requests import request_event, request_time
from lamsach.logs.text.json_records import child, objects_of, read_object, text_of
from lamsach.logs.text.values import in_order, port_of
from lamsach.model import Event

_SIGNS: tuple[tuple[str, ...], ...] = (
    ('"http.log.access',), ("\thttp.log.access", '"remote_ip"'), (" http.log.access", '"remote_ip"'),
    ('"http.handlers.waf"', "[client "), ('"logger":"http.', '"request":{', '"remote_'),
    ('"logger":"http.', "TLS handshake error from "), ('":authority"', '"response_code"'),
    ('"authority"', '"response_code"', '"downstream_remote_address"'), ('"RequestPath"', '"ClientHost"'),
    ('"ClientRequestURI"', '"ClientIP"'), ('"remote_addr"', '"request"', '"status"'),
    ('"remote_addr"', '"request_uri"', '"status"'), ('"remote_addr"', '"request_method"', '"status"'),
    ('"remote_addr"', '"method"', '"status"'), ('"clientip"', '"request"', '"response"'),
    ('"clientip"', '"http_host"', '"status"'), ('"clientip"', '"upstreamhost"', '"status"'),
    ('"remote_ip"', '"request"', '"response"'), ('"remote_ip"', '"request"', '"status"'),
    ('"remote_ip"', '"method"', '"status"'), ('"client":"', '"request":"', '"status"'),
    ('"client":"', '"method"', '"status"', '"uri"'), ('"client_ip"', '"request":{', '"started_at"'),
    ('"httpRequest"', '"remoteIp"', '"requestUrl"'), ('"httpRequest"', '"clientIp"', '"httpMethod"'),
    ('"ApplicationGatewayAccess', '"clientIP"'), ('"FrontDoorAccessLog', '"clientIp"')
)  # fmt: skip
_CLIENT = in_order(
    "client_addr downstream_remote_address ClientAddr ClientHost ClientIP remote_addr clientip remote_ip "
    "client_ip client clientIP clientIp"
)
_PORT = ("clientPort", "remote_port", "ClientPort", "ClientSrcPort", "client_port")
# Traefik's ClientHost is X-Forwarded-For's address, if any; ClientAddr is the connecting client's
_FORWARDED = in_order(
    "http_x_forwarded_for x-forwarded-for x_forwarded_for x-forward-for xff request_X-Forwarded-For "
    "X-Forwarded-For ClientHost"
)
_SITE = in_order(
    "originalHost hostName :authority authority RequestHost RequestAddr ClientRequestHost http_host domain "
    "host vhost server_name requested_server_name"
)
_REQUEST = ("request",)
_URL = in_order(
    "x-envoy-origin-path x-envoy-original-path path :path RequestPath ClientRequestURI request_uri uri url "
    "requestUri"
)
_QUERY = ("requestQuery", "request_query", "query_string", "args")
_USER = ("ClientUsername", "remote_user", "auth", "user_name", "username", "user", "user_id")
_STATUS = in_order(
    "httpStatus httpStatusCode status response_code DownstreamStatus OriginStatus EdgeResponseStatus response"
)
_TIME = in_order(
    "start_time StartUTC EdgeStartTimestamp time_iso8601 @timestamp time_local timestamp time msec ts date "
    "started_at"
)
_SERVER = ("downstream_local_address", "server_addr")
_OBSERVER = ("hostname", "server_host")
# 2026/05/04 10:20:30.123	INFO	http.log.access.log0	handled request	{...}   (Caddy's console format)
_CONSOLE = re.compile(r"(\d{4})/(\d{2})/(\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)\s", re.ASCII)
# http: TLS handshake error from 192.0.2.1:51514: EOF   (Go's own server beneath Caddy)
_HANDSHAKE = re.compile(r"http: TLS handshake error from (\S{2,60}): ")
_CORAZA_CLIENT = re.compile(r'\[client "([0-9A-Fa-f:.]{2,45})"\]')
_CORAZA_URI = re.compile(r'\[uri "([^"]{1,4096})"\]')
_CORAZA_HOST = re.compile(r'\[hostname "([^"]{1,255})"\]')


def is_request(line: str) -> bool:
    """Return whether the line has the keys of a known product."""
    return "{" in line and any(all(sign in line for sign in signs) for signs in _SIGNS)


def read_request(line: str, context: FileContext) -> Event:
    """Read the request in a JSON line. LineError for broken JSON, or neither client nor target."""
    before, record = read_object(line)
    console = _CONSOLE.match(before)
    if console:
        record.setdefault("ts", f"{console[1]}-{console[2]}-{console[3]} {console[4]}")
    if (
        "message" in record
        and isinstance(record["message"], str)
        and record["message"].lstrip().startswith("{")
    ):
        _, record = read_object(record["message"].lstrip())
    event = (
        _coraza(record, context)
        if "waf" in str(record.get("logger", ""))[:40]
        else _request(_lifted(record), context)
    )
    if event.source_ip is None and event.url is None and event.domain is None:
        raise LineError("The JSON record has no known key.", line[:80])
    return event


def _first(record: Mapping[str, object], keys: tuple[str, ...]) -> str | None:
    return next((text for key in keys if (text := text_of(record.get(key))) and text != "-"), None)


def _request(record: dict[str, object], context: FileContext) -> Event:
    inner = child(record, "request")
    peer = _first(inner, ("remote_ip", "remote_addr"))
    client = _first(inner, ("client_ip",)) or peer or _first(record, _CLIENT)
    handshake = None if client else _HANDSHAKE.search(text_of(record.get("msg")) or "")
    client = handshake[1] if handshake else client
    proxied = peer is not None and client != peer  # Caddy: a client behind trusted proxies
    headers = child(record, "request", "headers")
    forwarded = _first(record, _FORWARDED) or _header(headers, "X-Forwarded-For")
    url = _first(inner, ("uri",)) or _first(record, _URL)
    query = _first(record, _QUERY) if url and "?" not in url else None
    return request_event(
        client,
        port=None if proxied else port_of(_first(inner, ("remote_port",)) or _first(record, _PORT)),
        forwarded=None if proxied else forwarded,
        site=_first(inner, ("host",)) or _first(record, _SITE) or _header(headers, "host"),
        request=None if url or inner else _first(record, _REQUEST),
        url=f"{url}?{query}" if query else url,
        user=_first(record, _USER),
        status=_first(record, _STATUS),
        time=request_time(_first(record, _TIME), context),
        server=(_first(record, _SERVER) or "").rpartition(":")[0]
        if _first(record, ("downstream_local_address",))
        else _first(record, _SERVER),
        server_port=port_of((_first(record, ("downstream_local_address",)) or "").rpartition(":")[2]),
        observer=_first(record, _OBSERVER),
    )


def _lifted(record: dict[str, object]) -> dict[str, object]:
    """Lift `httpRequest` (Google, AWS) and `response` (Kong) to the record's top level."""
    if inside := child(record, "properties"):  # Azure's gateways and front doors
        return inside | {"time": record.get("time") or record.get("timeStamp")}
    call, answer = child(record, "httpRequest"), child(record, "response")
    if not call:
        return record | {"status": answer["status"]} if "status" in answer else record
    sent = call.get("headers")
    headers = objects_of(sent) if isinstance(sent, list) else []
    host = next(
        (header.get("value") for header in headers if str(header.get("name")).lower() == "host"), None
    )
    return record | {
        "client": call.get("remoteIp") or call.get("clientIp"),
        "url": call.get("requestUrl") or call.get("uri"),
        "args": call.get("args"),
        "host": host,
        "status": "403" if record.get("action") == "BLOCK" else call.get("status"),
        "server_addr": call.get("serverIp"),
    }


def _header(headers: Mapping[str, object], name: str) -> str | None:
    value = headers.get(name)
    return ", ".join(str(item) for item in value[:50])[:1000] if isinstance(value, list) else text_of(value)


def _coraza(record: Mapping[str, object], context: FileContext) -> Event:
    """Read Coraza's own line in `msg`: [client "192.0.2.1"] Coraza: Warning. ... [hostname ""] [uri "/x"]."""
    message = (text_of(record.get("msg")) or "")[:65536]
    client, uri, host = (pattern.search(message) for pattern in (_CORAZA_CLIENT, _CORAZA_URI, _CORAZA_HOST))
    return request_event(
        client[1] if client else None,
        site=host[1] if host else None,
        url=uri[1] if uri else None,
        status="403" if "Access denied" in message else None,
        time=request_time(_first(record, _TIME), context),
    )
