"""Tables of neighbours: hardware addresses by IP address, from routers, switches and computers.

Source: Cisco IOS, NX-OS and ASA Command References (`show arp`, `show ip arp`, `show mac address-table`),
Junos `show arp`, Huawei and H3C `display arp`, FortiOS `get system arp`, MikroTik `/ip arp print` and `/ip
dhcp-server lease print`, Linux arp(8), ip-neighbour(8) and proc(5), BSD arp(8), Windows `arp -a`,
arpwatch(8). Traps:
- A table states no time: it holds for the file's own time. arpwatch's messages have their own.
- `Incomplete`, `FAILED` and an all-zero hardware address: no answer. Multicast and broadcast addresses have
  no holder.
- A router that answers for others (proxy ARP) has one hardware address at many addresses; telling them apart
  is left to the reader of the table.
- `show mac address-table` has no IP addresses; its rows only prove a machine's presence.
"""

from __future__ import annotations

import re
from datetime import datetime
from ipaddress import ip_address

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.leases import lease_event
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.timestamps import from_epoch
from lamsach.logs.text.values import ip_of, mac_of, stated
from lamsach.model import Event, EventKind, LeaseAction

_IP = r"(\d{1,3}(?:\.\d{1,3}){3})"
_IP6 = r"([0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,44})"
_MAC = (
    r"((?:[0-9A-Fa-f]{1,2}[:-]){5}[0-9A-Fa-f]{1,2}|(?:[0-9A-Fa-f]{4}[.-]){2}[0-9A-Fa-f]{4}"
    r"|[0-9A-Fa-f]{6}-[0-9A-Fa-f]{6})"
)
_SHAPES = {
    # Internet  10.1.1.5               12   001a.2b3c.4d5e  ARPA   Vlan10
    "ios": re.compile(rf" *Internet +{_IP} +(?:\d{{1,6}}|-) +{_MAC} +(?:ARPA|SNAP|SAP)\b", re.ASCII),
    # 10.1.1.5        00:12:34  001a.2b3c.4d5e  Vlan10   (NX-OS)
    "nxos": re.compile(
        rf" *{_IP} +(?:(?:\d+d\d+h|\d\d:\d\d:\d\d|\d+\.\d+|-)|\d{{1,6}}) +{_MAC} +[\w./:-]{{1,40}}(?: +"
        rf"[*+#D~]{{1,3}}| +physical.{{0,80}})?\s*$", re.ASCII),
    #         inside 10.1.1.5 001a.2b3c.4d5e 120     (ASA)
    "asa": re.compile(rf"\s*[A-Za-z][\w.-]{{0,47}} {_IP} {_MAC} (?:-|\d{{1,7}}|alias)\s*$", re.ASCII),
    # 00:1a:2b:3c:4d:5e 10.1.1.5        pc-7.unit.example   ge-0/0/0.0   none     (Junos)
    "junos": re.compile(
        rf" *{_MAC} +{_IP} +(?P<name>[\w.:-]{{1,255}} +)?(?:[a-z]{{2,5}}-?\d{{1,3}}(?:/\d{{1,3}}){{0,2}}"
        rf"(?:\.\d{{1,5}})?|irb\.\d{{1,5}}|vlan\.\d{{1,5}}|fxp\d.{{0,6}}|em\d.{{0,6}})(?: \[[^\]]{{1,40}}"
        rf"\])?(?: +(?:none|permanent.{{0,30}}|published.{{0,20}}|remote|\d{{1,6}}))?\s*$", re.ASCII),
    # ? (10.1.1.5) at 00:1a:2b:3c:4d:5e [ether] on eth0
    "arp": re.compile(
        rf"(?P<name>\?|[\w.-]{{1,255}}) \({_IP}\) at {_MAC}(?: \[[a-z0-9]{{2,12}}\])?(?: PERM"
        rf"| PUB){{0,2}} on \S{{1,32}}", re.ASCII),
    # 10.1.1.5                 ether   00:1a:2b:3c:4d:5e   C                     eth0   (arp -n)
    "arp_n": re.compile(
        rf"(?:{_IP}|(?P<name>[A-Za-z][\w.-]{{0,255}})) +(?:ether|ieee802.11) +{_MAC} +[CMP!]{{1,3}} +"
        rf"(?:\S{{1,24}} +)?\S{{1,32}}\s*$", re.ASCII),
    # 10.1.1.5         0x1         0x2         00:1a:2b:3c:4d:5e     *        eth0     (/proc/net/arp)
    "proc": re.compile(
        rf"(?a){_IP} +0x[0-9a-f]{{1,4}} +(?P<flags>0x[0-9a-f]{{1,4}}) +{_MAC} +\S{{1,40}} +\S{{1,32}}\s*$"),
    # 10.1.1.5 dev eth0 lladdr 00:1a:2b:3c:4d:5e REACHABLE     fe80::1 dev eth0 lladdr 00:1a:.. router STALE
    "ip_neigh": re.compile(
        rf"(?:{_IP}|{_IP6}) dev \S{{1,32}} lladdr {_MAC} (?:\S{{1,20}} ){{0,4}}(?:REACHABLE|STALE|DELAY"
        rf"|PROBE|PERMANENT|NOARP)\b", re.ASCII),
    #   10.1.1.5              00-1a-2b-3c-4d-5e     dynamic     (Windows, in any language)
    "windows": re.compile(rf"  {_IP} +((?:[0-9a-f]{{2}}-){{5}}[0-9a-f]{{2}}) +[^\W\d_][\w ]{{2,20}}\s*$"),
    # 0 DC  10.1.1.5     00:1A:2B:3C:4D:5E  bridge1   (MikroTik)
    "mikrotik": re.compile(
        rf" *\d{{1,6}} +(?:[A-Z]{{1,5}} +)?{_IP} +{_MAC} +(?P<rest>\S.{{0,200}})$", re.ASCII),
    "mikrotik_terse": re.compile(
        rf" *\d{{1,6}} +(?:[A-Z]{{1,5}} +)?(?:comment=.{{0,100}} )?address={_IP} mac-address={_MAC} "
        rf"(?P<rest>.{{0,400}})$", re.ASCII),
    # 10.1.1.5        001a-2b3c-4d5e  20        D-0         GE0/0/1   (Huawei)
    "huawei": re.compile(
        rf" *{_IP} +([0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}})(?: +\S{{1,40}}){{1,6}}\s*$", re.ASCII),
    # 10.1.1.5   001a2b-3c4d5e dynamic 5     (HP ProCurve, ArubaOS-Switch)
    "hp": re.compile(rf" *{_IP} +([0-9a-f]{{6}}-[0-9a-f]{{6}}) +(?:dynamic|static)\b", re.ASCII),
    # 00:1a:2b:3c:4d:5e	10.1.1.5	1790000000	pc-7	eth0     (arp.dat of arpwatch)
    "arpwatch_file": re.compile(
        rf"(?a){_MAC}\t{_IP}\t(?P<epoch>\d{{9,10}})(?:\t(?P<name>[\w.-]{{0,255}}))?(?:\t\S{{0,32}})?\s*$"),
}  # fmt: skip
# arpwatch: new station 10.1.1.5 00:1a:2b:3c:4d:5e eth0     flip flop 10.1.1.5 00:1a:.. (00:1a:..) eth0
_WATCH = re.compile(
    rf"(?a)(?:new station|new activity|flip flop|changed ethernet address|reused old ethernet address"
    rf"|bogon) {_IP} {_MAC}"
)
# 10    001a.2b3c.4d5e    DYNAMIC     Gi0/1     * 10  001a.2b3c.4d5e  dynamic  0  F  F  Eth1/1      (mac
# address-table)
_MAC_ROW = re.compile(
    rf"(?a) *[*+GCR~]? *(?:\d{{1,4}}|All|N/A) +{_MAC} +(?:DYNAMIC|STATIC|dynamic|static|learned|Learn"
    rf"|Dynamic|Static|Self|secure)\b"
)
_HEADINGS = re.compile(
    r"(?a)\s*(?:Protocol +Address +Age|Address +HW ?type|Address +Age|Address +Age\(min\)"
    r"|MAC Address +Address|Interface: [0-9.]+ --- 0x|IP address +HW type|Internet Address +Physical "
    r"Address|IP ADDRESS +MAC ADDRESS|IP Address +MAC Address|Flags: [A-Z*] -|# +(?:ADDRESS|MAC-ADDRESS)"
    r"|Columns: (?:ADDRESS|MAC)|Mac Address Table|Vlan +Mac Address|VLAN +MAC Address|-{3,}[- ]{5,}"
    r"|Total (?:Mac Addresses|number|:|entries)|IP ARP Table|Type: S-Static| *(?:Internet )? *\d{1,3}"
    r"(?:\.\d{1,3}){3} .{0,80}\b(?:[Ii]ncomplete|INCOMPLETE|FAILED|\(incomplete\))|\S{1,64} \([\d.]{7,15}\)"
    r" at (?:<incomplete>|\(incomplete\))|\S{1,64}[#>] ?(?:show|display|get|ip|arp)\b)"
)
_UNKNOWN_YEAR = 9999


