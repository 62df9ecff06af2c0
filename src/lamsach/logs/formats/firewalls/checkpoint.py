r"""Check Point gateways and management: Log Exporter in all layouts, `fw log`, FW1-LogGrabber.

Source: Check Point, "Log Exporter" (sk122323) and "Log Fields" (sk144192); `fw log`; FW1-LogGrabber's manual.
Traps:
- `ifdir` states which way a packet crossed an interface, not who opened the connection: `src` is the opener.
- `service` is the destination's port in most layouts, a name (`https`) in some; `dpt` in CEF.
- A machine is `pc@domain`, a user `Name (login)`. `office_mode_ip` is the address assigned to a VPN client.
- `proxy_src_ip` is the client behind a proxy.
- CEF records exported to a file may be wrapped: a line that starts with a space or a `key=` is a
  continuation.
- `\=` and `\|` are escapes in `key=value|`, `\"` in `key:"value"`; a key may hold a slash (`i/f_dir`); a
  field of each policy layer (`layer_name`, `match_id`) is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import fields_named
from lamsach.logs.events.ends import Way, changed, decide, is_internal
from lamsach.logs.mappings.keyed_events import Keys, event_of
from lamsach.logs.mappings.records import Fields, Header, Records, Written, carried_keys
from lamsach.logs.text import cef, leef
from lamsach.logs.text.json_records import flat, read_object, text_of
from lamsach.logs.text.key_value import first, first_ip
from lamsach.logs.text.pasted import WrappedRecords
from lamsach.logs.text.record_headers import header_before, unquote_cell
from lamsach.logs.text.syslog import NO_HEADER, SyslogHeader, split_header
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import among, in_order
from lamsach.model import Action, Event, EventKind, LeaseAction

# 0|Check Point|VPN-1 & FireWall-1|   CEF:0||Check Point|VPN-1
_CEF = re.compile(r"(?<![\w.])(?:CEF: ?)?[01]\|{1,2}Check ?Point\|")
_ROOM = 600
# action:"Accept"; ifname:"eth1"; resource:"http://a.example/\"b"
_QUOTED = re.compile(r'(?:^|(?<=[\[; ]))([A-Za-z_][\w/.-]{0,80}): ?"([^"\\]*(?:\\.[^"\\]*)*)"')
# time=1790000000|hostname=gw|product=Firewall|originsicname=CN\=gw,O\=m.example.abc|
_BARS = re.compile(r"(?:^|(?<=\|)|(?<=\s))([A-Za-z_][\w/.-]{0,80})=((?:[^|\\]|\\.|\\$)*)")
# time=1790000000 hostname=gw product=VPN-1 & FireWall-1 action=Drop src=192.0.2.5 protection_name="C2 \"a\""
_NEXT = r"[A-Za-z_][\w/.-]{0,80}="
_SPACES = re.compile(
    rf'(?:^|(?<=\s))([A-Za-z_][\w/.-]{{0,80}})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]\S*(?:\s+(?!{_NEXT})\S+)*))'
)
# 26Oct2026 10:11:12 accept gw >eth0 product: VPN-1 & FireWall-1; src: 192.0.2.5; dst: 198.51.100.7;
_FW_LOG = re.compile(r"(?:^|(?<=[;\s]))([A-Za-z_][\w/.-]{0,80}): ([^;\"]{0,400})(?:;|$)")
_FW_LOG_START = re.compile(
    r"(?:(\d{1,2}[A-Z][a-z]{2}\d{4}) {0,3})?(\d{1,2}:\d{2}:\d{2}) +(?:\d \S+ )?(?:(\w+) +)?(?:\d+ +)?(\S+)"
    r" +[<>]"
)
# <134>1 2026-06-02T08:45:34Z gw1 CheckPoint 1234 - [action:"Log In";
_EXPORTED = re.compile(r" CheckPoint \d{1,10} \S{1,40} \[(?:\w{1,60}[:=]\"|[\w-]{1,40}@)", re.ASCII)
_ESCAPE = re.compile(r'\\([=|"\\;\]])')
_MARKS = (
    *in_order(
        "loguid originsicname origin_sic_name sequencenum __policy_id_tag conn_direction i/f_dir ifdir ifname"
    ),
    *in_order(
        "i/f_name product action orig origin s_port logid fw_subproduct inzone rule_uid UP_match_table "
        "UUid Action"
    ),
)
_STRONG = among(
    "loguid originsicname origin_sic_name __policy_id_tag UP_match_table i/f_dir i/f_name ifdir "
    "fw_subproduct UUid"
)
_MARK = re.compile(rf"(?:^|[|\[; \t])({'|'.join(map(re.escape, _MARKS))})(?:=|: ?\")")
_FW_LOG_MARK = re.compile(r"product: [^;]{1,80};")
_ENOUGH = 3
_NAMES = ("VPN-1 & FireWall-1", "Check Point", "CheckPoint", "checkpoint")


def cef_start(line: str) -> re.Match[str] | None:
    """Find the start of a CEF record, also without `CEF:` or with an empty field before the vendor."""
    return _CEF.search(line, 0, _ROOM) if "|Check" in line else None


def _is_checkpoint(line: str) -> bool:
    """Return whether the line is a Check Point record of any layout."""
    if line[:1] == "{":
        if '"origin"' in line and '"product"' in line and '"src"' in line:
            return True
        return '"loguid"' in line or '"originsicname"' in line or '"origin_sic_name"' in line
    if cef_start(line):
        return True
    if "LEEF:" in line:
        return "|Check Point|" in line and leef.find(line) >= 0
    if "CEF:" in line[:_ROOM]:
        return False
    if " CheckPoint " in line[:200] and _EXPORTED.search(line, 0, 300):
        return True
    if ("|" in line or '"' in line or ";" in line) and any(
        mark in line
        for mark in ("loguid", "UUid", "sicname", "i/f_", "product", "__policy_id_tag", "ifdir", "s_port")
    ):
        found = set()
        for count, match in enumerate(_MARK.finditer(line)):
            found.add(match[1])
            if len(found) >= _ENOUGH and (found & _STRONG or any(name in line for name in _NAMES)):
                return True
            if count > 200:
                break
        return _FW_LOG_START.search(line, 0, 200) is not None and _FW_LOG_MARK.search(line) is not None
    return False


def fields_of(line: str) -> dict[str, str]:
    """Read a record's fields; the first nonempty value of a key counts. LineError for broken CEF or JSON."""
    if line[:1] == "{":
        return {key: text for key, value in flat(read_object(line)[1]).items() if (text := text_of(value))}
    start = cef_start(line)
    if start:
        record = cef.read(start[0].replace("||", "|") + line[start.end() :])
        done = record.extension.get("act") or record.signature
        return {"product": record.product, "action": done, **record.extension}
    position = leef.find(line)
    if position >= 0:
        return {**leef.read(line[position:]).attributes}
    if _FW_LOG_START.search(line, 0, 200) and _FW_LOG_MARK.search(line):
        return _fw_log(line)
    found = _layout(line).findall(line)
    return _merged([(key, "".join(values)) for key, *values in found])


