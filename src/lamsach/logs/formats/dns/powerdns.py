"""PowerDNS Recursor, Authoritative Server and dnsdist: questions, by syslog or from the journal.

Source: PowerDNS, documentation of `quiet`, `trace`, `log-dns-queries` and `structured-logging`; dnsdist,
`LogAction` and `verbose`. Traps:
- `question for 'c2.example|A' from 10.1.1.5` is the client's; the `answer to question` after it names no
  client.
- The authoritative server writes `Remote 10.1.1.5 wants 'c2.example|A'` (also `Remote 10.1.1.5<-192.0.2.7`,
  with the subnet that a resolver passed on).
- Structured messages are pairs: `msg="Question" ... qname="c2.example" qtype="A" remote="10.1.1.5:49152"`.
- dnsdist writes `Packet from 10.1.1.5:49152 for c2.example. A with id 7` and `Got query for c2.example.|A
  from 10.1.1.5:49152`.
"""

from __future__ import annotations

import re
from typing import Any

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Way, placed
from lamsach.logs.mappings.sentences import event_of, sentence, stated_event
from lamsach.logs.text.key_value import pairs
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import host_and_port
from lamsach.model import Event, EventKind

_CLIENT = r"\[?(?P<peer>[0-9A-Fa-f.:]{2,45}?)\]?(?::(?P<port>\d{1,5}))?(?![0-9A-Fa-f.:\]])"
_DNS: dict[str, Any] = {"kind": EventKind.DNS, "way": Way.CALLED}
_SENTENCES = (
    # question for 'c2.example|A' from 10.1.1.5   5 [1/1] question for ... from 10.1.1.5:49152
    sentence(" question for '",
        rf"question for '(?P<question>[^'|]{{1,1024}})\|[\w-]{{1,20}}' from {_CLIENT}", **_DNS),
    # Remote 10.1.1.5 wants 'c2.example|A', do = 0
    sentence(" wants '",
        rf"Remote {_CLIENT}(?:<-\S{{2,50}})? wants '(?P<question>[^'|]{{1,1024}})\|", **_DNS),
    # Packet from 10.1.1.5:49152 for c2.example. A with id 7
    sentence(" from ", rf"(?:Packet|Query) from {_CLIENT} for (?P<question>\S{{1,1024}}?) ?\|?"
        r"(?:[A-Z0-9]{1,10}) with id ", **_DNS),
    # Got query for c2.example.|A from 10.1.1.5:49152
    sentence("Got query for ",
        rf"Got query for (?P<question>[^|\s]{{1,1024}})\|[\w-]{{1,20}} from {_CLIENT}", **_DNS),
)  # fmt: skip
_STRUCTURED = re.compile(r'\bqname="[^"]{1,1024}"', re.ASCII)


class PowerDns(LogFormat):
    """Questions to the recursor, authoritative server and load balancer, as text and structured messages."""

    name = "powerdns"
    title = "PowerDNS, dnsdist"
    of_resolver = True
    gives = fields_named("time observer source_ip source_port device_ip domain action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a known sentence, or a structured message with question and client."""
        if 'qname="' in line:
            return ' remote="' in line and ' msg="' in line and _STRUCTURED.search(line[:4096]) is not None
        return event_of(_SENTENCES, line) is not None

    def read(self, line: str) -> Event | None:
        """Read one question."""
        if 'qname="' not in line:
            event = required(event_of(_SENTENCES, line), line)
            header, _ = split_header(line, self.context)
            return placed(event, header.time, header.host)
        self.check(line)
        header, _ = split_header(line, self.context)
        fields = pairs(line[line.find(' msg="') + 1 :])
        host, port = host_and_port(fields.get("remote", ""))
        ends = {"ip": host, "port": str(port or ""), "question": fields.get("qname")}
        event = stated_event(ends, time=first_time((fields.get("ts"),), self.context), **_DNS)
        return placed(event, header.time, header.host)
