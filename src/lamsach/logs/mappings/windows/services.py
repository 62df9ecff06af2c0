r"""Windows events of services: DNS server, IIS, AD FS, and Kaspersky's products.

DNS server: packets (analytical) and changes of names (audit). Source:
https://learn.microsoft.com/windows-server/networking/dns/dns-logging-and-diagnostics and the manifest of
Microsoft-Windows-DNSServer. Traps: the server uses the same names for itself and its clients; an update is a
client's, a forwarded one the server's own.

IIS: requests in the event log. Source: the manifest of Microsoft-Windows-IIS-Logging (event 6200, log
Microsoft-IIS-Logging/Logs; "Log File and ETW event" of IIS 8.5), whose data have the names of IIS' columns.
Traps: unknown values such as `cs-host` are `-`; the computer is the server, not the client.

AD FS: requests and log-ons. Source: Microsoft, "AD FS event reference" and the message table of `AD FS
Auditing`: 403 (a request with unnamed data), 411 and 1200 to 1210 (audits, the newer ones with an XML
document). Traps: `Client IP` may have the address that a proxy forwarded, followed by the proxy's own;
`Local IP` is the server's; the site in a query was not visited by the server; the device is the client, if
internal.

Kaspersky (*Kaspersky Event Log*, *Kaspersky Endpoint Security*). Source: "Events of Kaspersky Endpoint
Security" (`Event type: Malicious object detected\r\nUser: UNIT\an (Initiator)\r\nObject: http://..`). The
text is the event's only value, unnamed or rendered; the machine is the one that wrote the log.
"""

from __future__ import annotations

import re
from typing import Any

from lamsach.logs.events.ends import Role, Way, is_internal, own_end
from lamsach.logs.mappings.actions import first_action
from lamsach.logs.mappings.antivirus import hashes_in, site_in, user_in
from lamsach.logs.mappings.web_requests import request_event
from lamsach.logs.mappings.windows.contacts import Fields, anything
from lamsach.logs.mappings.windows.record import WindowsRecord, machine_address, user_of
from lamsach.logs.text.dns_names import answers_of, question_name
from lamsach.logs.text.values import host_of_url, in_order, ip_of, port_of
from lamsach.model import Action, EventKind

_LONGEST_PACKET = 131072
_OF_THE_SERVER = frozenset({260, 261, 262, 265, 268, 269, 272, 274, 275, 277, 278})
"""Analytical events of the server's own queries, zone transfers and forwarded updates."""


def packet(record: WindowsRecord) -> Fields:
    """Parse an analytical packet: 256 query, 257, 258 answer, 263 update, 260, 261 with an upstream."""
    own, port = record.ip("interfaceip"), record.port("port")
    to_upstream = record.event_id in _OF_THE_SERVER
    answer = record.event_id in (257, 258, 259, 261, 264, 278) and not (
        record.event_id == 259 and "source" in record.data
    )
    other = record.ip("source", "destination")
    received = "source" in record.data
    return {
        "kind": EventKind.DNS,
        "observer": record.computer,
        "source_ip": other if received else own,
        "source_port": port if received else None,
        "destination_ip": own if received else other,
        "destination_port": None if received else port,
        "role": Role.APART,
        "given": own if to_upstream else machine_address(other),
        "domain": question_name(record.text("qname") or ""),
        "answers": packet_answers(record.data.get("packetdata", "")) if answer else (),
        "forwarded": to_upstream,
        "response": answer,
    }


def change(record: WindowsRecord) -> Fields:
    """Parse an audit record: who changed a name (519 to 521: a client, from `SourceIP`)."""
    fields = anything(record)
    client = machine_address(record.ip("sourceip"))
    if client:
        fields |= {"observer": record.computer, "device_name": None, "inbound": not is_internal(client)}
    return fields


def packet_answers(packet: str) -> tuple[str, ...]:
    """Return the addresses and names that a DNS packet in hexadecimal (`0x1A2B..`) answers with."""
    try:
        return answers_of(bytes.fromhex(packet[:_LONGEST_PACKET].removeprefix("0x")))
    except ValueError:
        return ()


def request(record: WindowsRecord) -> dict[str, Any]:
    """Parse a request, as a row of IIS' own log."""
    values = {name: value for name, value in record.data.items() if value not in ("", "-")}
    stem, query = values.get("cs-uri-stem"), values.get("cs-uri-query")
    event = request_event(
        values.get("c-ip"),
        site=values.get("cs-host"),
        url=f"{stem}?{query}" if stem and query else stem,
        user=values.get("cs-username"),
        status=values.get("sc-status"),
        server=values.get("s-ip"),
        server_port=port_of(values.get("s-port")),
    )
    own = {"observer": record.computer, "role": Role.APART, "given": event.device_ip}
    return own | {name: getattr(event, name) for name in _OF_REQUESTS}


