"""ISC Kea: messages of kea-dhcp4 and kea-dhcp6, forensic log (`legal_log`), `memfile` lease files.

Source: https://kea.readthedocs.io/en/latest/kea-messages.html, the Kea Administrator Reference Manual,
"Forensic Logging" and "memfile", `src/lib/dhcpsrv/csv_lease_file4.cc` and `csv_lease_file6.cc`. Traps:
- A message's name (`DHCP4_LEASE_ALLOC`) is stable, its wording is not: `will be allocated` became `has been
  allocated`.
- An offer (`ADVERT`, `OFFER`) binds nothing.
- A lease file states a lease's end and length; the beginning is the difference. A length of 0 marks a
  released lease.
- The newest row of an address comes last; state 1 is a declined address without a holder, 2 an expired one,
  3 a released one.
- The forensic log's zone abbreviation may be ambiguous: only UTC and offsets count, else the local clock.
"""

from __future__ import annotations

import re
from datetime import timedelta

from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.leases import lease_event
from lamsach.logs.mappings.records import Records, Sentences
from lamsach.logs.text.syslog import NO_HEADER, split_header
from lamsach.logs.text.times.timestamps import from_epoch, from_iso
from lamsach.logs.text.values import ip_of, mac_of, mac_of_duid, stated
from lamsach.model import Event, LeaseAction