class NeighbourTables(LogFormat):
    """`show arp`, `show mac address-table`, `arp -a`, `ip neigh`, MikroTik's print, arpwatch.

    Entries are valid at the file's time.
    """

    name = "neighbour_tables"
    title = "ARP and MAC address tables"
    gives = fields_named("time observer source_ip device_ip machine action")
    around = _HEADINGS
    lease_markers = (":", "-", ".")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a row of a known table, or a message of arpwatch."""
        if len(line) > 400 or (line.count(":") < 5 and "-" not in line and line.count(".") < 2):
            return False
        return _row(line) is not None or _MAC_ROW.match(line) is not None or (_WATCH.search(line) is not None)

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. None for headings and for multicast and broadcast addresses."""
        line = line.rstrip("\r\n")
        if not self.recognises(line):
            if _HEADINGS.match(line[:160]) or not line.strip():
                return None
            raise LineError("The line is not of this product.", line[:80])
        return self._watched(line) or self._listed(line)

    def _watched(self, line: str) -> Event | None:
        match = _WATCH.search(line)
        if match is None:
            return None
        header, _ = split_header(line, self.context)
        return _observation(match[1], match[2], None, header.time, header.host)

    def _listed(self, line: str) -> Event | None:
        modified = self.context.modified if self.context.modified.year < _UNKNOWN_YEAR else None
        found = _row(line)
        if found is None:
            present = _MAC_ROW.match(line)
            mac = mac_of(_plain(present[1])) if present else None
            return (
                Event(time=modified, kind=EventKind.OTHER, device_mac=mac)
                if mac and not _is_group(mac)
                else None
            )
        address, mac_text, name, epoch = found
        return _observation(address, mac_text, name, from_epoch(epoch) if epoch else modified, None)


