r"""Juniper SRX (Junos): sessions, web filter, threats, screens; log-ons; ScreenOS.

Source: Juniper, "Junos OS System Log Explorer" (RT_FLOW_SESSION_CREATE, _CREATE_LS, _CLOSE, _DENY,
APPTRACK_*, WEBFILTER_URL_*, AV_*, IDP_ATTACK_LOG_EVENT, RT_SCREEN_*, SRX_AAMW_ACTION_LOG,
AAMW_MALWARE_EVENT_LOG, SECINTEL_ACTION_LOG; UI_LOGIN_EVENT, LOGIN_FAILED, SSHD_LOGIN_FAILED ...); RFC 5424
for `[junos@2636... key="value"]`; "ScreenOS 6.3.0 Message Log Reference Guide" (NetScreen, SSG); "Junos
Routing Policies, Firewall Filters and Traffic Policers User Guide", "Logging Packet Headers"
(`PFE_FW_SYSLOG_IP`). Traps:
- In text the position identifies a column; newer versions insert `0x0` (a connection tag), and a reason with
  spaces may precede.
- The second flow is the translation of the source; equal flows mean no translation.
- `nat-destination-address` is the inner server of a published address: the device.
- ICMP has an id and a type (in filters, type and code) instead of ports.
- When both ends are public, the zone names (`untrust`) show which is outside.
- Threat records may have their `key="value"` without the structured data's frame.
- In structured data `N/A`, `UNKNOWN` and `0.0.0.0` are empty values.
- ScreenOS' traffic records (`system-notification-00257(traffic):`) are pairs of named values and are read as
  such.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named, required
from lamsach.logs.events.ends import Way, changed, event_between, own_end, placed
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.keyed_events import hashes_of
from lamsach.logs.mappings.records import NAME, Header, Records, Written
from lamsach.logs.mappings.sentences import found_in, stated_event
from lamsach.logs.text.key_value import Fields, first, first_ip, first_port
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import among, domain_of, host_and_port, host_of_url, ip_of, port_of, stated
from lamsach.model import Action, Event, EventKind

# mgd[123]: UI_LOGIN_EVENT: User 'an' login, class 'super-user' [123], ssh-connection '192.0.2.9 5000 ..
# sshd: SSHD_LOGIN_FAILED: Login failed for user 'root' from host '203.0.113.7'
_JUNOS = re.compile(
    r"(?<![\w/-])(UI_LOGIN_EVENT|UI_LOGOUT_EVENT|UI_AUTH_EVENT|LOGIN_FAILED|LOGIN_INFORMATION|LOGIN_ROOT"
    r"|SSHD_LOGIN_FAILED|SSHD_LOGIN_ATTEMPTS_THRESHOLD|LOGIN_PASSWORD\w{1,16}): "
)
# NetScreen device_id=ns5gt  [Root]system-alert-00016: Port scan! From 203.0.113.7:5 to 198.51.100.9:10 ..
_SCREENOS = re.compile(r"NetScreen device_id=([\w.-]{1,64}) {1,3}\[[\w.-]{1,64}\]system-[a-z]{3,16}-\d{5}: ")
# fpc0 PFE_FW_SYSLOG_IP: FW: ge-0/0/0.0   D  tcp 203.0.113.7 192.0.2.1 51000    22 (1 packets)
FILTER = re.compile(
    r"(?a)\bFW: [\w./:-]{2,32} {1,6}([ADR]) {1,6}(\w{1,16}) {1,6}((?:\d{1,3}\.){3}\d{1,3}) {1,6}((?:\d{1,3}"
    r"\.){3}\d{1,3}) {1,6}(\d{1,5}) {1,6}(\d{1,5}) \(\d{1,9} packets"
)
_ROOM_ADMIN = 400
_ADDRESS = r"\[?(?P<%s>[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{2,43})\]?"
_FROM, _TO = _ADDRESS % "ip", _ADDRESS % "to"
_SSH = re.compile(rf"ssh-connection '{_FROM} (?P<port>\d{{1,5}}) {_TO} (?P<to_port>\d{{1,5}})'")
_HOST = re.compile(rf"from (?:host )?'?{_FROM}(?=['\s,.]|$)")
_USER = re.compile(r"(?:[Uu]ser|login name|by admin) [\"']?(?P<user>[\w.@\\$-]{1,64})")
_ENDS = re.compile(
    rf"(?a)\b[Ff]rom {_FROM}(?::(?P<port>\d{{1,5}}))?(?: to {_TO}(?::(?P<to_port>\d{{1,5}}))?)?(?![\w.:]*\w)"
)
_STAMP = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\)\s*$", re.ASCII)
_OUTSIDE_ADMIN = re.compile(r"\(zone (?:untrust|internet|wan|outside)\b", re.IGNORECASE)
_DENIED = re.compile(r"fail|invalid|denied|rejected|incorrect|THRESHOLD|! From ")
_LOGGED_ON = re.compile(
    r"logged (?:in|on)|UI_LOGIN_EVENT|LOGIN_INFORMATION|Authenticated user|has been accepted|UI_AUTH"
)


def _junos_logon(text: str) -> Event:
    """Read a log-on to the firewall itself; `text` begins with the event's name."""
    found = found_in(text[:_ROOM_ADMIN], _SSH, _HOST, _USER)
    return stated_event(found, kind=EventKind.LOGON, action=_action(text))


