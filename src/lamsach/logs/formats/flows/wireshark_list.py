"""Packet list of Wireshark, exported as CSV or plain text, or printed by tshark: a packet a line.

Source: Wireshark User's Guide, sections 5.7 "Exporting Data" and 4.8 "The Menu File", `tshark(1)`; the
default columns No., Time, Source, Destination, Protocol, Length, Info. Traps:
- The time is usually counted from the first packet, so such a packet has none; with `-t e` seconds since
  1970, with `-t ad` a date, `-t ud` in UTC.
- Ports are in the text (`51514 → 443`, in CSV `51514  >  443`), only for packets that show nothing more
  particular.
- For ARP and other protocols below IP source and destination are hardware addresses, with or without a
  vendor's name.
- An answer's source is the name server, its destination the client.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Role, decide
from lamsach.logs.text.times.timestamps import from_epoch, from_iso
from lamsach.logs.text.values import (
    domain_of,
    host_and_port,
    host_of_url,
    ip_of,
    mac_of,
    port_of,
    question_of,
)
from lamsach.model import Action, Event, EventKind, LeaseAction

_LONGEST = 8000
_TIME = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d{1,9}Z?|\d\d:\d\d:\d\d\.\d{1,9}|\d{1,10}\.\d{1,9}"
_END = r"[0-9A-Za-z:._-]{2,80}"
# "2","0.020000","192.0.2.5","192.0.2.1","DNS","72","Standard query 0x1a2b A c2.example"
_ROW = re.compile(
    rf'(?a)"\d{{1,9}}","(?P<time>{_TIME})","(?P<source>{_END})","(?P<destination>{_END})","'
    rf'(?P<protocol>[^"]{{1,30}})","\d{{1,7}}","(?P<info>.*)'
)
#     1   0.000000    192.0.2.5 → 203.0.113.9  TCP 66 51514 → 443 [SYN] Seq=0 Win=64240 Len=0
#       1 0.000000       192.0.2.5             203.0.113.9           TCP      66     51514 → 443 [SYN] Seq=0
_LINE = re.compile(
    rf"(?a)\s{{0,10}}\d{{1,9}}\s{{1,8}}(?P<time>{_TIME})\s{{1,30}}(?P<source>{_END})\s{{1,80}}(?:(?:→"
    rf"|->)\s{{1,80}})?(?P<destination>{_END})\s{{1,80}}"
    r"(?P<protocol>[A-Za-z][\w./-]{0,29})\s{1,12}\d{1,7}\s{1,12}(?P<info>\S.*)"
)
_HEADERS = ('"No.","Time","Source","Destination",', "No.     Time           Source ")
# [TCP Retransmission] 51514 → 443 [SYN] Seq=0
_PORTS = re.compile(r"(?:\[[^\]]{1,60}\] ?){0,3}(\d{1,5}) {1,2}(?:→|->?|>) {1,2}(\d{1,5})\b", re.ASCII)
# Standard query response 0x1a2b A www.c2.example CNAME c2.example A 203.0.113.9
_DNS = re.compile(
    r"Standard query (?P<response>response )?0x[0-9a-fA-F]{4} (?:(?P<error>No such name|Server failure"
    r"|Refused|Format error|Not implemented) )?(?:Unknown \(\d{1,5}\)|[A-Z][A-Z0-9]{0,9}) "
    r"(?P<name>[^\s,]{1,255})(?P<rest>.*)"
)
_ANSWER = re.compile(r" (?:A|AAAA|CNAME|PTR|NS|SRV|MX|DNAME) (?:\d{1,5} ){0,3}([^\s,]{1,255})")
# Client Hello (SNI=c2.example)
_HELLO = re.compile(r"Client Hello \(SNI=([^)\s]{1,253})\)")
# GET /gate.php?id=1 HTTP/1.1     CONNECT c2.example:443 HTTP/1.1
_REQUEST = re.compile(r"[A-Z][A-Z_-]{2,19} (\S{1,4000}) HTTP/1\.\d\b")
# 192.0.2.1 is at 02:00:5e:10:00:15
_HOLDER = re.compile(r"(?a)(?:Gratuitous ARP for )?([0-9.]{7,15}) is at ((?:[0-9a-f]{2}:){5}[0-9a-f]{2})")


class WiresharkList(LogFormat):
    """Packet list exported as CSV or plain text, or printed by tshark: contacts, DNS, TLS server names, HTTP
    requests, ARP.

    Times counted from the first packet have no day, so such a packet has no time.
    """

    name = "wireshark_list"
    title = "Wireshark, tshark (list of packets)"
    gives = fields_named("time ends device_ip device_mac domain url answers action response")
    lease_markers = (" is at ",)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a packet, or the column names."""
        return line.startswith(_HEADERS) or _packet(line) is not None

    def read(self, line: str) -> Event | None:
        """Read one packet; None for the column names and protocols without IP."""
        if line.startswith(_HEADERS):
            return None
        packet = required(_packet(line), line)
        time, info = self._time(packet["time"]), packet["info"].rstrip(' "')
        source, destination = ip_of(packet["source"]), ip_of(packet["destination"])
        fields: dict[str, Any] | None
        if packet["protocol"].startswith("ARP"):
            fields = _holder(info)
        elif source is None and destination is None:
            fields = None
        else:
            fields = _fields_of_info(info, source, destination)
        if fields is None:
            return None
        event = Event(time=time, **fields)
        serves = event.kind in (EventKind.DNS, EventKind.LEASE)
        return decide(event, role=Role.SERVES_THE_UNIT if serves else Role.BETWEEN, turned=event.response)

    def _time(self, text: str) -> datetime | None:
        if "-" in text:
            return from_iso(text, self.context.timezone)
        whole = text.partition(".")[0]
        return from_epoch(text) if len(whole) >= 9 and whole.isdigit() else None


