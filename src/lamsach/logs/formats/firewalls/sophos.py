"""Sophos Firewall (XG, SFOS 15 to 21; Cyberoam) and Sophos UTM 9 (Astaro).

Source: Sophos, "Sophos Firewall: Syslog guide" of 17.5, 18.0, 19.0 and 20.0 (log types and their fields);
"Sophos UTM 9: Log file structures" (facilities `packetfilter`, `http`, `reverseproxy`, `aptp`, `ips`, `vpn`,
`auth`). Traps:
- SFOS leaves many values without quotes, even ones with spaces (`Mode=Remote Access`); 19 and later quote all
  and write `timestamp=` with an offset, older ones `date= time= timezone=` with a name (`CEST`) or hours
  (`+11`).
- Threat records have `sourceip` and `destinationip`; translation is `tran_src_ip` or, later, `src_trans_ip`.
- UTM's time is `2026:06:02-15:04:05`, which some relays cut to `06:02-15:04:05`; lines of its `named`,
  `dhcpd` and `sshd` are those programs' formats.
- In a web application firewall's record the client is a visitor; `localip` is the firewall's own address, not
  a machine's, and `host` repeats the client. So it has neither destination address nor, for a stranger, a
  device.
- Records of SSL VPN and of the DHCP server state who holds an address: leases.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Way, changed, event_between, mac_of_device, own_end, placed
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.keyed_events import domain_in, hashes_of
from lamsach.logs.mappings.records import Header, Records
from lamsach.logs.mappings.sentences import client_of, found_in, sentence, stated_event
from lamsach.logs.mappings.sentences import event_of as event_of_sentences
from lamsach.logs.text.json_records import is_flat_object, read_object, text_of
from lamsach.logs.text.key_value import Fields, first, first_ip, first_port, spaced_pairs
from lamsach.logs.text.record_headers import unquote_cell
from lamsach.logs.text.syslog import NO_HEADER, sender_of, split_header
from lamsach.logs.text.times.timestamps import clock_time, from_epoch, from_iso, zone_of
from lamsach.logs.text.values import among, domain_of, host_of_url, ip_of, mac_of
from lamsach.model import Action, Event, EventKind, LeaseAction

_BLOCKING = frozenset([
    "denied", "deny", "drop", "dropped", "block", "blocked", "reject", "rejected", "invalid traffic",
    "virus", "failed", "spam", "dos attack", "blocked by policy",
])  # fmt: skip
_ALLOWING = among("allowed allow accept pass passed log detect detected successful clean warned monitored")
_LEASES = {
    "new": LeaseAction.ASSIGNED, "assign": LeaseAction.ASSIGNED, "lease": LeaseAction.ASSIGNED,
    "established": LeaseAction.ASSIGNED, "connected": LeaseAction.ASSIGNED,
    "connection started": LeaseAction.ASSIGNED, "renew": LeaseAction.RENEWED, "renewed": LeaseAction.RENEWED,
    "release": LeaseAction.RELEASED, "released": LeaseAction.RELEASED, "terminated": LeaseAction.RELEASED,
    "connection terminated": LeaseAction.RELEASED, "disconnected": LeaseAction.RELEASED,
    "expire": LeaseAction.EXPIRED, "expired": LeaseAction.EXPIRED,
}  # fmt: skip
# [client 192.0.2.4:5678] ModSecurity: ...     packet from 192.0.2.4:500: ...
# "to_hq"[3] 192.0.2.4:500 #7: received Delete SA payload
_CLIENT = re.compile(
    r"(?a)(?:\[client |\bfrom |\bClient |^\"[^\"]{1,80}\"\[\d{1,9}\] |\bH=\S{1,255} (?:\([^()]{1,255}\) )?"
    r"(?=\[))\[?(?P<ip>[0-9A-Fa-f]{0,4}[.:][0-9A-Fa-f.:]{1,41}?)\]?(?::(?P<port>\d{1,5}))?(?=[\s:\],]|$)"
)
# 192.0.2.4 - - [05/Jun/2026:07:27:59 +0000] "GET /a HTTP/1.1" 200 5
_VISITOR = sentence(" - - [", r"^{IP} - \S{1,128} \[[^\]\"]{1,40}\] \"[A-Z]{3,10} (?P<url>\S{1,2000})",
    kind=EventKind.WEB)  # fmt: skip
_TAGGED = re.compile(r'\[(hostname|uri) "([^"]{1,2000})"\]')
# User admin failed to login from '192.0.2.4' using ssh      User admin logged in successfully
_LOGIN = re.compile(r"\blog(?:in|ged (?:in|out))\b", re.IGNORECASE)
_TEXT_ROOM = 2000
_WEB = frozenset({
    "content filtering", "web content policy", "waf", "web application firewall", "http", "https",
    "reverseproxy", "ssl/tls",
})  # fmt: skip


_USERS = (("user_name", "user", "login_user", "username"), ("user_name",))
"""Keys of a user's name; in load records `user` is a share of the processor's time."""
_ZONES = ("srczonetype", "src_zone_type")
"""Keys of the opener's zone type: `WAN`, `LAN`, `DMZ`, `LOCAL`."""
_TO_ITSELF = "Appliance Access"
"""The `log_component` of traffic to the firewall itself."""
_DOMAINS = ("domain", "domainname", "fqdn", "dst_domainname", "website", "server_name", "sni")
_HASHES = ("sha256", "sha1sum", "sha1", "file_hash", "filehash", "md5", "sha256sum", "checksum")


