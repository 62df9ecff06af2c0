"""Fortinet FortiGate: FortiOS 4 to 7.6, as syslog, from FortiAnalyzer, as CEF and CSV-like export.

Source: Fortinet, "FortiOS Log Message Reference" of 5.0, 5.6, 6.0, 6.4, 7.0, 7.2, 7.4 and 7.6 (chapters
Traffic, UTM, Event, DNS and "CEF support"), and the 4.3 reference for the older keys. Traps:
- Before 5.6 only some values are quoted, after it all text is; a quoted value is consumed whole, an unquoted
  one extends to the next key.
- `eventtime` counts seconds, milli-, micro- or nanoseconds by version; `date` and `time` are on the
  firewall's clock and have `tz` only in newer versions, so `eventtime` comes first.
- FortiOS 4 writes `src=`, `src_port=`, `tran_ip=`; in CEF the firewall's own keys have the prefix `FTNTFGT`.
- `direction="incoming"` in a security log is the content's direction, not the session's: `srcip` is the
  opener in any case. So the addresses decide the device, and the interfaces' roles when both are public.
- `dstip` may hold a name; `action=close` with `utmaction=block` was blocked.
- A VPN session with an address of its own (`tunnelip`) is a lease to a user: see `fields.py`.
- A DHCP server's record (log 26001) states the client's `ip`, `mac` and `lease`, in seconds.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Role, changed, decide, event_between, own_end
from lamsach.logs.events.leases import lease_event
from lamsach.logs.formats.firewalls.fortigate.fields import (
    DIGESTS,
    action_of,
    answers_of,
    domain_of_record,
    interface_ip,
    is_client,
    kind_of,
    logon_action_of,
    role_and_way,
    session,
    time_of,
    types_of,
)
from lamsach.logs.mappings.keyed_events import ADDRESS_WITH_PORT, hashes_of
from lamsach.logs.mappings.records import Header, Records
from lamsach.logs.text import cef
from lamsach.logs.text.json_records import is_flat_object, read_object, text_of
from lamsach.logs.text.key_value import Fields, first, first_ip, first_port, pairs, with_spaces
from lamsach.logs.text.record_headers import unquote_cell
from lamsach.logs.text.syslog import NO_HEADER, split_header
from lamsach.logs.text.values import among, domain_of, in_order, ip_of, mac_of
from lamsach.model import Event, EventKind, LeaseAction

# date=2024-03-06 time=22:06:03 logid="0000000013" type="traffic" subtype="forward" level="notice" vd= ..
# "date=2024-03-06","type=""event""","subtype=""vpn""","devid=FG100D"
_TYPE = re.compile(r'\btype="{0,2}[a-z][a-z-]*"{0,3}[ ,;\t]+"?subtype="{0,2}[a-z]')
_FAMILY = re.compile(r'\b(?:devid|device_id|logid|log_id|vd|devname|eventtime|logdesc)="{0,2}\w')
_LOG_ID = re.compile(r'\b(?:logid|log_id)="{0,2}\d{10}\b')
# CEF:0|Fortinet|Fortigate|v7.2.10|28704|utm:app-ctrl signature|2|deviceExternalId=FG100D
_CEF = re.compile(r"(?:^|[\s:])0\|Fortinet\|Forti(?:gate|os|analyzer|manager|proxy)\b", re.IGNORECASE)
_CEF_PREFIX = re.compile(r"(?:FTNTFGT|FortinetFortiGate|ad\.)(?=[a-z])")
_HEAD = 600
# {"logid":"0316013056","type":"utm"
_IN_OBJECT = re.compile(r'"logid": ?"\d{10}"')
# v009xxxxdate=2026-11-20    <189>date=2026-11-20 after a container's header
_BEFORE = re.compile(r"(?:v0\d\dx{4}|<\d{1,3}>)(?=[a-z_]+=)")
_LEASES = {
    **dict.fromkeys(("ack", "dhcpack"), LeaseAction.ASSIGNED),
    **dict.fromkeys(("release", "dhcprelease"), LeaseAction.RELEASED),
}
_DHCP_MESSAGE = re.compile(r"\bDHCP(?:ACK|RELEASE)\b")
_TEXTS = in_order(
    "devname user unauthuser xauthuser srcname dstname src_name dst_name host hostname name url msg"
)
"""Keys whose values may have spaces, unquoted before FortiOS 5.6."""
_ELEMENT = "[FTNTFGT@"
"""Start of a record sent as structured data of RFC 5424."""
# msg="DNS lookup of www.example from client 00:11:22:33:44:55 failed with \\"non-existing domain\\""
_LOOKUP = re.compile(r"DNS lookup of ([\w.-]{1,253}) from client ")