def _packet(line: str) -> re.Match[str] | None:
    line = line[:_LONGEST]
    if line.startswith('"'):
        return _ROW.match(line)
    return _LINE.match(line) if line[:20].lstrip()[:1].isdigit() else None


def _fields_of_info(info: str, source: str | None, destination: str | None) -> dict[str, Any]:
    """Read the event fields of a packet between these ends from its text in the list."""
    ends = {"source_ip": source, "destination_ip": destination}
    if dns := _DNS.match(info):
        response = dns["response"] is not None
        values = _ANSWER.findall(dns["rest"]) if response else ()
        return {
            **ends,
            "kind": EventKind.DNS,
            "domain": question_of(dns["name"]),
            "answers": tuple(dict.fromkeys(filter(None, (ip_of(v) or domain_of(v) for v in values)))),
            "response": response,
            "action": Action.ALLOWED if response and not dns["error"] else Action.UNKNOWN,
        }
    if hello := _HELLO.search(info):
        return {**ends, "kind": EventKind.TLS, "domain": domain_of(hello[1]), "action": Action.ALLOWED}
    if request := _REQUEST.match(info):
        return {**ends, "kind": EventKind.WEB, **_target(request[1]), "action": Action.ALLOWED}
    ports = _PORTS.match(info)
    return {
        **ends,
        "kind": EventKind.CONNECTION,
        "source_port": port_of(ports[1]) if ports else None,
        "destination_port": port_of(ports[2]) if ports else None,
    }


def _target(target: str) -> dict[str, Any]:
    if target.startswith("/") or target == "*":
        return {"url": target}
    return {"url": target, "domain": host_of_url(target) or host_and_port(target)[0]}


def _holder(info: str) -> dict[str, Any] | None:
    found = _HOLDER.match(info)
    if found is None:
        return None
    return {
        "kind": EventKind.LEASE,
        "source_ip": ip_of(found[1]),
        "device_mac": mac_of(found[2]),
        "action": LeaseAction.OBSERVED,
    }