def _filter_event(match: re.Match[str]) -> Event:
    """Read a packet that a filter with `then syslog` accepted (A), discarded (D) or rejected (R)."""
    source, destination = ip_of(match[3]), ip_of(match[4])
    ports = not match[2].lower().startswith("icmp")
    return event_between(
        (source, (port_of(match[5]) or None) if ports else None),
        (destination, (port_of(match[6]) or None) if ports else None),
        action=Action.ALLOWED if match[1] == "A" else Action.BLOCKED,
    )


def _screenos_event(text: str) -> Event:
    """Read an event of ScreenOS; `text` follows its number."""
    text = text[:_ROOM_ADMIN]
    found = found_in(text, _ENDS, _USER)
    logon = EventKind.LOGON if "user" in found else None
    inward = Way.INWARD if _OUTSIDE_ADMIN.search(text) else Way.UNSTATED
    way = inward if "to" in found else Way.CALLED if logon else Way.UNSTATED
    return stated_event(found, kind=logon, action=_action(text), way=way)


def _screenos_time(text: str, context: FileContext) -> datetime | None:
    """Read the time that ScreenOS writes after its message."""
    match = _STAMP.search(text[-60:])
    try:
        return from_iso(match[1], context.timezone) if match else None
    except (LineError, ValueError):
        return None


def _action(text: str) -> Action:
    return verdict(_DENIED.search(text, 0, _ROOM_ADMIN), _LOGGED_ON.search(text, 0, _ROOM_ADMIN))


EVENT = re.compile(
    r"\b(RT_FLOW_SESSION_[A-Z_]{3,24}|RT_SCREEN_[A-Z_]{2,24}|APPTRACK_SESSION_[A-Z_]{3,24}"
    r"|WEBFILTER_URL_[A-Z_]{3,24}|CONTENT_FILTERING_[A-Z_]{3,24}|AV_[A-Z_]{3,40}|IDP_[A-Z_]{3,40}"
    r"|SRX_AAMW_ACTION_LOG|AAMW_[A-Z_]{3,40}|SECINTEL_[A-Z_]{3,24})\b"
)
_ROOM, _HEAD = 600, 200
# SECINTEL_ACTION_LOG: category="CC" sub-category="x"   AAMW_ACTION_LOG hostname="pc"
_UNFRAMED = re.compile(r':? [a-z][a-z-]{1,40}="')
_FIELD = re.compile(r' ([A-Za-z][\w.-]{0,63})="((?:[^"\\]|\\.)*)"', re.DOTALL)
_IP = r"([0-9A-Fa-f:.]{2,45})"
# session created 10.0.0.5/51000->203.0.113.9/443 0x0 junos-https 198.51.100.1/1024->203.0.113.9/443 0x0 ..
# SIG Attack log <203.0.113.9/51000->10.0.0.5/80> for TCP protocol ... action=DROP
_FLOW = re.compile(rf"(?:^|(?<=[\s<])){_IP}/(\d{{1,5}})->{_IP}/(\d{{1,5}})(?=[\s>]|$)")
_DONE = re.compile(r"\baction=([A-Za-z_]{2,32})")
# 10.0.0.5(51000)->203.0.113.9(80) CATEGORY="x" URL=www.example OBJ=/a USERNAME=N/A
_UTM_FLOW = re.compile(
    r"(?P<ip>[0-9A-Fa-f:.]{2,45})\((?P<port>\d{1,5})\)->(?P<to>[0-9A-Fa-f:.]{2,45})\((?P<to_port>\d{1,5})\)"
)
_UTM_URL = re.compile(r"\bURL=(\S{1,255}) OBJ=(\S{0,4096})(?: USERNAME=(\S{1,128}))?")
# SYN flood! source: 203.0.113.4:4000, destination: 10.0.0.5:23, zone name: untrust, ... action: drop
_SCREEN = re.compile(r"source: (\S{2,60}), destination: (\S{2,60}),")
# N/A N/A N/A N/A 6 policy1 trust untrust 12345      junos-smb 6(0) default-deny untrust dmz UNKNOWN
_ZONES = re.compile(r"(?<=\s)\d{1,3}(?:\(\d{1,3}\))? \S{1,64} (\S{1,64}) (\S{1,64})(?=\s|$)", re.ASCII)
SOURCE_ZONE, DESTINATION_ZONE = "source-zone-name", "destination-zone-name"
_NOTHING = frozenset({"N/A", "UNKNOWN"})
_OUTSIDE = frozenset({"untrust", "internet", "wan", "outside", "external"})
_BLOCKING = ("deny", "denied", "block", "drop", "reject", "close", "sinkhole")
_ALLOWED_EVENTS = ("SESSION_CREATE", "SESSION_CLOSE", "VOL_UPDATE", "PERMITTED", "ROUTE_UPDATE")


