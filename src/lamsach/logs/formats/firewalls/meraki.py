"""Cisco Meraki MX, MR and MS.

`<134>1 1763602534.123456789 MX84 flows src=10.1.1.5 dst=203.0.113.9 mac=... protocol=tcp sport=49152
dport=443 pattern: allow all`.

Source: Cisco Meraki, "Syslog Event Types and Log Samples". Traps:
- The time is in seconds since 1970 with nine decimals, between RFC 5424's version number and the appliance's
  name.
- `src` may hold a port (`10.1.1.5:49152`, IPv6 with or without brackets); the decision precedes the pairs
  (`flows allow src=`), or is in `pattern: allow all`, in which 0 means deny and 1 allow; `ip_flow_start` and
  `ip_flow_end` state the translation.
- `mac` is the client's. In `security_event ids_alerted` it is `dhost`, and `direction=ingress` means that the
  source is outside.
- An AnyConnect session's records (`anyconnect_vpn_..`) state the outer address as `Peer IP`, and only some of
  them the inner one.
- For HTTPS a URL holds only the host: `https://www.example.com/...`.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Way, event_between, is_internal, own_end, placed
from lamsach.logs.events.leases import lease_event, session_event
from lamsach.logs.mappings.actions import first_action, verdict
from lamsach.logs.mappings.sentences import found_in, session_of, stated_event
from lamsach.logs.text.key_value import Fields, pairs_in
from lamsach.logs.text.record_headers import header_before
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import domain_of, hash_of, host_and_port, host_of_url, ip_of, mac_of, port_of
from lamsach.model import Action, Event, EventKind, LeaseAction

_KINDS = (
    "flows|firewall|cellular_firewall|vpn_firewall|urls|ip_flow_start|ip_flow_end|ids-alerts|"
    "security_event|airmarshal_events|events"
)
# 1763602534.123456789 MX84 flows src=
_START = re.compile(rf"(?:^|[\s>])(\d{{10}}\.\d{{1,9}}) (\S{{1,64}}) ({_KINDS}) ", re.ASCII)
_ROOM = 200
# dhcp lease of ip 10.1.1.5 from server mac 00:.. for client mac 00:11:22:33:44:55 with hostname PC1 from ..
_LEASE = re.compile(
    r"(?a)dhcp (lease|release) of ip ([0-9A-Fa-f:.]{2,45})(?: from (?:server )?mac \S{1,20})?(?: for"
    r"| from) client mac ([0-9A-Fa-f:]{17})(?: with hostname (\S{1,64}))?"
)
# client_vpn_connect user id 'an' local ip 10.9.8.7 connected from 203.0.113.9
_VPN = re.compile(
    r"(?a)user id '([^']{1,128})' local ip ([0-9A-Fa-f:.]{2,45}) (connected|disconnected)? ?from "
    r"([0-9A-Fa-f:.]{2,45})"
)
# anyconnect_vpn_auth_success msg= 'Peer IP=203.0.113.9 Peer port=62351 AAA[9]: Authenticated user=an'
# anyconnect_vpn_session_manager msg= 'Sess-ID[126] Peer IP=203.0.113.9 User[an@unit.example]: Assigned ..
_PEER = re.compile(r"\bPeer IP=(?P<ip>[0-9A-Fa-f:.]{2,45})(?:\s{1,3}Peer port=(?P<port>\d{1,5}))?", re.ASCII)
_INNER = re.compile(
    r"(?ai)\b(?:Assigned|Client|Inner|Local|Virtual) IP(?: address)?[=: ]{1,3}"
    r"(?P<given>[0-9A-Fa-f:.]{2,44}[0-9A-Fa-f:])"
)
_PERSON = re.compile(
    r"\b[Uu]ser(?:name)?(?:\[(?P<user>[^\]]{1,128})\]|[= ]{1,2}'?(?P<user2>[^\s'\]:,]{1,128}))", re.ASCII
)
# request: GET http://c2.bad.example/gate.php
_REQUEST = re.compile(r"request: (?:[A-Z_]{2,12} )?(\S{1,4096})", re.ASCII)
# pattern: allow all   pattern: 1 all
_PATTERN = re.compile(r"pattern: (allow|deny|0|1)\b", re.ASCII)
_DECIDED = {"allow": Action.ALLOWED, "1": Action.ALLOWED, "deny": Action.BLOCKED, "0": Action.BLOCKED}


class Meraki(LogFormat):
    """Flows, URLs, intrusion and file events, translations, DHCP leases, client VPN and AnyConnect sessions,
    Wi-Fi log-ons.

    Of HTTPS only the host is known.
    """

    name = "meraki"
    title = "Cisco Meraki"
    gives = fields_named("contact nat machine user domain url hashes action")
    lease_markers = (
        "dhcp lease of ip", "dhcp release of ip", "client_vpn_connect", "client_vpn_disconnect",
        "anyconnect_vpn",
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match seconds since 1970, the appliance and the kind of event."""
        return "." in line[:60] and _START.search(line, 0, _ROOM) is not None

    def read(self, line: str) -> Event | None:
        """Read one record."""
        start = required(_START.search(line, 0, _ROOM), line)
        time = first_time((start[1],), self.context) or header_before(line, start.start(1), self.context).time
        return placed(_event(start[3], line[start.end() :]), time, start[2])