def event_of(fields: Fields) -> Event:
    """Read one record's fields, without time, observer and line number."""
    lease = _lease(fields)
    if lease:
        return lease
    source = first_ip(fields, "src_ip", "sourceip", "srcip", "remote_ip", "ipaddress", "client_ip", "ep_ip")
    if _is_waf(fields):
        return _visit(fields, source)
    destination = first_ip(fields, "dst_ip", "destinationip", "dstip")
    inner = first_ip(fields, "tran_dst_ip", "dst_trans_ip") or destination
    to_itself = "initf" in fields and not fields.get("outitf")  # UTM: no outgoing interface
    to_itself = to_itself or fields.get("log_component") == _TO_ITSELF
    inward = first(fields, *_ZONES) == "WAN" or to_itself
    url = first(fields, "url")
    kind = _kind(fields, source, destination)
    nat = first_ip(fields, "tran_src_ip", "src_trans_ip")
    called = kind is EventKind.LOGON or (source and inner is None)
    way = Way.CALLED if called else Way.INWARD if inward else Way.UNSTATED
    device = own_end(source, inner, way)
    return event_between(
        (source, first_port(fields, "src_port", "srcport")),
        (destination, first_port(fields, "dst_port", "dstport")),
        kind=kind,
        source_nat_ip=nat,
        source_nat_port=(first_port(fields, "tran_src_port", "src_trans_port") or None) if nat else None,
        device_name=first(fields, "ep_name"),
        source_mac=mac_as_stated(first(fields, "src_mac", "srcmac")),
        device_mac=mac_of_device(device, source, mac_as_stated(first(fields, "src_mac", "srcmac"))),
        user=first(fields, *_USERS[fields.get("log_type") == "System Health"]),
        domain=_domain(fields, url),
        url=url,
        hashes=hashes_of(fields, _HASHES),
        action=action_of_fields(fields),
        way=way,
        inner=inner,
    )


def event_of_text(text: str) -> Event:
    """Read a UTM message without fields: at most a client, and the web application firewall's tags."""
    if visit := event_of_sentences((_VISITOR,), text):
        return visit
    found, tags = found_in(text[:_TEXT_ROOM], _CLIENT), dict(_TAGGED.findall(text[:8192]))
    contact = EventKind.CONNECTION if client_of(found.get("ip"), None)[0] else EventKind.OTHER
    found |= {"host": tags.get("hostname", ""), "url": tags.get("uri", "")}
    return stated_event(found, kind=EventKind.WEB if tags else contact)


def _is_waf(fields: Fields) -> bool:
    kind = (fields.get("log_type", "") + fields.get("log_component", "")).lower()
    return "waf" in kind or "web application firewall" in kind or ("localip" in fields and "srcip" in fields)


def _visit(fields: Fields, source: str | None) -> Event:
    """Read a visit to a published web server."""
    return event_between(
        (source, first_port(fields, "src_port")),
        (None, first_port(fields, "port", "dst_port")),
        kind=EventKind.WEB,
        user=first(fields, "user_name", "user"),
        domain=domain_of(first(fields, "server", "server_name", "domain") or ""),
        url=first(fields, "url"),
        action=action_of_fields(fields),
        way=Way.CALLED,
    )