class JuniperSrx(LogFormat):
    """Sessions with NAT, web filter, intrusion, threat and screen records; text and structured data; log-ons
    to Junos, its firewall filters (`PFE_FW_SYSLOG_IP`); events of ScreenOS (NetScreen, SSG).
    """

    name = "juniper_srx"
    title = "Juniper SRX"
    gives = fields_named("contact nat device_name user domain url hashes action")

    records = Records(
        reader="quoted", written=Written(opening='="', closing='" ', ends=('"]', ), mark="[junos@",
            sample='[junos@2636.1 reason="x"]', name=EVENT.pattern, absent=_NOTHING),
        texts=among(
            "source-address client-ip-str client-ip destination-address server-ip-str "
            "nat-destination-address nat-source-address hostname client-hostname username url name obj "
            "filename http-host dns-domain sni sample-sha256 sha256 file-hash-lookup"
        ),
        ports=among("source-port destination-port nat-source-port"),
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the name of a data-plane record, with a colon or Junos' structured data after it."""
        if "RT_" not in line and "APPTRACK_" not in line and "junos@" not in line:
            return _own_event(line) is not None
        event = EVENT.search(line, 0, _ROOM)
        return event is not None and (
            line.startswith((": ", " [junos@"), event.end())
            or "[junos@" in line[:_ROOM]
            or _UNFRAMED.match(line, event.end()) is not None
        )

    def read(self, line: str) -> Event | None:
        """Read one record."""
        self.check(line)
        header, _ = split_header(line, self.context)
        name = EVENT.search(line, 0, _ROOM)
        if name is None:
            event, time = self._own(line)
            return placed(event, time or header.time, header.host)
        start = line.find("[junos@", 0, _ROOM)
        if start < 0 and _UNFRAMED.match(line, name.end()):
            start = name.end()
        if start >= 0:
            return self.record_event(_fields(line[start:], name[1]), header)
        return placed(_text(line[name.end() :], name[1]), header.time, header.host)

    def record_event(self, fields: MutableMapping[str, str], header: Header) -> Event:
        """See `Records`; the fields are structured data."""
        return changed(_structured(fields), time=header.time, observer=header.host)

    def record_time(self, fields: Fields) -> None:
        """See `Records`: the header states the time."""

    def _own(self, line: str) -> tuple[Event, datetime | None]:
        """Read an event of the firewall itself, and its own time."""
        match = required(_own_event(line), line)
        if match.re is FILTER:
            return _filter_event(match), None
        if match.re is _JUNOS:
            return _junos_logon(line[match.start() :]), None
        return changed(_screenos_event(line[match.end() :]), observer=match[1]), _screenos_time(
            line, self.context
        )


def _own_event(line: str) -> re.Match[str] | None:
    if "NetScreen device_id=" in line:
        return _SCREENOS.search(line, 0, _ROOM)
    if " FW: " in line:
        return FILTER.search(line, 0, _ROOM)
    return _JUNOS.search(line, 0, _HEAD) if "LOGIN_" in line or "UI_" in line else None


def _fields(text: str, name: str) -> dict[str, str]:
    fields = {NAME: name}
    for key, value in _FIELD.findall(text):
        if value not in _NOTHING:
            fields.setdefault(key, re.sub(r'\\([\\"\]])', r"\1", value))
    return fields


def _structured(fields: Fields) -> Event:
    name = fields[NAME]
    source = first_ip(fields, "source-address", "client-ip-str", "client-ip")
    destination = first_ip(fields, "destination-address", "server-ip-str")
    inner = first_ip(fields, "nat-destination-address") or destination
    nat, nat_port = first_ip(fields, "nat-source-address"), first_port(fields, "nat-source-port")
    if nat == source:
        nat = None
    icmp = fields.get("protocol-id") in ("1", "58")
    inward = _is_from_outside(fields.get(SOURCE_ZONE), fields.get(DESTINATION_ZONE))
    way = Way.INWARD if inward else Way.UNSTATED
    site = first(fields, "url")
    if site is not None and site == fields.get("name"):  # AV_VIRUS_DETECTED states the virus' name in `url`
        site = first(fields, "filename")
    url = _url(site, first(fields, "obj"))
    return event_between(
        (source, None if icmp else first_port(fields, "source-port")),
        (destination, None if icmp else first_port(fields, "destination-port")),
        kind=_kind(name),
        source_nat_ip=nat,
        source_nat_port=nat_port if nat and not icmp else None,
        device_name=first(fields, "hostname", "client-hostname")
        if own_end(source, inner, way) == source
        else None,
        user=first(fields, "username"),
        domain=_domain(fields, url),
        url=url,
        hashes=hashes_of(fields, ("sample-sha256", "sha256", "file-hash-lookup")),
        action=_action_of_event(name, fields.get("action", "")),
        way=way,
        inner=inner,
    )


def _is_from_outside(source_zone: str | None, destination_zone: str | None) -> bool:
    """Return whether a contact came from outside, by the zone names."""
    return (source_zone or "").lower() in _OUTSIDE and (destination_zone or "").lower() not in _OUTSIDE


def _domain(fields: Fields, url: str | None) -> str | None:
    stated_host = domain_of(first(fields, "http-host", "dns-domain", "sni") or "")
    return stated_host or (host_of_url(url) or host_and_port(url.partition("/")[0])[0] if url else None)


def _url(site: str | None, path: str | None) -> str | None:
    """Join `url="www.example" obj="/a"`; a whole URL, or one without path, is unchanged."""
    if site is None or path is None or "/" in site:
        return site
    return site + path if path.startswith("/") else site


def _text(text: str, name: str) -> Event:
    flows = [match for _, match in zip(range(2), _FLOW.finditer(text), strict=False)]
    if flows:
        return _flow(text, name, flows)
    web = _UTM_FLOW.search(text)
    if web:
        site = _UTM_URL.search(text, web.end())
        url = _url(stated(site[1]), stated(site[2])) if site else None
        found = web.groupdict("") | {"url": url or "", "host": _domain({}, url) or ""}
        found["user"] = (site[3] if site else None) or ""
        action = _action_of_event(name, "")
        return stated_event(found, kind=_kind(name), action=action, way=Way.UNSTATED)
    screen = _SCREEN.search(text)
    if screen is None:
        raise LineError("The record of the Juniper SRX has no address.", text[:80])
    ends = [(ip_of(host or ""), port) for host, port in map(host_and_port, screen.groups())]
    action = _action_of_event(name, text.rpartition("action: ")[2])
    return event_between(*ends, action=action, way=Way.INWARD)


def _flow(text: str, name: str, flows: list[re.Match[str]]) -> Event:
    source, destination = ip_of(flows[0][1]), ip_of(flows[0][3])
    outer, inner = (ip_of(flows[1][1]), ip_of(flows[1][3])) if len(flows) > 1 else (source, destination)
    icmp = re.search(r"\sicmp6?\s", text[flows[0].end() : flows[0].end() + 40]) is not None
    nat = outer if outer != source else None
    done = _DONE.search(text, flows[-1].end())
    zones = _ZONES.search(text, flows[-1].end())
    inward = zones is not None and _is_from_outside(zones[1], zones[2])
    return event_between(
        (source, None if icmp else port_of(flows[0][2])),
        (destination, None if icmp else port_of(flows[0][4])),
        source_nat_ip=nat,
        source_nat_port=port_of(flows[1][2]) if nat and not icmp else None,
        action=_action_of_event(name, done[1] if done else ""),
        way=Way.INWARD if inward else Way.UNSTATED,
        inner=inner,
    )


def _kind(name: str) -> EventKind:
    web = name.startswith(("WEBFILTER", "CONTENT", "AV_", "SRX_AAMW", "AAMW"))
    return EventKind.WEB if web else EventKind.CONNECTION


def _action_of_event(name: str, word: str) -> Action:
    """Outcome of a record by its `action`, else by its name."""
    lower = word.strip().lower()
    if lower and lower.startswith(_BLOCKING):
        return Action.BLOCKED
    if lower in ("permit", "accept", "allow", "none", "ignore", "log"):
        return Action.ALLOWED
    return verdict(
        "DENY" in name or "BLOCKED" in name or name.startswith("RT_SCREEN"),
        name.endswith(_ALLOWED_EVENTS) or "SESSION_C" in name,
    )