def _event(kind: str, text: str) -> Event:
    lease = _LEASE.match(text)
    if lease:
        done = LeaseAction.ASSIGNED if lease[1] == "lease" else LeaseAction.RELEASED
        return lease_event(ip_of(lease[2]), done, mac=mac_of(lease[3]), name=lease[4])
    session = _VPN.search(text[:600])
    anyconnect = "anyconnect_vpn" in text[:40]
    if session and (anyconnect or text.startswith("client_vpn")):
        ended = "disconnect" in text[:200]
        return session_event(ip_of(session[4]), ip_of(session[2]), session[1], ended=ended)
    if anyconnect and _PEER.search(text[:1000]):
        return _anyconnect(text[:1000])
    fields: dict[str, str] = {}
    for key, value in pairs_in(text):
        fields.setdefault(key, value)
    return _contact(kind, text, fields)


def _anyconnect(text: str) -> Event:
    """Read a record of an AnyConnect session: the client's assigned address, or a log-on from outside."""
    found, words = found_in(text, _PEER, _PERSON, _INNER), text.lower()
    ended = "disconnect" in words or "terminated" in words
    if session := session_of(found, ended=ended):
        return session
    passed = "auth_success" in text or "connected" in text or "anyconnect_vpn_connect" in text
    return stated_event(
        found,
        kind=EventKind.LOGON,
        action=verdict("fail" in words or "denied" in words, passed and not ended),
    )


def _contact(kind: str, text: str, fields: Fields) -> Event:
    source, source_port = _end(fields, "src", "sport")
    far = "server" if "server" in fields and _end(fields, "dst", "dport")[0] is None else "dst"
    destination, destination_port = _end(fields, far, "dport")
    client = ip_of(fields.get("client_ip", "").split(" ", 1)[0])
    request = _REQUEST.search(text) if "request: " in text else None
    url = request[1] if request else fields.get("url")
    digest = hash_of(fields.get("sha256", "").split(" ", 1)[0])
    nat, nat_port = _translation(fields, source)
    way = Way.ARRIVED if fields.get("direction", "").startswith("ingress") else Way.UNSTATED
    device = own_end(source, destination, way) or client
    logon = kind == "events" and any(word in text[:40] for word in ("8021x", "splash_auth", "wpa_auth"))
    contact = (
        EventKind.LOGON if logon else EventKind.CONNECTION if source and destination else EventKind.OTHER
    )
    mac = next(
        (mac for key in ("mac", "client_mac", "dhost") if (mac := mac_of(fields.get(key, "")[:17]))), None
    )
    return event_between(
        (source or client, source_port),
        (destination, destination_port),
        kind=EventKind.WEB if url else EventKind.FILE if digest else contact,
        source_nat_ip=nat,
        source_nat_port=nat_port,
        device_mac=mac if device is None or is_internal(device) else None,
        user=fields.get("identity") or fields.get("user") or None,
        domain=(host_of_url(url) if url else None) or domain_of(fields.get("hostname", "")),
        url=url,
        hashes=(digest,) if digest else (),
        action=_action(text, fields),
        way=way,
        given=device,
    )


def _end(fields: Fields, key: str, port_key: str) -> tuple[str | None, int | None]:
    text = fields.get(key, "").split(" ", 1)[0]
    host, port = host_and_port(text)
    address = ip_of(host or "")
    if address is None and text.count(":") > 2:  # 2001:db8::5:443 without brackets
        before, _, after = text.rpartition(":")
        address, port = ip_of(before), port_of(after)
    stated = fields.get(port_key, "").split(" ", 1)[0]
    return address, port if port is not None else port_of(stated)


def _translation(fields: Fields, source: str | None) -> tuple[str | None, int | None]:
    nat = ip_of(fields.get("translated_src_ip", "").split(" ", 1)[0])
    if nat is None or nat == source:
        return None, None
    return nat, port_of(fields.get("translated_port", "").split(" ", 1)[0])


def _action(text: str, fields: Fields) -> Action:
    pattern = _PATTERN.search(text)
    if pattern:
        return _DECIDED[pattern[1]]
    words = (fields.get("decision", ""), fields.get("action", ""), text)
    return first_action(*(words.split(" ", 1)[0].replace("_", " ") for words in words))