def _lease(fields: Fields) -> Event | None:
    component = fields.get("log_component", "").lower()
    if component in ("dhcp server", "ssl vpn") and fields.get("log_type", "").lower() == "event":
        address = first_ip(fields, "ipaddress", "leased_ip", "assigned_ip")
        action = _LEASES.get(fields.get("status", "").strip().lower()) or next(
            (
                _LEASES[word]
                for word in reversed(fields.get("message", "").lower().split())
                if word in _LEASES
            ),
            None,
        )
    else:
        address, action = first_ip(fields, "virtual_ip"), _LEASES.get(fields.get("event", "").lower())
    if address is None or action is None:
        return None
    return event_between(
        first_ip(fields, "srcip", "src_ip", "remote_ip") or address,
        kind=EventKind.LEASE,
        device_name=first(fields, "client_host_name"),
        device_mac=mac_of(first(fields, "client_physical_address", "src_mac")),
        user=first(fields, "user_name", "username"),
        action=action,
        given=address,
    )


def _kind(fields: Fields, source: str | None, destination: str | None) -> EventKind:
    words = {fields.get(key, "").lower() for key in ("log_type", "log_component", "sub")}
    if fields.get("log_subtype", "").lower() == "admin" and _LOGIN.search(fields.get("message", "")):
        return EventKind.LOGON
    if "auth" in words or any(
        "authentication" in word for word in (*words, fields.get("log_subtype", "").lower())
    ):
        return EventKind.LOGON
    if hashes_of(fields, _HASHES):
        return EventKind.FILE
    if words & _WEB or "url" in fields:
        return EventKind.WEB
    return EventKind.CONNECTION if source and destination else EventKind.OTHER


def _domain(fields: Fields, url: str | None) -> str | None:
    """Find the site: stated, or the URL's host, the only part in some threat records (url=bot-c2.xyz)."""
    name = domain_in(fields, _DOMAINS)
    if name:
        return name
    if url is None:
        host = domain_of(fields.get("host", "")) if "threatname" in fields else None
        return host if host and ip_of(host) is None else None
    return site_of_url(url)


def site_of_url(url: str) -> str | None:
    """Host of a URL with or without its scheme; None for a path."""
    return host_of_url(url) or (domain_of(re.split("[/:?]", url, maxsplit=1)[0]) if url[:1] != "/" else None)


def action_of_fields(fields: Fields) -> Action:
    """Outcome by the first key that states it."""
    for key in ("action", "log_subtype", "status", "result", "name"):
        word = fields.get(key, "").strip().lower()
        if word in _BLOCKING or (
            key == "name" and ("failed" in word or "dropped" in word or "blocked" in word)
        ):
            return Action.BLOCKED
        if word in _ALLOWING or (key == "name" and ("successful" in word or "passed" in word)):
            return Action.ALLOWED
    code = fields.get("statuscode", "") or fields.get("httpstatus", "")
    return verdict(code == "403", len(code) == 3 and code.isdigit())


def mac_as_stated(text: str | None) -> str | None:
    """Read a hardware address; the all-zero one of routed traffic, no machine's, is unchanged."""
    return text if text == "00:00:00:00:00:00" else mac_of(text)


# device="SFW" date=2026-06-02 time=19:36:57 timezone="+07" device_name="XG230" log_id=010101600001 ..
_SFOS = re.compile(r'\blog_type="?[A-Z].{1,40}?log_component="?[A-Z]')
# id="2001" severity="info" sys="SecureNet" sub="packetfilter" name="Packet dropped"
_UTM = re.compile(
    r'(?:^|[\s:])id="?[\w.-]{1,40}"? severity="?[\w.-]{1,20}"? sys="?[\w.-]{1,40}"? sub="?[\w.-]'
)
# httpd: id="0299" srcip="192.0.2.4" localip="10.0.0.5"
_UTM_WAF = re.compile(r'(?:httpd|reverseproxy)(?:\[\d{1,10}\])?: id="\d{1,6}" srcip="')
# 2026:06:02-15:04:05 gw httpproxy[812]: ...     06:02-15:04:05 rproxy httpd: ...
_UTM_TIME = re.compile(
    r"(?a)(?:(\d{4}):)?(\d{1,2}):(\d{1,2})-(\d{2}:\d{2}:\d{2}) (\S{1,255}) [\w./()-]{1,64}"
    r"(?:\[[^\]\s]{1,32}\])?: ?"
)
_INDIA = timezone(timedelta(hours=5, minutes=30))
"""`IST` in this vendor's guides and records."""
_OTHERS = frozenset({"named", "dhcpd", "sshd", "dnsmasq", "kernel", "openvpn"})
_ROOM = 600


