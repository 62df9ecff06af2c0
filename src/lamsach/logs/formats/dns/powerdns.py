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

from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Way, event_between, placed
from lamsach.logs.text.key_value import pairs
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import host_and_port, ip_of, question_of
from lamsach.model import Action, Event, EventKind

_ADDRESS = r"\[?[0-9A-Fa-f.:]{2,45}\]?"
# question for 'c2.example|A' from 10.1.1.5   5 [1/1] question for ... from 10.1.1.5:49152
_RECURSOR = re.compile(
    rf"(?a)question for '([^'|]{{1,1024}})\|[\w-]{{1,20}}' from ({_ADDRESS}(?::\d{{1,5}})?)"
)
# Remote 10.1.1.5 wants 'c2.example|A', do = 0
_AUTHORITATIVE = re.compile(rf"Remote ({_ADDRESS})(?:<-\S{{2,50}})? wants '([^'|]{{1,1024}})\|", re.ASCII)
# Packet from 10.1.1.5:49152 for c2.example. A with id 7
_PACKET = re.compile(
    rf"(?a)(?:Packet|Query) from ({_ADDRESS}(?::\d{{1,5}})?) for (\S{{1,1024}}?) ?\|?(?:[A-Z0-9]{{1,10}}) "
    rf"with id "
)
# Got query for c2.example.|A from 10.1.1.5:49152
_GOT = re.compile(rf"(?a)Got query for ([^|\s]{{1,1024}})\|[\w-]{{1,20}} from ({_ADDRESS}(?::\d{{1,5}})?)")
_STRUCTURED = re.compile(r'\bqname="[^"]{1,1024}"', re.ASCII)
_SIGNS = (" question for '", " wants '", "Packet from ", "Query from ", "Got query for ")


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
        return any(sign in line for sign in _SIGNS) and _question(line[:4096]) is not None

    def read(self, line: str) -> Event | None:
        """Read one question."""
        self.check(line)
        header, _ = split_header(line, self.context)
        time = header.time
        if 'qname="' in line:
            fields = pairs(line[line.find(' msg="') + 1 :])
            name, client = fields.get("qname", ""), fields.get("remote", "")
            time = first_time((fields.get("ts"),), self.context) or time
        else:
            name, client = _question(line[:4096]) or ("", "")
        host, port = host_and_port(client)
        source = ip_of(host or "")
        event = event_between(
            (source, port),
            kind=EventKind.DNS,
            domain=question_of(name),
            action=Action.UNKNOWN,
            way=Way.CALLED,
        )
        return placed(event, time, header.host)


def _question(line: str) -> tuple[str, str] | None:
    """Find name and client in a sentence."""
    for pattern, name, client in ((_RECURSOR, 1, 2), (_AUTHORITATIVE, 2, 1), (_PACKET, 2, 1), (_GOT, 1, 2)):
        match = pattern.search(line)
        if match:
            return match[name], match[client]
    return None
