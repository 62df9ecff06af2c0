"""CoreDNS, plugins `log` and `errors`.

Source: CoreDNS, plugin `log`, "Log Format" (`common` and `combined`), and plugin `errors`. Traps: IPv6
clients are in brackets; Kubernetes and the journal put another time before `[INFO]`; `[ERROR] plugin/errors:
2 c2.example. A: ...` names no client.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Role, placed
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.sentences import stated_event
from lamsach.logs.text.record_headers import header_before
from lamsach.model import Event, EventKind

# [INFO] 10.1.1.5:49152 - 4711 "A IN c2.example. udp 40 false 512" NOERROR
_QUERY = re.compile(
    r"(?a)(?:\[INFO\] )?(?<![\w:.])\[?(?P<ip>[0-9A-Fa-f.:]{2,45}?)\]?:(?P<port>\d{1,5}) - "
    r'\d{1,5} "[A-Z0-9]{1,12} (?:IN|CH|HS'
    r'|ANY) (?P<question>\S{1,1024})(?: (?:udp|tcp|https|tls|quic|grpc)\b(?:[^"]{0,80}" (?P<code>[A-Z]{1,12})'
    r'|[^"]{0,80}(?:" ?)?$)| ?$)'
)
# [ERROR] plugin/errors: 2 c2.example. A: read udp 10.1.1.53:5000->203.0.113.53:53: i/o timeout
_ERROR = re.compile(
    r"(?a)\[ERROR\] plugin/errors: \d{1,5} (?P<question>\S{1,1024}) [A-Z0-9]{1,12}: (?:\S{1,40} (?:udp"
    r"|tcp) \S{2,60}->\[?(?P<to>[0-9A-Fa-f.:]{2,45}?)\]?:(?P<to_port>\d{1,5}):)?"
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
        match = required(_ERROR.search(line[:2048]) or _QUERY.search(line[:2048]), line)
        header, found = header_before(line, match.start(), self.context), match.groupdict()
        if match.re is _ERROR:  # a question that the server failed to resolve names no client
            event = stated_event(found, kind=EventKind.DNS, role=Role.APART, forwarded=True)
        else:
            code = found["code"]
            event = stated_event(found, kind=EventKind.DNS, action=verdict(code in _FAILED, code))
        return placed(event, header.time, header.host)