class Sophos(LogFormat):
    """Firewall, web, threat, WAF, log-ins; DHCP and SSL VPN as leases.

    Values without quotes may hold spaces; the WAF's own address is never a machine.
    """

    name = "sophos"
    title = "Sophos Firewall (XG, SFOS), Sophos UTM"
    gives = fields_named("contact nat machine user domain url hashes action")
    lease_markers = ("DHCP Server", "SSL VPN", "virtual_ip=")

    records = Records(
        reader="pairs",
        starts=('device="', "device=", "device_name="),
        doubled="recv_pkts=",
        texts=among(
            "src_ip sourceip srcip remote_ip ipaddress client_ip ep_ip dst_ip destinationip dstip "
            "tran_dst_ip dst_trans_ip tran_src_ip src_trans_ip virtual_ip leased_ip assigned_ip user_name "
            "user login_user username src_mac srcmac client_physical_address client_host_name ep_name url "
            "server device_name device_id"
        ) | {*_DOMAINS, *_HASHES},
        ports=among("src_port srcport dst_port dstport tran_src_port src_trans_port"),
        clock=among("date time timezone timestamp"),
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match log type and component of SFOS; the first four keys or the time of UTM."""
        if line[:1] == "{":
            return '"log_type"' in line and '"log_component"' in line and is_flat_object(line)
        line = unquote_cell(line)
        if "log_type=" in line:
            return _SFOS.search(line) is not None
        if "id=" in line and (_UTM.search(line, 0, _ROOM) or _UTM_WAF.search(line, 0, _ROOM)):
            return True
        head = line[line.find(">", 0, 6) + 1 :][:20] if line[:1] == "<" else line[:20]
        return (
            "-" in head
            and _UTM_TIME.match(line, line.find(">", 0, 6) + 1) is not None
            and sender_of(line)[1] not in _OTHERS
        )

    def read(self, line: str) -> Event | None:
        """Read one record. A UTM message without keys proves that the device logged."""
        self.check(line)
        if line[0] == "{":
            record = {key: text for key, value in read_object(line)[1].items() if (text := text_of(value))}
            return self.record_event(record, NO_HEADER)
        line = unquote_cell(line)
        header, message = split_header(line, self.context)
        if "log_type=" in line:
            return self.record_event(spaced_pairs(message), header)
        time, host = header.time, header.host
        cut = _UTM_TIME.match(message)
        if cut:
            time, host = clock_time(self.context, *cut.group(1, 2, 3, 4)), cut[5]
            message = message[cut.end() :]
        start = _fields_at(message)
        event = event_of(spaced_pairs(message[start:])) if start >= 0 else event_of_text(message)
        return placed(event, time, host)

    def record_event(self, fields: Fields, header: Header) -> Event:
        """See `Records`, for SFOS."""
        observer = observer_of(fields, header.host)
        return changed(event_of(fields), time=self.record_time(fields) or header.time, observer=observer)

    def record_time(self, fields: Fields) -> datetime | None:
        """See `Records`, for SFOS."""
        date, clock = first(fields, "date"), first(fields, "time")
        name = fields.get("timezone", "")
        zone = (_INDIA if name == "IST" else zone_of(name)) or self.context.timezone
        if date and clock:
            return from_iso(f"{date} {clock}", zone)
        stated = first(fields, "timestamp")
        if stated is None:
            return None
        return from_epoch(stated) if stated.isdigit() else from_iso(stated, zone)


def observer_of(fields: Fields, sender: str | None = None) -> str | None:
    """Name of the firewall; the line's sender where `device_name` is only the model."""
    named = first(fields, "device_name", "device_id") if first(fields, "device") else None
    return named or sender or first(fields, "device_serial_id")


def _fields_at(message: str) -> int:
    """Start of the fields, also after a worker's name (`SCANNER[99]: id="1000"`); -1 without fields."""
    if message.startswith("id="):
        return 0
    match = _UTM.search(message, 0, _ROOM) if "id=" in message else None
    return message.find("id=", match.start()) if match else -1
