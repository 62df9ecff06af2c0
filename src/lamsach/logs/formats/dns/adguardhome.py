"""AdGuard Home: query log (`querylog.json`, one object a line), API records, refused log-ons.

Source: https://github.com/AdguardTeam/AdGuardHome/blob/master/internal/querylog/decode.go and `entry.go`,
`internal/filtering/filtering.go` (Reason), `openapi/openapi.yaml` (QueryLogItem); text of its own log from
https://github.com/AdguardTeam/golibs `log` and `slogutil`. Traps:
- The keys are single letters: `T` time, `QH` name, `QT` type, `IP` client, `CID` the client's own id,
  `Answer` the whole DNS message in base64.
- `Result.Reason` is a number in the file and a word in the API. When the filter itself answered, the answer
  is no address of the real server.
- A refused log-on names the page's host before the client: `POST 192.0.2.1 /control/login: from ip 192.0.2.7:
  invalid ...`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Role, Way, changed, event_between
from lamsach.logs.mappings.records import Each, Header, Records
from lamsach.logs.text.dns_names import answers_in_base64, question_name
from lamsach.logs.text.json_records import child, flat, objects_of, read_object, start_of_object, text_of
from lamsach.logs.text.syslog import NO_HEADER, split_header
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import among, host_and_port, ip_of
from lamsach.model import Action, Event, EventKind

# {"T":"2026-03-06T22:06:03.1+07:00","QH":"www.example","QT":"A","QC":"IN",
_ENTRY = re.compile(r'"QH"\s*:\s*".{0,1100}?"QT"\s*:\s*"', re.ASCII)
# {"answer":[...],"client":"192.0.2.5",...,"question":{"class":"IN","name":"www.example","type":"A"} ..
_API_KEYS = ('"question"', '"client"', '"reason"', '"elapsedMs"')
# 2026/01/26 06:43:57.223387 [error] POST 192.0.2.1 /control/login: from ip 192.0.2.7: ...
_TEXT = re.compile(
    r"(?a)(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) (?:\d{1,10}#\d{1,10} )?(?:\[(?:info|error|debug"
    r"|warn|warning|fatal|trace)\]|(?:INFO|ERROR|DEBUG|WARN|TRACE)) "
)
# time=2026-11-20T06:43:57.223Z level=ERROR msg="POST 192.0.2.1 /control/login: from ip 192.0.2.7: invalid ..
_SLOG = re.compile(
    r"(?a)\btime=\"?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))\"? level=[\"A-Za-z+"
    r"\d]{3,12} (?:source=\S{1,200} )?msg="
)
_SLOG_WORDS = re.compile(
    r"(?a)/control/|\bAdGuard|\bprefix=\"?(?:auth|web|webapi|dnsforward|dnsproxy|dhcpd?|filtering|querylog"
    r"|clients?|home|ratelimit)"
)
# qname=evil.example.   question="evil.example. IN A"   host=evil.example
_QNAME = re.compile(r"\b(?:qname|question|question_name|req_host|host|domain)=\"?([^\s\"=]{3,255})", re.ASCII)
_OWN_WORDS = re.compile(
    r"(?a)/control/|\bfrom ip |\bAdGuard|\bdnsproxy\b|\bdnsforward|\bdhcpv?[46]?: |\bauth: |\bwebapi\b"
    r"|\bfiltering\b|\bquerylog\b|\bclients?: |\bprefix=|\bstarting|\bhome: "
)
_FROM = re.compile(
    r"(?a)\bfrom ip:? ?\[?([0-9A-Fa-f.:]{2,45})\]?|\b(?:(?:raddr|remote_?(?:ip|addr))|client_?ip"
    r"|ip)=\"?\[?([0-9A-Fa-f.:]{2,60})"
)
_REFUSED = re.compile(
    r"(?ai)invalid username or password|login is blocked|failed|too many|blocked for|forbidden|unauthorized"
)
_HEAD = 4000
_BLOCKING = among("3 4 5 6 7 8")
"""Values of `Result.Reason` that block the client."""
_BLOCKING_WORDS = among(
    "FilteredBlackList FilteredBlockList FilteredSafeBrowsing FilteredParental FilteredInvalid "
    "FilteredSafeSearch FilteredBlockedService"
)


class AdGuardHome(LogFormat):
    """`querylog.json` with its answers, records of its API, refused log-ons."""

    name = "adguardhome"
    title = "AdGuard Home"
    of_resolver = True
    gives = fields_named("time observer source_ip device_ip device_name domain answers action")

    # {"T":"2026-03-06T22:06:03.1+07:00","QH":"www.example",...,"Answer":"fBmB..","IP":"192.0.2.5","Result ..
    records = Records(
        reader="json",
        marks=('"Result":',),
        needs=("QH", "Elapsed"),
        clock=("T",),
        texts=("QH", "IP", "CID"),
        made={"Answer": answers_in_base64},
        lists={"Answer": Each(text_of)},
    )

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match an object with AdGuard Home's keys, or a line of its own log with one of its words."""
        if '"QH"' in line:
            return start_of_object(line) >= 0 and _ENTRY.search(line, 0, _HEAD) is not None
        if '"elapsedMs"' in line:
            return start_of_object(line) >= 0 and all(key in line for key in _API_KEYS)
        if "level=" in line and (found := _SLOG.search(line, 0, 160)) is not None:
            return _SLOG_WORDS.search(line, found.end(), _HEAD) is not None
        match = _TEXT.search(line, 0, 160) if "/" in line[:160] else None
        return (
            match is not None
            and ("." in match[1] or "from ip" in line)
            and _OWN_WORDS.search(line, match.end(), _HEAD) is not None
        )

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. None for a line of its own log without a client."""
        if start_of_object(line) >= 0 and ('"QH"' in line or '"elapsedMs"' in line):
            header, record = read_object(line)
            event = self._entry(record) if "QH" in record else self._item(record)
            observer = split_header(line, self.context)[0].host if header.strip() else None
        elif self.recognises(line):
            text = self._text(line)
            if text is None:
                return None
            event, observer = text
        else:
            raise LineError("The line is not of this product.", line[:80])
        return changed(event, observer=observer)

    def _entry(self, record: dict[str, object]) -> Event:
        """Read a line of `querylog.json`."""
        fields = flat(record)
        wire = fields.get("Answer")
        fields["Answer"] = answers_in_base64(wire) if isinstance(wire, str) else ()
        event = self.record_event(fields, NO_HEADER)
        # cut off before the outcome
        if record.keys().isdisjoint(("Result", "Elapsed")):
            changed(event, action=Action.UNKNOWN)
        return event

    def record_event(self, fields: Mapping[str, Any], header: Header) -> Event:
        """See `Records`; answers come from the DNS message."""
        blocked = fields.get("Result.IsFiltered") in (True, "true") and _is_block(fields.get("Result.Reason"))
        answers = () if blocked else fields.get("Answer") or ()
        event = self._question(fields.get("T"), fields.get("IP"), fields.get("QH"), blocked, tuple(answers))
        return changed(event, device_name=text_of(fields.get("CID")))

    def record_time(self, fields: Mapping[str, Any]) -> datetime:
        """See `Records`."""
        return from_iso(text_of(fields.get("T")) or "", self.context.timezone)

    def _item(self, record: Mapping[str, object]) -> Event:
        """Read an API record, as the web page exports it."""
        reason = text_of(record.get("reason")) or ""
        blocked = reason in _BLOCKING_WORDS
        found = (
            text_of(item.get("value"))
            for item in objects_of(record.get("answer"))
            if item.get("type") in ("A", "AAAA", "CNAME")
        )
        names = (ip_of(text) or question_name(text) for text in found if text and not blocked)
        answers = tuple(dict.fromkeys(filter(None, names)))
        name = child(record, "question").get("name")
        event = self._question(record.get("time"), record.get("client"), name, blocked, answers)
        return changed(event, device_name=text_of(record.get("client_id")))

    def _question(
        self, time: object, client: object, name: object, blocked: bool, answers: tuple[str, ...]
    ) -> Event:
        stated, address = text_of(time), ip_of(text_of(client) or "")
        question = question_name(text_of(name) or "")
        if stated is None or (address is None and question is None):
            raise LineError("The JSON record has no known key.", str(name)[:80])
        return event_between(
            address,
            time=from_iso(stated, self.context.timezone),
            kind=EventKind.DNS,
            domain=question,
            answers=answers,
            action=Action.BLOCKED if blocked else Action.ALLOWED,
            role=Role.SERVES_THE_UNIT,
        )

    def _text(self, line: str) -> tuple[Event, str | None] | None:
        match = _SLOG.search(line, 0, 160) or _TEXT.search(line, 0, 160)
        client = _FROM.search(line, match.end(), _HEAD) if match else None
        if match is None or client is None:
            return None
        text = (client[1] or client[2]).rstrip(":.")
        address = ip_of(text) or ip_of(host_and_port(text)[0] or "")
        if address is None:
            return None
        question = (
            _QNAME.search(line, match.end(), _HEAD) if match.re is _SLOG and "/control/" not in line else None
        )
        name = question_name(question[1]) if question else None
        if name is not None and ip_of(name) is None:
            event = self._question(match[1], address, name, "blocked" in line, ())
            return event if "blocked" in line else changed(event, action=Action.UNKNOWN), None
        host = split_header(line[: match.start()] + "-", self.context)[0].host if match.start() else None
        refused = _REFUSED.search(line, match.end(), _HEAD) is not None
        event = event_between(
            address,
            time=from_iso(match[1], self.context.timezone),
            kind=EventKind.LOGON,
            action=Action.BLOCKED if refused else Action.UNKNOWN,
            way=Way.CALLED,
            role=Role.BETWEEN if refused else Role.SERVES_THE_UNIT,
        )
        return event, host


def _is_block(reason: object) -> bool:
    """Return whether the reason, a number, is a block; also true for a missing one."""
    text = text_of(reason)
    return text is None or text in _BLOCKING
