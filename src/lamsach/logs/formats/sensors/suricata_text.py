"""Suricata's old text logs `http.log`, `dns.log` and `tls.log`.

Source: https://docs.suricata.io, "Custom http logging", "Custom tls logging" and, of versions 1.4 to 4.1,
`log-httplog.c`, `log-dnslog.c`, `log-tlslog.c`. `11/20/2026-09:26:53.123456 c2.example [**] /gate.php [**]
curl [**] 10.1.1.5:49152 -> 203.0.113.9:80`, `11/20/2026-09:26:53.123456 [**] Query TX 4711 [**] bot-c2.xyz
[**] A [**] 10.1.1.5:49152 -> 10.1.1.20:53`, `11/20/2026-09:26:53.123456 10.1.1.5:49152 -> 203.0.113.9:443
TLS: Subject='CN=c2.example' Issuerdn='CN=x' SNI='c2.example'`. Traps:
- The date is month first. Client-controlled text (host, path, agent) precedes the ends, which conclude an
  HTTP or DNS line; so they are searched at its end.
- A DNS response has the server first; the client is the destination.
- A host that the client did not state is `<hostname unknown>`, a path `<no uri>`.
"""

from __future__ import annotations

import re
from typing import Any

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Role, event_between
from lamsach.logs.mappings.suricata_fast import endpoint
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.timestamps import clock_time
from lamsach.logs.text.values import domain_of, hash_of, host_and_port, ip_of, question_of
from lamsach.model import Event, EventKind

_TIME = re.compile(r"(\d\d)/(\d\d)/(\d{4})-(\d\d:\d\d:\d\d\.\d{1,6}) ", re.ASCII)
_END = r"([0-9A-Fa-f:.]{2,60})"
# [**] 10.1.1.5:49152 -> 203.0.113.9:80
_LAST = re.compile(rf"\[\*\*\] ?{_END} -> {_END}\s*$", re.ASCII)
# [**] Query TX 4711 [**] bot-c2.xyz [**] A [**]
_DNS = re.compile(r"\[\*\*\] (Query|Response) TX [0-9A-Fa-f]{1,8} \[\*\*\] (.{1,1100}?) \[\*\*\]", re.ASCII)
_ANSWER = re.compile(r"\[\*\*\] (A|AAAA|CNAME) \[\*\*\] TTL \d{1,10} \[\*\*\] (\S{1,255}) \[\*\*\]", re.ASCII)
# 10.1.1.5:49152 -> 203.0.113.9:443  TLS: Subject='CN=c2.example'
_TLS = re.compile(rf"{_END} -> {_END} {{1,2}}TLS: ", re.ASCII)
_SNI = re.compile(r" SNI='([^']{1,255})'")
_COMMON_NAME = re.compile(r"^Subject='(?:[^']{0,1000}?[,/ ])?CN=([^',/]{1,255})")
_SHA1 = re.compile(r" SHA1='([0-9A-Fa-f:]{40,59})'")
_NONE = frozenset({"<hostname unknown>", "<no uri>", "<unknown>", ""})


class SuricataText(LogFormat):
    """Requests, DNS questions and answers, TLS handshakes of the old text outputs.

    An answer's destination is the client.
    """

    name = "suricata_text"
    title = "Suricata (http.log, dns.log, tls.log)"
    gives = fields_named("contact domain url answers hashes action response")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match Suricata's date, then two ends and `TLS:`, or `[**]` columns with two ends as the last."""
        if " -> " not in line or not ("[**]" in line or "  TLS: " in line or " TLS: " in line):
            return False
        time = _TIME.search(line, 0, 200)
        if time is None:
            return False
        if _TLS.match(line, time.end()):
            return True
        return (
            "[**] [" not in line[time.end() : time.end() + 8]
            and _LAST.search(line, max(0, len(line) - 140)) is not None
        )

    def read(self, line: str) -> Event | None:
        """Read one request, question, answer or handshake."""
        line = line.rstrip()
        start = required(_TIME.search(line, 0, 200) if self.recognises(line) else None, line)
        header = split_header(line[: start.start()] + "-", self.context)[0] if start.start() else None
        text = line[start.end() :]
        tls = _TLS.match(text)
        ends = required(tls or _LAST.search(text, max(0, len(text) - 140)), line)
        source, destination = endpoint(ends[1], False), endpoint(ends[2], False)
        if source[0] is None or destination[0] is None:
            raise LineError("The alert names no addresses.", line[:80])
        dns = None if tls else _DNS.match(text)
        answered = dns is not None and dns[1] == "Response"
        fields: dict[str, Any] = _tls(text[tls.end() :]) if tls else _dns(text, dns) if dns else _http(text)
        return event_between(
            source,
            destination,
            time=clock_time(self.context, start[3], start[1], start[2], start[4]),
            observer=header.host if header else None,
            response=answered,
            role=Role.SERVES_THE_UNIT if dns else Role.BETWEEN,
            turned=answered,
            **fields,
        )


def _tls(text: str) -> dict[str, object]:
    named = _SNI.search(text, 0, 8192) or _COMMON_NAME.match(text)
    digest = _SHA1.search(text, 0, 8192)
    certificate = hash_of(digest[1].replace(":", "")) if digest else None
    return {
        "kind": EventKind.TLS,
        "domain": domain_of(named[1].removeprefix("*.")) if named else None,
        "hashes": (certificate,) if certificate else (),
    }


def _dns(text: str, match: re.Match[str]) -> dict[str, object]:
    answer = _ANSWER.search(text, match.end() - 4)
    value = (ip_of(answer[2]) or question_of(answer[2])) if answer else None
    known = match[2] not in ("Recursion Desired", "No Such Name")
    return {
        "kind": EventKind.DNS,
        "domain": question_of(match[2]) if known else None,
        "answers": (value,) if value else (),
    }


def _http(text: str) -> dict[str, object]:
    host, path = (cell.strip() for cell in text.split("[**]", 2)[:2])
    return {
        "kind": EventKind.WEB,
        "domain": None if host in _NONE else host_and_port(host)[0],
        "url": None if path in _NONE else path,
    }