class FortiGate(LogFormat):
    """Traffic, UTM (web filter, DNS, antivirus), DHCP events; key=value before and after FortiOS 5.6,
    FortiAnalyzer exports, CEF.

    Quoted values are read whole: a URL that holds `srcip=` forges nothing.
    """

    name = "fortigate"
    title = "Fortinet FortiGate"
    gives = fields_named("contact nat machine user domain url answers hashes action lease_until")
    lease_markers = (
        "DHCPACK", "DHCPRELEASE", "dhcp_msg", "tunnel-up", "tunnel-down", "tunnel-stats", "FSSO-logon",
        "Authentication success",
    )  # fmt: skip

    records = Records(
        reader="pairs",
        starts=("date=",),
        texts=among(
            "srcip dstip src dst transip tran_ip remip rem_ip locip loc_ip ip tunnelip assignip srcname "
            "dstname src_name dst_name hostname host name sni qname srcmac mastersrcmac dstmac masterdstmac "
            "mac user unauthuser xauthuser url request http_url devname analyticscksum filehash"
        ),
        ports=among("srcport dstport transport src_port dst_port tran_port remport locport"),
        clock=among("eventtime tz timezone date time timestamp itime"),
    )

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match adjacent `type=` and `subtype=` of FortiOS, or the vendor in a CEF header."""
        if line[:1] in "{[":
            known = '"subtype"' in line and '"type"' in line and _IN_OBJECT.search(line) is not None
            return known and is_flat_object(line)
        line = unquote_cell(line)
        if _cef_start(line):
            return True
        if _TYPE.search(line):
            return _FAMILY.search(line) is not None
        if "device_id=FG" in line and "subtype=" in line and _LOG_ID.search(line):  # FortiOS 4
            return True
        client = "devid=FCT" in line and "fctver=" in line  # FortiClient states no subtype
        return client or ("subtype=" in line and "devid=" in line and _LOG_ID.search(line) is not None)

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. A record without an address is an event too: the firewall logged."""
        self.check(line)
        if line[0] == "{":
            record = read_object(line)[1]
            fields = {key: text for key, value in record.items() if (text := text_of(value))}
            return self.record_event(fields, NO_HEADER)
        line = unquote_cell(line)
        header, message = split_header(line, self.context)
        element = line.find(_ELEMENT) if not message else -1
        if element >= 0:
            message = line[element + len(_ELEMENT) :].partition(" ")[2].rstrip(" ]")
        start = _cef_start(message)
        message = _BEFORE.sub("", message, count=1) if message[:1] in ("v", "<") else message
        own = -1 if start else message.find("|date=", 0, _HEAD)
        message = message[own + 1 :]  # FortiDeceptor: its own pairs in a frame of CEF
        fields = _cef_fields(message, start) if start else with_spaces(pairs(message), message, _TEXTS)
        return self.record_event(fields, header)

    def record_time(self, fields: Fields) -> datetime | None:
        """See `Records`."""
        return time_of(fields, self.context.timezone)

    def record_event(self, fields: Fields, header: Header) -> Event:
        """See `Records`."""
        time = self.record_time(fields) or header.time
        observer = (
            first(fields, "devname", "dvchost", "devid", "device_id", "deviceExternalId") or header.host
        )
        if ip_of(fields.get("ip", "")) and (lease := _lease_action(fields)):
            return _lease(fields, lease, time, observer)
        event = _with_failed_lookup(_event(fields, time, observer), fields)
        vpn_session = session(fields)
        if vpn_session is None:
            return event
        action, address, user = vpn_session
        return decide(
            changed(event, kind=EventKind.LEASE, user=user, action=action), given=address, again=True
        )


def _cef_start(text: str) -> re.Match[str] | None:
    return _CEF.search(text, 0, _HEAD) if "|Fortinet|" in text else None


def _cef_fields(message: str, start: re.Match[str]) -> dict[str, str]:
    extension = cef.read(message[start.start() :].lstrip(" :")).extension
    fields: dict[str, str] = {}
    for key, value in extension.items():
        fields.setdefault(_CEF_PREFIX.sub("", key, count=1), value.strip('"'))
    for key, port in (("src", "spt"), ("dst", "dpt")):
        joined = ADDRESS_WITH_PORT.fullmatch(fields.get(key, ""))
        if joined:
            fields[key], fields[port] = joined[1], fields.get(port) or joined[2]
    return fields


