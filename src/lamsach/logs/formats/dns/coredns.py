"""CoreDNS, plugins `log` and `errors`.

Source: CoreDNS, plugin `log`, "Log Format" (`common` and `combined`), and plugin `errors`. Traps: IPv6
clients are in brackets; Kubernetes and the journal put another time before `[INFO]`; `[ERROR] plugin/errors:
2 c2.example. A: ...` names no client.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Way, event_between, placed
from lamsach.logs.text.record_headers import header_before
from lamsach.logs.text.values import host_and_port, ip_of, question_of
from lamsach.model import Action, Event, EventKind

# [INFO] 10.1.1.5:49152 - 4711 "A IN c2.example. udp 40 false 512" NOERROR
_QUERY = re.compile(
    r'(?a)(?:\[INFO\] )?(\[?[0-9A-Fa-f.:]{2,45}\]?:\d{1,5}) - \d{1,5} "([A-Z0-9]{1,12}) (?:IN|CH|HS'
    r'|ANY) (\S{1,1024})(?: (?:udp|tcp|https|tls|quic|grpc)\b(?:[^"]{0,80}" ([A-Z]{1,12})'
    r'|[^"]{0,80}(?:" ?)?$)| ?$)'
)
# [ERROR] plugin/errors: 2 c2.example. A: read udp 10.1.1.53:5000->203.0.113.53:53: i/o timeout
_ERROR = re.compile(
    r"(?a)\[ERROR\] plugin/errors: \d{1,5} (\S{1,1024}) [A-Z0-9]{1,12}: (?:\S{1,40} (?:udp"
    r"|tcp) \S{2,60}->(\[?[0-9A-Fa-f.:]{2,45}\]?:\d{1,5}):)?"
)
_FAILED = frozenset({"REFUSED"})


class CoreDns(LogFormat):
    """Queries of the plugin `log`, from files, the journal and Kubernetes."""

    name = "coredns"
    title = "CoreDNS"
    of_resolver = True
    gives = fields_named("contact domain action forwarded")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a client, message number and quoted question; or a failure."""
        if "plugin/errors: " in line[:200]:
            return _ERROR.search(line[:2048]) is not None
        return " IN " in line and " - " in line and _QUERY.search(line[:2048]) is not None

    def read(self, line: str) -> Event | None:
        """Read one query with its outcome, or one failure."""
        if error := _ERROR.search(line[:2048]):
            return self._failure(line, error)
        match = required(_QUERY.search(line[:2048]), line)
        header = header_before(line, match.start(), self.context)
        host, port = host_and_port(match[1])
        source = ip_of(host or "")
        code = match[4]
        event = event_between(
            (source, port),
            kind=EventKind.DNS,
            domain=question_of(match[3]),
            action=Action.UNKNOWN if not code else Action.BLOCKED if code in _FAILED else Action.ALLOWED,
            way=Way.CALLED,
        )
        return placed(event, header.time, header.host)

    def _failure(self, line: str, match: re.Match[str]) -> Event:
        """Read a question that the server failed to resolve; it names no client."""
        header = header_before(line, match.start(), self.context)
        server, port = host_and_port(match[2]) if match[2] else (None, None)
        event = Event(
            kind=EventKind.DNS,
            destination_ip=ip_of(server or ""),
            destination_port=port,
            domain=question_of(match[1]),
            forwarded=True,
        )
        return placed(event, header.time, header.host)
