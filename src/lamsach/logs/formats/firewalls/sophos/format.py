"""Sophos Firewall (XG, SFOS 15 to 21; Cyberoam) and Sophos UTM 9 (Astaro).

Source: Sophos, "Sophos Firewall: Syslog guide" of 17.5, 18.0, 19.0 and 20.0 (log types and their fields);
"Sophos UTM 9: Log file structures" (facilities `packetfilter`, `http`, `reverseproxy`, `aptp`, `ips`, `vpn`,
`auth`). Traps:
- SFOS leaves many values without quotes, even ones with spaces (`Mode=Remote Access`); 19 and later quote all
  and write `timestamp=` with an offset, older ones `date= time= timezone=` with a name (`CEST`) or hours
  (`+11`).
- Threat records say `sourceip` and `destinationip`; translation is `tran_src_ip` or, later, `src_trans_ip`.
- UTM's time is `2026:06:02-15:04:05`, which some relays cut to `06:02-15:04:05`; what its `named`, `dhcpd`
  and `sshd` write is theirs.
- In a web application firewall's record the client is a visitor; `localip` is the firewall's own address, not
  a machine's, and `host` repeats the client. So it has neither destination address nor, for a stranger, a
  device.
- Records of SSL VPN and of the DHCP server say who holds an address: leases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.places import changed, placed
from lamsach.logs.formats.firewalls.sophos.records import DOMAINS, HASHES, event_of, event_of_text
from lamsach.logs.mappings.records import Header, Records
from lamsach.logs.text.json_records import is_flat_object, read_object, text_of
from lamsach.logs.text.key_value import first, spaced_pairs
from lamsach.logs.text.record_heads import uncelled
from lamsach.logs.text.syslog import NO_HEADER, sender_of, split_header
from lamsach.logs.text.times.timestamps import from_epoch, from_iso, local_time, without_year, zone_of
from lamsach.logs.text.values import among
from lamsach.model import Event

Fields = Mapping[str, str]

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
    r"(?a)(?:(\d{4}):)?(\d{1,2}):(\d{1,2})-(\d{2}):(\d{2}):(\d{2}) (\S{1,255}) [\w./()-]{1,64}"
    r"(?:\[[^\]\s]{1,32}\])?: ?"
)
_INDIA = timezone(timedelta(hours=5, minutes=30))
"""What `IST` is to this maker, whose guides are written with it."""
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
        ) | {*DOMAINS, *HASHES},
        ports=among("src_port srcport dst_port dstport tran_src_port src_trans_port"),
        clock=among("date time timezone timestamp"),
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """SFOS: log type beside component; UTM: its four first keys, or its own kind of time."""
        if line[:1] == "{":
            return '"log_type"' in line and '"log_component"' in line and is_flat_object(line)
        line = uncelled(line)
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

    def parse(self, line: str, number: int) -> Event | None:
        """One record. One of UTM's that has no keys proves that the device logged."""
        self.check(line)
        if line[0] == "{":
            record = {key: text for key, value in read_object(line)[1].items() if (text := text_of(value))}
            return self._placed(self.record_event(record, NO_HEADER), number)
        line = uncelled(line)
        header, message = split_header(line, self.context)
        if "log_type=" in line:
            return self._placed(self.record_event(spaced_pairs(message), header), number)
        time, host = header.time, header.host
        cut = _UTM_TIME.match(message)
        if cut:
            time, host, message = self._utm_time(cut), cut[7], message[cut.end() :]
        start = _fields_at(message)
        event = event_of(spaced_pairs(message[start:])) if start >= 0 else event_of_text(message)
        return placed(event, self, number, time, host)

    def _placed(self, event: Event, number: int) -> Event:
        return placed(event, self, number, None, None)

    def record_event(self, fields: Fields, header: Header) -> Event:
        """The event of a record of SFOS."""
        observer = observer_of(fields, header.host)
        return changed(event_of(fields), time=self.record_time(fields) or header.time, observer=observer)

    def record_time(self, fields: Fields) -> datetime | None:
        """The time that a record of SFOS states."""
        date, clock = first(fields, "date"), first(fields, "time")
        name = fields.get("timezone", "")
        zone = (_INDIA if name == "IST" else zone_of(name)) or self.context.timezone
        if date and clock:
            return from_iso(f"{date} {clock}", zone)
        stated = first(fields, "timestamp")
        if stated is None:
            return None
        return from_epoch(stated) if stated.isdigit() else from_iso(stated, zone)

    def _utm_time(self, match: re.Match[str]) -> datetime:
        month, day, hour, minute, second = (int(match[n]) for n in range(2, 7))
        if match[1]:
            return local_time(int(match[1]), month, day, hour, minute, second, 0, self.context.timezone)
        return without_year(month, day, hour, minute, second, self.context)


def observer_of(fields: Fields, sender: str | None = None) -> str | None:
    """The firewall that wrote the record; the line's sender where `device_name` is only the model."""
    named = first(fields, "device_name", "device_id") if first(fields, "device") else None
    return named or sender or first(fields, "device_serial_id")


def _fields_at(message: str) -> int:
    """Start of the fields, also behind a worker's name (`SCANNER[99]: id="1000"`); -1 without fields."""
    if message.startswith("id="):
        return 0
    match = _UTM.search(message, 0, _ROOM) if "id=" in message else None
    return message.find("id=", match.start()) if match else -1