def _lease_action(fields: Fields) -> LeaseAction | None:
    kind = fields.get("dhcp_msg", "").lower()
    if not kind:
        message = _DHCP_MESSAGE.search(fields.get("msg", ""))
        kind = message[0].lower() if message else ""
    return _LEASES.get(kind)


def _lease(fields: Fields, action: LeaseAction, time: datetime | None, observer: str | None) -> Event:
    # dhcp_msg="Ack" mac="00:11:22:33:44:55" ip=10.1.1.5 lease=604800 hostname="PC-KETOAN" msg="DHCP ..
    seconds = fields.get("lease", "")
    stated = seconds.isdigit() and len(seconds) <= 9
    return lease_event(
        ip_of(fields["ip"]),
        action,
        mac=mac_of(first(fields, "mac", "macaddr", "smac")),
        name=first(fields, "hostname", "host", "dhost", "shost"),
        time=time,
        observer=observer,
        until=time + timedelta(seconds=int(seconds)) if time and stated else None,
    )


_DESTINATION_PORTS = ("dstport", "dst_port", "dpt", "locport", "loc_port", "destinationport")
_SOURCE_MACS = ("srcmac", "mastersrcmac", "smac", "stamac", "mac")
_DESTINATION_MACS = ("dstmac", "masterdstmac", "dmac")


def _event(fields: Fields, time: datetime | None, observer: str | None) -> Event:
    source = first_ip(
        fields, "srcip", "src", "c6a2", "remip", "rem_ip", "remote_ip", "client_ip", "ip"
    ) or interface_ip(fields)
    destination = first_ip(fields, "dstip", "dst", "c6a3", "locip", "loc_ip", "dst_ip", "destinationip")
    kind = kind_of(fields)
    role, way, given, inner = role_and_way(fields, kind, source, destination)
    inbound = given is None and own_end(source, inner, way, role) not in (None, source)
    nat = first_ip(fields, "transip", "sourceTranslatedAddress")
    if nat is None and "snat" in fields.get("tran_disp", ""):
        nat = first_ip(fields, "tran_ip", "tran_sip")
    names = ("dstname", "dst_name") if inbound else ("srcname", "src_name", "shost", "srchost")
    macs = _DESTINATION_MACS if inbound else _SOURCE_MACS
    of_dhcp = "dhcp_msg" in fields or "DHCP" in fields.get("logdesc", "")
    nat_port = first_port(fields, "transport", "sourceTranslatedPort", "tran_port", "tran_sport")
    return event_between(
        (source, first_port(fields, "srcport", "src_port", "spt", "remport", "rem_port")),
        (destination, first_port(fields, *_DESTINATION_PORTS)),
        time=time,
        observer=observer,
        kind=kind,
        source_nat_ip=nat,
        source_nat_port=nat_port if nat else None,
        device_name=(None if is_client(fields) else first(fields, *names))
        or (first(fields, "hostname") if of_dhcp or is_client(fields) else None)
        or (first(fields, "name") if types_of(fields) == ("event", "endpoint") else None),
        device_mac=next((mac for key in macs if (mac := mac_of(fields.get(key)))), None),
        user=first(fields, "user", "unauthuser", "suser", "duser", "xauthuser", "srcuser"),
        domain=domain_of_record(fields, destination),
        url=first(fields, "url", "request", "http_url"),
        answers=answers_of(fields) if kind is EventKind.DNS else (),
        hashes=hashes_of(fields, DIGESTS),
        action=logon_action_of(fields) if kind is EventKind.LOGON else action_of(fields),
        way=way,
        role=role,
        given=given,
        inner=inner,
    )


def _with_failed_lookup(event: Event, fields: Fields) -> Event:
    """Correct the event of a wireless client's failed DNS question: `remip` is the server, not the client."""
    match = _LOOKUP.match(fields.get("msg", "")) if "DNS lookup of " in fields.get("msg", "")[:20] else None
    if match is None:
        return event
    source = first_ip(fields, "srcip", "src")
    question = changed(
        event,
        kind=EventKind.DNS,
        source_ip=source,
        destination_ip=first_ip(fields, "dstip", "dst", "remip"),
        domain=domain_of(match[1]),
    )
    return decide(question, role=Role.SERVES_THE_UNIT, again=True)
