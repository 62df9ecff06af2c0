r"""Cisco IOS, IOS XE, NX-OS: access lists, zone-based firewall, NAT, log-ons, ARP, DHCP inspection.

Source: Cisco, "System Message Guide for Cisco IOS" and "... for Cisco IOS XE", chapters SEC, IPV6_ACL, FW,
IPNAT, SEC_LOGIN, SYS, SSH, SW_DAI, AUTHMGR, DOT1X, IP. Lines are `*Jun  5 07:31:12.123 UTC:
%SEC-6-IPACCESSLOGP: list 101 denied tcp 192.0.2.5(1234) -> 198.51.100.7(80), 1 packet`. Traps:
- A syslog server adds its own header and a sequence number: `<189>4711: gw: Jun  5 07:31:12.123: %SEC-...`.
- An access list may log its interface: `192.0.2.5(1234) (GigabitEthernet0/0 0011.2233.4455) -> ...`; the
  MAC address is the sender's.
- `*` or `.` before the time: the clock is not set by NTP; the time counts anyway.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Way, changed, decide, event_between
from lamsach.logs.mappings.actions import action_of
from lamsach.logs.mappings.cisco_ends import ADDRESS, End, end_after, end_at, first_address
from lamsach.logs.text.record_headers import header_before, within_json
from lamsach.logs.text.syslog import SyslogHeader
from lamsach.logs.text.values import among, ip_of, mac_of, port_of
from lamsach.model import Action, Event, EventKind

# %SEC-6-IPACCESSLOGP:   %FW-6-SESS_AUDIT_TRAIL_START:   %SEC_LOGIN-5-LOGIN_SUCCESS:   %ETHPORT-5-IF_UP:
_TAG = re.compile(r"%([A-Z][A-Z0-9_]{1,30})(?:-[A-Z0-9_]{1,20})?-([0-7])-([A-Z][A-Z0-9_]{1,60}) ?: ?")
_NOT_IOS = frozenset({"ASA", "FTD", "PIX", "FWSM", "NGIPS", "SFIMS"})
# <189>4711: gw: 001234: Jun  5
_SEQUENCE = re.compile(r"(?<=>|\s)\d{1,12}: (?=\S)|^\d{1,12}: (?=\S)")
# <189>4711: gw: Jun  5
_HOST_FIRST = re.compile(
    r"(?a)^(?:<\d{1,3}>)?(?:\d{1,12}: )?(?!\d{1,12}:)([A-Za-z0-9][\w.-]{0,254}): (?=[*.\d]|[A-Z][a-z]{2} )"
)
# *Jun  5 07:31:12 VN: %   Jun  5 07:31:12.123 VN: %    the zone in the router's own abbreviation
_OWN_ZONE = re.compile(
    r"(?a)(?:[*.][A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?[\d:]{8}|:\d\d\.\d{1,3}) ([A-Za-z]{1,8}): ?$"
)
# Created tcp 10.1.1.5:1234 203.0.113.9:1234 198.51.100.7:80 198.51.100.7:80
_NAT = re.compile(
    rf"(?ai)\b(?:tcp|udp|icmp|gre|ip) ({ADDRESS}):?(\d{{0,5}}) ({ADDRESS}):?(\d{{0,5}}) ({ADDRESS}):?"
    rf"(\d{{0,5}}) ({ADDRESS})"
)
# (GigabitEthernet0/0 0011.2233.4455) ->
_MAC_OF_SENDER = re.compile(r"\([A-Za-z][\w/.:-]{0,40} ([0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})\)")
_MAC = re.compile(r"\b([0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})\b")
# ([0011.2233.4455/10.1.1.5/0000.0000.0000/10.1.1.254/07:31:12 UTC ...])
_ARP = re.compile(rf"\(\[([0-9A-Fa-f.]{{14}})/({ADDRESS})/", re.ASCII)
# Src Port: 1234, Dst Port: 80
_NEXUS_PORTS = re.compile(r"Src Port: (\d{1,5}), Dst Port: (\d{1,5})")
_USER = re.compile(
    r"\[user: ?([^\]\s][^\]]{0,127})\]|\bby (\S{1,64}) on |\bUser:? ?'?([\w.@\\-]{1,64})'? "
    r"|\buser[ =]'?([\w.@\\-]{1,64})'?"
)
_SOURCE = re.compile(rf"\[Source: ?({ADDRESS})\]|\(({ADDRESS})\)\s*$|\bfrom ({ADDRESS})", re.ASCII)
_SESSIONS = re.compile(r"(?:\([^()]{1,64}\)-\([^()]{1,128}\):)?(?:Start|Stop|Created) ")
_FAILED = re.compile(r"\b(?:failed|failure|rejected|unauthorized)\b", re.IGNORECASE)
_LOGONS = among("SEC_LOGIN SSH AAA AUTHMGR DOT1X EPM MAB WEBAUTH SISF SESSION_MGR")


_OF_HARDWARE = frozenset({"PORT_SECURITY", "SW_MATM", "MAC_MOVE", "L2FM", "PM"})
_INNER_ROOM = 200
"""Characters of `%IOSXE-6-PLATFORM` searched for the tag of the carried message."""


class CiscoIos(LogFormat):
    """Access lists, zone-based firewall, NAT, log-ons, ARP inspection."""

    name = "cisco_ios"
    title = "Cisco IOS, IOS XE, NX-OS"
    gives = fields_named("contact nat device_mac user action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the tag `%FACILITY-SEVERITY-MNEMONIC:`, not ASA's, whose mnemonic is a number."""
        match = _TAG.search(line, 0, 400) if "%" in line else None
        return match is not None and match[1] not in _NOT_IOS and not within_json(line, match.start())

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. A message without an address is an event too: the device logged."""
        tag = required(_TAG.search(line, 0, 400) if self.recognises(line) else None, line)
        header = self._header(line, tag.start())
        event = _event(tag[1], line[tag.end() :].replace("\x00", ""))
        return changed(event, time=header.time, observer=header.host)

    def _header(self, line: str, position: int) -> SyslogHeader:
        """Read the header without its sequence numbers, which no standard provides for."""
        before = line[:position]
        named = _HOST_FIRST.match(before)
        if named:
            before = before[named.end() :]
        before = _SEQUENCE.sub("", before)
        header = header_before(before + "%", len(before), self.context)
        zone = _OWN_ZONE.search(before[-60:])
        if zone and zone[1] == header.host:  # an unknown zone, not a host
            header = replace(header, host=None)
        return replace(header, host=named[1]) if named else header


def _event(facility: str, text: str) -> Event:
    nat = _NAT.search(text) if "NAT" in facility or "%NAT-" in text[:_INNER_ROOM] else None
    if nat:
        source = End(ip_of(nat[1]), port_of(nat[2]))
        destination = End(ip_of(nat[7]), port_of(nat[6]))
        return _contact(source, destination, text, (ip_of(nat[3]), port_of(nat[4])))
    arp = _ARP.search(text)
    if arp:
        address = ip_of(arp[2])
        return decide(Event(source_ip=address, device_mac=mac_of(arp[1]), action=Action.BLOCKED), Way.CALLED)
    source, destination = _ends(text)
    event = _contact(source, destination, text)
    mac = _MAC_OF_SENDER.search(text) or (
        _MAC.search(text) if facility in _LOGONS | _OF_HARDWARE or "sourced by" in text else None
    )
    named = _USER.search(text)
    user = next((group for group in named.groups() if group), None) if named else None
    logon = facility in _LOGONS or (facility == "SYS" and user) or text.startswith("pam_aaa:")
    kind = EventKind.LOGON if logon else event.kind
    on_device = event.device_ip == event.source_ip
    refused = kind is EventKind.LOGON and _FAILED.search(text, 0, 300)
    return changed(
        event,
        kind=kind,
        user=user,
        device_mac=mac_of(mac[1]) if mac and on_device else None,
        action=Action.BLOCKED if refused else event.action,
    )


def _contact(
    source: End, destination: End, text: str, nat: tuple[str | None, int | None] = (None, None)
) -> Event:
    both = source.ip is not None and destination.ip is not None
    nat_ip, nat_port = nat if nat[0] != source.ip else (None, None)
    return event_between(
        (source.ip, source.port),
        (destination.ip, destination.port),
        kind=EventKind.CONNECTION if both else EventKind.OTHER,
        source_nat_ip=nat_ip,
        source_nat_port=nat_port,
        action=Action.ALLOWED if _SESSIONS.match(text) else action_of(text.partition(",")[0]),
        way=Way.UNSTATED if both else Way.CALLED,
    )


def _ends(text: str) -> tuple[End, End]:
    """Read `A(p) -> B(q)`, `initiator (A:p) .. responder (B:q)`, `session A:p B:q on`, else the client."""
    position = max(text.find(" -> "), text.find(" => "))
    if position > 0:
        left = text[:position]
        bracket = left.rfind(" (")
        if bracket > 0 and left.endswith(")") and _MAC.search(left, bracket):
            left = left[:bracket]
        source, _ = end_at(left, max(left.rfind(" "), left.rfind("[")) + 1)
        destination, _ = end_at(text, position + 4)
        if source and destination:
            return source, destination
    source, stop = end_after(text, "Src IP: ")
    if source:  # %ACLLOG of NX-OS
        destination = end_after(text, "Dst IP: ", stop)[0] or End()
        ports = _NEXUS_PORTS.search(text)
        return (
            (End(source.ip, int(ports[1])), End(destination.ip, int(ports[2])))
            if ports
            else (source, destination)
        )
    source, stop = end_after(text, "initiator (")
    if source:
        return source, end_after(text, "responder (", stop)[0] or End()
    source, stop = end_after(text, "session ")
    if source:
        return source, end_at(text, stop)[0] or End()
    for from_word, to_word in (("srcaddr=", "destaddr="), ("src_addr= ", "dest_addr= /")):
        source, stop = end_after(text, from_word)
        if source:
            return source, end_after(text, to_word)[0] or End()
    source, stop = end_after(text, " from ")
    pair = source is not None and (source.port is not None or text.startswith("Sig:"))
    destination = end_after(text, " to ", stop)[0] if pair else None
    if source and destination:
        return source, destination
    match = _SOURCE.search(text)
    address = ip_of(next(group for group in match.groups() if group)) if match else first_address(text)
    return End(address), End()