# 2026-04-05 10:20:30.123 INFO  [kea-dhcp4.leases/1234.140737] DHCP4_LEASE_ALLOC [hwtype=1 ..
_MESSAGE = re.compile(
    r"(?as)(?:(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) )?(?:(?:FATAL|ERROR|WARN|INFO"
    r"|DEBUG) +)?(?:\[(?:kea-dhcp[46]|kea-dhcp-ddns|kea-ctrl-agent|kea)\.[\w.-]{1,40}(?:/[\d.]{1,40})?\] )?"
    r"((?:DHCP[46]|DHCPSRV|ALLOC_ENGINE|LEASE_CMDS|HOST_CMDS|HOSTS|EVAL|HOOKS|LEGAL_LOG|HA|COMMAND|DCTL"
    r"|DHCP_DDNS)_[A-Z0-9_]{3,60})(?: |$)(.*)"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?(?= )", re.ASCII)
_CLIENT = re.compile(r"\[hwtype=\d{1,3} ([0-9A-Fa-f:]{2,60})\]", re.ASCII)
_DUID = re.compile(r"duid=\[?([0-9A-Fa-f:]{8,400})\]?", re.ASCII)
# lease 192.0.2.50 has   lease for address 2001:db8::50 and   address 192.0.2.50 was   addr 192.0.2.50 from
_BOUND = re.compile(
    r"(?a)\b(?:lease|address|addr|prefix)(?: for(?: address| prefix)?| address)? ([0-9A-Fa-f.:]{2,45})"
    r"(?:/\d{1,3})?(?=[\s,;.]|$)"
)
_FOR_SECONDS = re.compile(r"\bfor (\d{1,10}) seconds", re.ASCII)
_NAMES: tuple[tuple[re.Pattern[str], LeaseAction], ...] = (
    (re.compile(
        r"DHCP4_LEASE_ALLOC|DHCP6_LEASE_ALLOC|DHCP6_PD_LEASE_ALLOC|DHCP4_LEASE_REUSE|DHCP6_LEASE_REUSE"),
        LeaseAction.ASSIGNED),
    (re.compile(
        r"DHCP6_(?:PD_)?LEASE_RENEW|DHCP6_LEASE_REBIND|ALLOC_ENGINE_V[46]_(?:RENEW_LEASE|EXTEND_LEASE"
        r"|EXTEND_LEASE_DELETED)"), LeaseAction.RENEWED),
    (re.compile(r"DHCP4_RELEASE(?:_DELETED)?|DHCP6_RELEASE_(?:NA|PD)(?:_DELETED)?"), LeaseAction.RELEASED),
    (re.compile(
        r"DHCP4_RELEASE_EXPIRED|DHCP6_RELEASE_(?:NA|PD)_EXPIRED|ALLOC_ENGINE_V[46]_LEASE_RECLAIM"
        r"|ALLOC_ENGINE_V[46]_LEASES_RECLAMATION"), LeaseAction.EXPIRED),
)  # fmt: skip
# 2026-01-06 01:02:03 CET Address: 192.0.2.100 has been renewed for 1 hrs 52 min 15 secs to a device with ..
_FORENSIC = re.compile(
    r"(?as)(?:(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: ([A-Z]{2,5}|[+-]\d{2}:?(?:\d{2})?))? )?"
    r"(?:Address|Prefix): ([0-9A-Fa-f.:]{2,45})(?:/\d{1,3})? has been (assigned|renewed|rebound|reused"
    r"|released|reclaimed|added|modified|deleted|declined)(?: by \S{1,40}| using \S{1,40})?(.*)"
)
_LENGTH = re.compile(r"(\d{1,9}) (days?|hrs?|mins?|secs?)\b", re.ASCII)
_HARDWARE = re.compile(r"hardware address: (?:hwtype=\d{1,3} )?([0-9A-Fa-f:]{11,30})", re.ASCII)
_FORENSIC_DUID = re.compile(r"DUID: ([0-9A-Fa-f:]{8,400})", re.ASCII)
_UNIT_S = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_FORENSIC_ACTIONS = {
    "assigned": LeaseAction.ASSIGNED, "added": LeaseAction.ASSIGNED, "renewed": LeaseAction.RENEWED,
    "rebound": LeaseAction.RENEWED, "reused": LeaseAction.RENEWED, "modified": LeaseAction.RENEWED,
    "released": LeaseAction.RELEASED, "deleted": LeaseAction.RELEASED, "reclaimed": LeaseAction.EXPIRED,
}  # fmt: skip
# address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context
_HEADINGS = ("address,hwaddr,client_id,valid_lifetime,expire", "address,duid,valid_lifetime,expire,subnet_id")
# 192.0.2.50,00:1a:2b:3c:4d:5e,01:00:1a:2b:3c:4d:5e,3600,1790003600,1,0,0,pc-7.unit.example,0,,0
_ROW_4 = re.compile(
    r"(?a)([0-9.]{7,15}),([0-9A-Fa-f:]{0,60}),([0-9A-Fa-f:]{0,400}),(\d{1,10}),(\d{1,12}),(\d{1,10}),([01]?"
    r"),([01]?),([^,]{0,255})(?:,([0-4]))?(?:,|$)"
)
# 2001:db8::50,00:01:00:01:2a:bc:de:f0:00:1a:2b:3c:4d:5e,3600,1790003600,1,1800,0,7,128,0,0,pc-7 ..
_ROW_6 = re.compile(
    r"(?a)([0-9A-Fa-f:]{2,45}),([0-9A-Fa-f:]{0,400}),(\d{1,10}),(\d{1,12}),(\d{1,10}),(\d{1,10}),(\d{1,2}),"
    r"(\d{1,10}),(\d{1,3}),([01]?),([01]?),([^,]{0,255})(?:,([0-9A-Fa-f:]{0,60}))?(?:,([0-4]))?(?:,|$)"
)
_STATES = {"1": None, "2": LeaseAction.EXPIRED, "3": LeaseAction.RELEASED, "4": None}
_LONGEST_LEASE_S = 3660 * 86400


class Kea(LogFormat):
    """Messages of both servers, forensic log, `kea-leases4.csv`, `kea-leases6.csv`."""

    name = "kea"
    title = "ISC Kea"
    gives = fields_named("time observer source_ip device_ip machine action lease_until")
    # DHCP4_LEASE_ALLOC [hwtype=1 00:1a:2b:3c:4d:5e], cid=[01:00:1a:2b:3c:4d:5e], tid=0x12345678: lease ..
    records = Records(
        reader="sentences",
        sentences=Sentences(
            marks=("DHCP4_", "DHCP6_"),
            parting=" []=,:",
            idle=rb" cid=\[([0-9a-f:]+)\]| tid=(0x[0-9a-fA-F]+): ",
        ),
    )
    lease_markers = ("_LEASE_", "_RELEASE", "_RENEW", "has been ", ",")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a message with one of Kea's names, a forensic log line, or a row of a lease file."""
        if "has been" in line and ("ddress: " in line or "refix: " in line):
            start = (
                line.find("Address: ", 0, 200) if "Address: " in line[:200] else line.find("Prefix: ", 0, 200)
            )
            return start >= 0 and _FORENSIC.match(line, start) is not None
        if line.count(",", 0, 700) >= 8 and line[:1] in "0123456789abcdefABCDEF:":
            return (
                _ROW_4.match(line) is not None or _ROW_6.match(line) is not None or line.startswith(_HEADINGS)
            )
        if "_" not in line[:400] or not ("kea" in line[:200] or "DHCP" in line or "ALLOC_ENGINE" in line):
            return False
        return _message_of(line) is not None

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. None for messages that name neither an address nor a machine."""
        line = line.rstrip("\r\n")
        if line.startswith(_HEADINGS):
            return None
        self.check(line)
        return _row(line) or self._forensic(line) or self._message(line)

    def _forensic(self, line: str) -> Event | None:
        header, match = NO_HEADER, _FORENSIC.match(line)
        if match is None:
            header, message = split_header(line, self.context)
            match = _FORENSIC.match(message)
        # any text before the record's own time
        if match is None and (match := _FORENSIC.search(line)):
            header, _ = split_header(f"{line[: match.start()]}-", self.context)
        if match is None:
            return None
        zone = match[2] if match[2] and (match[2] in ("UTC", "GMT", "Z") or match[2][0] in "+-") else ""
        own = (
            from_iso(match[1] + ("Z" if zone.isalpha() else zone), self.context.timezone)
            if match[1]
            else None
        )
        hardware, duid = _HARDWARE.search(match[5], 0, 2000), _FORENSIC_DUID.search(match[5], 0, 2000)
        mac = (mac_of(hardware[1]) if hardware else None) or (mac_of_duid(duid[1]) if duid else None)
        action = _FORENSIC_ACTIONS.get(match[4])
        before = match[5].partition(" to a device")[0]
        seconds = sum(int(count) * _UNIT_S[unit[0]] for count, unit in _LENGTH.findall(before[:200]))
        return lease_event(
            ip_of(match[3]), action, mac=mac, time=own or header.time, observer=header.host, seconds=seconds
        )

    def _message(self, line: str) -> Event | None:
        header, match = NO_HEADER, _MESSAGE.match(line)
        if match is None:
            header, message = split_header(line, self.context)
            match = _MESSAGE.match(message) or _message_of(line)
        if match is None:
            return None
        own = match[1] or _stated_before(line, match)
        text = match[3]
        client, duid = _CLIENT.search(text, 0, 2000), _DUID.search(text, 0, 2000)
        mac = (mac_of(client[1]) if client else None) or (mac_of_duid(duid[1]) if duid else None)
        bound = _BOUND.search(text, 0, 2000)
        address = ip_of(bound[1]) if bound else None
        if address is None and mac is None:
            return None
        action = next((action for pattern, action in _NAMES if pattern.fullmatch(match[2])), None)
        length = _FOR_SECONDS.search(text, 0, 4000)
        time = from_iso(own, self.context.timezone) if own else header.time
        seconds = length[1] if length else None
        return lease_event(address, action, mac=mac, time=time, observer=header.host, seconds=seconds)


def _message_of(line: str) -> re.Match[str] | None:
    match = _MESSAGE.match(line)
    if match is None:
        tag = line.find("]: ", 0, 200)
        brackets = line.find("[kea", 0, 200)
        start = tag + 3 if tag > 0 else brackets
        match = _MESSAGE.match(line, start) if start >= 0 else None
    if match is None:
        return None
    return (
        match
        if match[2].startswith(("DHCP4_", "DHCP6_", "DHCPSRV_", "ALLOC_ENGINE_")) or "kea" in line[:200]
        else None
    )


def _stated_before(line: str, message: re.Match[str]) -> str | None:
    """Find Kea's own time before a message, after foreign text (a container's name, a prompt)."""
    time = _TIME.search(line, 0, message.start()) if message.string is line else None
    return time[0] if time else None


def _row(line: str) -> Event | None:
    """Read a lease file row: the lease at its last change."""
    if line.count(",", 0, 700) < 8:
        return None
    if four := _ROW_4.match(line):
        address, hardware, client, length, end, name, state = four.group(1, 2, 3, 4, 5, 9, 10)
    elif six := _ROW_6.match(line):
        if six[7] == "2" and six[9] != "128":  # a prefix delegated to a router
            return None
        address, client, length, end, name, hardware, state = six.group(1, 2, 3, 4, 12, 13, 14)
    else:
        return None
    mac = mac_of(hardware) or mac_of_duid(client) or mac_of(client.removeprefix("01:"))
    seconds = int(length)
    until = from_epoch(end)
    action = _STATES.get(state or "0", LeaseAction.ASSIGNED if seconds else LeaseAction.RELEASED)
    begins = action is LeaseAction.ASSIGNED and 0 < seconds <= _LONGEST_LEASE_S
    time = until - timedelta(seconds=seconds) if begins else until
    end_of_lease = until if begins else None
    return lease_event(ip_of(address), action, mac=mac, name=stated(name), time=time, until=end_of_lease)
