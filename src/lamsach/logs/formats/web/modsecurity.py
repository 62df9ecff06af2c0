"""ModSecurity's audit log: the serial layout of versions 2 and 3, and JSON.

Its lines in error logs are read as the web server's.

Source: "ModSecurity 2 Data Formats", "Reference Manual (v3.x)": `SecAuditLogFormat JSON`. Traps:
- A transaction is a record of many lines in parts: `--1a2b3c4d-A--` states client and server, `B` holds the
  request, `H` the outcome.
- The request's text (Host, URL, body) is the client's: a stranger outside is no machine of the unit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import changed
from lamsach.logs.mappings.web_requests import request_event, request_time, web_time
from lamsach.logs.text.json_records import child, first_text, flat, read_object, text_of
from lamsach.logs.text.values import port_of
from lamsach.model import Action, Event

# --1a2b3c4d-A--   ---1a2b3c4d---A--
_PART = re.compile(r"-{2,3}[0-9A-Za-z]{6,16}-{1,3}([A-Z])--\s*$", re.ASCII)
# [04/May/2026:10:20:30 +0700] YabcdefAAQEAAB 203.0.113.7 4455 192.0.2.9 443
_CALL = re.compile(
    r"(?a)\[(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?: [+-]\d{4})?)\] \S{1,128} "
    r"(\S{2,60}) (\d{1,5}) (\S{2,60}) (\d{1,5})"
)
_HOST = re.compile(r"^host: {0,4}(\S{1,300})", re.IGNORECASE)
_CALLER = ("transaction.client_ip", "transaction.remote_address")
_CALLER_PORT = ("transaction.client_port", "transaction.remote_port")
_CALLED = ("transaction.host_ip", "transaction.local_address")
_CALLED_PORT = ("transaction.host_port", "transaction.local_port")
_TIME = ("transaction.time_stamp", "transaction.time")
_URI = ("transaction.request.uri", "request.uri")
_STATUS = ("transaction.response.http_code", "response.status")
_STEPS = 2000


class ModSecurity(LogFormat):
    """Transactions in parts (versions 2 and 3) and as JSON; error logs are `web_access`."""

    name = "modsecurity"
    title = "ModSecurity audit log"
    gives = fields_named("time ends device_ip domain url action")
    multiline = True

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a part's boundary, or an object with a transaction and its client."""
        if line[:2] == "--":
            return _PART.match(line) is not None
        return (
            line[:1] == "{"
            and '"transaction"' in line[:40]
            and ('"client_ip"' in line or '"remote_address"' in line)
        )

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Match the part `A`, or an object."""
        part = _PART.match(line) if line[:2] == "--" else None
        return part[1] == "A" if part else line[:1] == "{" and cls.recognises(line)

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Return 1 for a file in parts, whose lines are mostly the client's; else the share of objects."""
        if head and cls.starts_record(head[0]) and head[0][:1] == "-":
            return 1.0
        return super().score(head)

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. None for a transaction without its part `A`."""
        if line[:1] == "{":
            return self._object(line)
        if not self.recognises(line.partition("\n")[0]):
            raise LineError("The record does not begin with a part's mark.", line[:80])
        parts: dict[str, list[str]] = {}
        current: list[str] = []
        for text in line.split("\n")[:_STEPS]:
            mark = _PART.match(text) if text[:2] == "--" else None
            if mark:
                current = parts.setdefault(mark[1], [])
            else:
                current.append(text)
        return self._parts(parts)

    def _parts(self, parts: dict[str, list[str]]) -> Event | None:
        call = next((found for text in parts.get("A", ())[:3] if (found := _CALL.match(text))), None)
        if call is None:
            return None
        request_lines = parts.get("B", [])
        host = next((found[1] for text in request_lines[1:200] if (found := _HOST.match(text))), None)
        done = "\n".join(parts.get("H", ()))[:65536]
        event = request_event(
            call[2],
            port=port_of(call[3]),
            site=host,
            request=request_lines[0][:8192].rstrip("\r") if request_lines else None,
            time=web_time(call[1], self.context.timezone),
            server=call[4],
            server_port=port_of(call[5]),
        )
        blocked = "Access denied" in done or "Intercepted" in done
        return changed(event, action=Action.BLOCKED) if blocked else event

    def _object(self, line: str) -> Event:
        record = read_object(line)[1]
        fields = flat(record)
        first = partial(first_text, fields)
        headers = child(record, "transaction", "request", "headers") or child(record, "request", "headers")
        host = next((text_of(value) for name, value in headers.items() if name.lower() == "host"), None)
        event = request_event(
            first(*_CALLER),
            port=port_of(first(*_CALLER_PORT)),
            site=host,
            request=first("request.request_line"),
            url=first(*_URI),
            status=first(*_STATUS),
            time=request_time(first(*_TIME), self.context),
            server=first(*_CALLED),
            server_port=port_of(first(*_CALLED_PORT)),
        )
        if event.source_ip is None and event.url is None:
            raise LineError("The JSON record has no known key.", line[:80])
        return event