def _row(line: str) -> tuple[str, str, str | None, str | None] | None:
    """Split a row into address, hardware address, name and time (seconds since the epoch)."""
    for shape, pattern in _SHAPES.items():
        match = pattern.match(line)
        if match is None:
            continue
        named = match.groupdict()
        if shape == "proc" and named["flags"] == "0x0":
            return None
        texts = [text for text in match.groups() if text]
        address = next((text for text in texts if ip_of(text)), None)
        mac = next((text for text in texts if mac_of(_plain(text))), None)
        if address is None or mac is None:
            continue
        name = named.get("name")
        return (
            address,
            mac,
            None if not name or name.strip() in ("?", address) else name.strip(),
            named.get("epoch"),
        )
    return None


def _plain(mac: str) -> str:
    """Strip the dashes of Huawei's (`001a-2b3c-4d5e`) and HP's (`001a2b-3c4d5e`) spelling only."""
    return mac.replace("-", "") if mac.count("-") < 5 and "-" in mac else mac


def _is_group(mac: str) -> bool:
    """Return whether the address is multicast or broadcast (IEEE 802, the lowest bit of the first octet)."""
    return int(mac[:2], 16) & 1 == 1


def _observation(
    address_text: str, mac_text: str, name: str | None, time: datetime | None, host: str | None
) -> Event | None:
    address, mac = ip_of(address_text), mac_of(_plain(mac_text))
    if address is None or mac is None or _is_group(mac) or ip_address(address).is_multicast:
        return None
    return lease_event(address, LeaseAction.OBSERVED, mac=mac, name=stated(name), time=time, observer=host)