_OF_REQUESTS = in_order("kind source_ip destination_ip destination_port user domain url action")


REQUEST = 403
_REQUEST_DATA = (
    "instance id", "activity id", "date", "ipaddress", "method", "urlpath", "urlquery", "localport",
    "localip", "useragent",
)  # fmt: skip
_FAILED = frozenset({342, 364, 411, 412, 413, 516, 1201, 1203, 1205, 1207, 1210})
# <IpAddress>203.0.113.9</IpAddress>   <IpAddress>203.0.113.9,10.0.0.3</IpAddress>
_ADDRESS = re.compile(r"<IpAddress>\s{0,9}([0-9A-Fa-f.:]{3,45})[,\s<]")
_PERSON = re.compile(r"<UserId>([^<]{1,256})</UserId>")
_LOOKED_AT = 65536


def federation(record: WindowsRecord) -> dict[str, Any]:
    """Parse an AD FS request or audit."""
    if record.event_id == REQUEST:
        for name, text in zip(_REQUEST_DATA, record.unnamed, strict=False):
            record.data.setdefault(name, text)
    texts = "\n".join((*record.unnamed, record.message, *record.data.values()))[:_LOOKED_AT]
    client = _client(record, texts)
    person = _PERSON.search(texts)
    user = user_of(record.text("targetusername", "user") or (person[1] if person else None))
    fields: dict[str, Any] = {
        "kind": EventKind.LOGON,
        "observer": record.computer,
        "source_ip": client,
        "way": Way.CALLED,
        "user": user,
        "action": Action.BLOCKED if record.event_id in _FAILED else Action.UNKNOWN,
    }
    if client is not None and machine_address(own_end(client, None, Way.CALLED)) is None:
        fields |= {"device_name": record.computer, "inbound": True}
    path = record.text("urlpath")
    if path and path.startswith("/"):
        query = record.text("urlquery") or ""
        url = path + (f"?{query.lstrip('?')}" if query else "")
        event = request_event(
            client,
            url=url,
            server=ip_of(record.text("localip") or ""),
            server_port=port_of(record.text("localport")),
        )
        stated = ("kind", "url", "destination_ip", "destination_port")
        fields |= {name: getattr(event, name) for name in stated}
    return fields


def _client(record: WindowsRecord, texts: str) -> str | None:
    stated = record.text("ipaddress", "clientip") or ""
    found = ip_of(stated.partition(",")[0].strip())
    if found is None and (match := _ADDRESS.search(texts)):
        found = ip_of(match[1].rstrip(".:"))
    lists = (text.partition(",")[0].strip() for text in record.unnamed)
    return found or next((address for text in lists if len(text) > 6 and (address := ip_of(text))), None)


_ROOM = 8192
# Network attack Scan.Generic.PortScan.TCP from 203.0.113.5 on local port 445   Attacker: 203.0.113.5
_ATTACKER = re.compile(
    r"(?a)(?:\bfrom |[Aa]ttack(?:er|ing computer)(?: address)?:? {0,8})([0-9A-Fa-f.:]{7,45})(?=[\s,;]"
    r"|$)(?:[^\r\n]{0,60}?(?:port |:)(\d{1,5})\b)?"
)
# Result: Blocked: Trojan.X    Result description: Deleted
_RESULT = re.compile(r"Result(?: description)?\s{0,8}: ?\s{0,8}([^\r\n;]{1,80})")


def kaspersky(record: WindowsRecord) -> dict[str, Any]:
    """Parse a Kaspersky detection, blocked site or attack."""
    text = "\n".join([record.message, *record.unnamed, *record.data.values()])[:_ROOM]
    url, hashes = site_in(text), hashes_in(text)
    attack = _ATTACKER.search(text) if "ttack" in text else None
    source = ip_of(attack[1].rstrip(".:")) if attack else None
    result = _RESULT.search(text)
    stopped = first_action(result[1] if result else None, text if attack else None) is Action.BLOCKED
    kind = EventKind.CONNECTION if source else EventKind.FILE if hashes else EventKind.OTHER
    return {
        "kind": EventKind.WEB if url else kind,
        "source_ip": source,
        "destination_port": port_of(attack[2] or "") if attack else None,
        "device_name": record.computer,
        "user": user_of(user_in(text)),
        "url": url,
        "domain": host_of_url(url) if url else None,
        "hashes": hashes,
        "action": Action.BLOCKED if stopped else Action.UNKNOWN,
        "inbound": source is not None and not is_internal(source),
    }