def _layout(line: str) -> re.Pattern[str]:
    """Choose the field pattern of a line by its most frequent separators."""
    if line.count(':"') + line.count(': "') >= _ENOUGH:
        return _QUOTED
    return _BARS if "|" in line and line.count("|") >= line.count('="') else _SPACES


def _merged(pairs: list[tuple[str, str]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for key, value in pairs:
        key = "action" if key == "Action" else key
        if not fields.get(key):
            fields[key] = (_ESCAPE.sub(r"\1", value) if "\\" in value else value).strip()
    return fields


def _fw_log(line: str) -> dict[str, str]:
    """Read a line of `fw log`, which prints action and gateway before the fields."""
    fields = _merged(_FW_LOG.findall(line))
    start = _FW_LOG_START.search(line, 0, 200)
    if start:
        fields.setdefault("action", start[3] or "")  # an alert of SmartDefense has none
        fields.setdefault("hostname", start[4])
        day, clock = start[1] or "", start[2]
        fields.setdefault("time", f"{day} {clock:0>8}" if day else "")
    return fields


KEYS = Keys(
    source=("src", "src_ip", "client_ip", "ipv6_src", "endpoint_ip"),
    source_port=("s_port", "spt", "src_port", "srcport", "source_port"),
    source_nat=("xlatesrc", "sourceTranslatedAddress", "srcpostnat"),
    source_nat_port=("xlatesport", "sourceTranslatedPort", "srcpostnatport"),
    source_name=("src_machine_name", "shost", "machine", "host_name", "identhostname"),
    source_mac=("mac_source_address", "src_mac", "smac", "mac_address"),
    source_user=(
        *("src_user_name", "suser", "user", "user_name", "username", "usrname", "src_user"),
        *("sourceUserName", "administrator"),
    ),
    destination=("dst", "dst_ip", "ipv6_dst"),
    destination_port=("service", "dpt", "d_port", "dst_port", "dstport", "service_id"),
    destination_name=("dst_machine_name", "dhost"),
    destination_mac=("mac_destination_address", "dst_mac", "dmac"),
    destination_user=("dst_user_name", "duser"),
    query=("dns_query", "dns_message_query", "query"),
    domain=in_order(
        "dst_domain_name tls_server_host_name sni server_name destinationDnsDomain domain_name "
        "dst_machine_name dhost"
    ),
    url=("resource", "request", "url", "web_url", "malware_url", "requesturl"),
    answers=("dns_response", "resolved_ip"),
    hashes=in_order("file_sha256 file_sha1 file_md5 sha256 sha1 md5 fileHash filesha256 filemd5"),
    action=("action", "act", "rule_action", "https_inspection_action", "malware_action"),
    observer=("hostname", "dvchost", "orig_log_server_name", "orig"),
)
TIMES = ("time", "rt", "devtime", "start", "event_start_time", "start_time", "lastupdatetime")
# CN=gw01,O=management.example.abc123
_COMMON_NAME = re.compile(r"(?:^|,) ?CN=([\w.-]{1,128})", re.IGNORECASE)
# pc-07@unit.example
_MACHINE = re.compile(r"[\w-]{1,63}@[\w.-]{1,253}")
SERVICES = {
    "ftp": "21", "ssh": "22", "telnet": "23", "smtp": "25", "domain-udp": "53", "domain-tcp": "53",
    "dns": "53", "http": "80", "pop3": "110", "ntp-udp": "123", "imap": "143", "ldap": "389", "https": "443",
    "microsoft-ds": "445", "smtps": "465", "ldap-ssl": "636", "MS-SQL-Server": "1433", "mysql": "3306",
    "Remote_Desktop_Protocol": "3389", "HTTP_proxy": "8080", "HTTP_and_HTTPS_proxy": "8080",
}  # fmt: skip
"""Ports of SmartConsole's predefined services; custom services are unknown."""
_OPENING = frozenset({"log in", "login", "logged in"})
_CLOSING = frozenset({"log out", "logout"})
_OWN_ZONES = ("Internal", "Local")
_LOGON_ACTIONS = frozenset({"log in", "log out", "login", "logout", "failed log in", "logged in"})


class CheckPoint(WrappedRecords):
    """Connections, threats, sites, log-ons of gateways: Log Exporter (syslog, generic, Splunk, CEF, LEEF,
    JSON), `fw log`, FW1-LogGrabber.

    The address assigned to a VPN client is the device's.
    """

    name = "checkpoint"
    title = "Check Point"
    gives = fields_named("contact nat machine user domain url answers hashes action")
    lease_markers = ("office_mode_ip",)

    records = Records(
        reader="quoted",
        written=Written(opening=':"', closing='"; ', ends=('"]', '"; ]'), mark="[",
            head=r" CheckPoint [0-9]{1,10} [!-Z\\^-~]{1,40} $", sample='[action:"Accept"; src:"10.0.0.1"]',
            signs=("|", "product: ", "CEF:", "LEEF:")),
        texts=carried_keys(KEYS)["texts"] | among(
            "office_mode_ip proxy_src_ip originsicname origin_sic_name origin"),
        ports=carried_keys(KEYS)["ports"], clock=TIMES,
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the vendor's name in a CEF or LEEF header, or several of its own keys."""
        return _is_checkpoint(unquote_cell(line))

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`."""
        self.check(line)
        line = unquote_cell(line)
        fields = fields_of(line)
        return self.record_event(fields, self._header(line))

    def record_time(self, fields: Fields) -> datetime | None:
        """See `Records`."""
        return first_time((fields.get(key) for key in TIMES), self.context)

    def record_event(self, fields: Fields, header: Header) -> Event:
        """See `Records`."""
        time = self.record_time(fields) or header.time
        inward = fields.get("conn_direction") == "Incoming" or (
            fields.get("inzone") == "External" and fields.get("outzone") in _OWN_ZONES
        )
        if fields.get("service", "") in SERVICES:
            fields["service"] = SERVICES[fields["service"]]
        event = event_of(fields, KEYS, time=time, observer=header.host or _gateway_of(fields), inward=inward)
        return _completed(event, fields)

    def _header(self, line: str) -> SyslogHeader:
        for mark in ("CEF:", "LEEF:"):
            position = line.find(mark, 0, 600)
            if position >= 0:
                return header_before(line, position, self.context)
        if line[:1] == "{":
            return NO_HEADER
        try:
            return split_header(line, self.context)[0]
        except LineError:
            return NO_HEADER


def _gateway_of(fields: Mapping[str, str]) -> str | None:
    """Gateway name from its certificate, else its address."""
    for key in ("originsicname", "origin_sic_name"):
        match = _COMMON_NAME.search(fields.get(key, "").replace("\\", ""))
        if match:
            return match[1]
    return first(fields, "origin", "orig")


def _completed(event: Event, fields: Mapping[str, str]) -> Event:
    """Add facts that only Check Point states."""
    if event.domain is None:
        machine = fields.get("dhost", "").strip()
        event = changed(event, domain=machine.lower()) if _MACHINE.fullmatch(machine) else event
    given = first_ip(fields, "office_mode_ip")
    proxied = first_ip(fields, "proxy_src_ip")
    if given:
        event = decide(event, given=given, again=True)
    elif proxied and is_internal(proxied) and event.device_ip == event.source_ip:
        event = decide(event, given=proxied, again=True)
    done = (fields.get("action") or fields.get("act", "")).lower()
    if given and event.user and done in _OPENING | _CLOSING:
        action = LeaseAction.ASSIGNED if done in _OPENING else LeaseAction.RELEASED
        return changed(event, kind=EventKind.LEASE, action=action)
    if done in _LOGON_ACTIONS:
        if event.device_ip == event.source_ip:
            event = decide(event, Way.CALLED, again=True)
        refused = done.startswith("failed")
        logon_action = Action.BLOCKED if refused else event.action
        return changed(event, kind=EventKind.LOGON, action=logon_action)
    return event
