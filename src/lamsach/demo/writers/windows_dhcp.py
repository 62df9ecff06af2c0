"""The Windows DHCP server's audit log ("Analyze DHCP server log files"): a file per weekday.

The server overwrites its weekday files after a week; the unit copied them every day, so the date is in the
names. One file was saved again from an editor, as UTF-16.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random

from lamsach.demo.clock import CLOCK, DAY_S, FIRST_DAY, day_of
from lamsach.demo.dhcp import ASSIGNED, EXPIRED, RELEASED, RENEWED, LeaseRecord
from lamsach.demo.world import DOMAIN, Kind

FOLDER = "logs/dhcp"
_NAME = "DhcpSrvLog"
UTF16_DAY = 6
"""The day whose file is in UTF-16 with a byte order mark."""

_WHAT = {ASSIGNED: "Assign", RENEWED: "Renew", RELEASED: "Release", EXPIRED: "Expired"}
_NO_MORE = ",0,6,,,,,,,,,0"

_PREAMBLE = """\t\tMicrosoft DHCP Service Activity Log


Event ID  Meaning
00\tThe log was started.
01\tThe log was stopped.
02\tThe log was temporarily paused due to low disk space.
10\tA new IP address was leased to a client.
11\tA lease was renewed by a client.
12\tA lease was released by a client.
13\tAn IP address was found to be in use on the network.
14\tA lease request could not be satisfied because the scope's address pool was exhausted.
15\tA lease was denied.
16\tA lease was deleted.
17\tA lease was expired and DNS records for an expired leases have not been deleted.
18\tA lease was expired and DNS records were deleted.
20\tA BOOTP address was leased to a client.
21\tA dynamic BOOTP address was leased to a client.
22\tA BOOTP request could not be satisfied because the scope's address pool for BOOTP was exhausted.
23\tA BOOTP IP address was deleted after checking to see it was not in use.
24\tIP address cleanup operation has began.
25\tIP address cleanup statistics.
30\tDNS update request to the named DNS server.
31\tDNS update failed.
32\tDNS update successful.
33\tPacket dropped due to NAP policy.
34\tDNS update request failed.as the DNS update request queue limit exceeded.
35\tDNS update request failed.
36\tPacket dropped because the server is in failover standby role or the hash of the client ID does not match.
50+\tCodes above 50 are used for Rogue Server Detection information.

QResult: 0: NoQuarantine, 1:Quarantine, 2:Drop Packet, 3:Probation,6:No Quarantine Information \
ProbationTime:Year-Month-Day Hour:Minute:Second:MilliSecond.

ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult,\
Probationtime, CorrelationID,Dhcid,VendorClass(Hex),VendorClass(ASCII),UserClass(Hex),\
UserClass(ASCII),RelayAgentInformation,DnsRegError.
"""


def file_name(day: int) -> str:
    """Return the file of a 0-based day, below the demo's folder."""
    date = day_of(day)
    return f"{FOLDER}/{_NAME}-{date:%a}-{date:%Y%m%d}.log"


def write(folder: Path, rng: Random, records: Iterable[LeaseRecord], days: int) -> list[Path]:
    """Write one file a day; return their paths in order."""
    lines: list[list[tuple[float, str]]] = [[] for _ in range(days)]
    for hour in range(days * 24):
        lines[hour // 24] += _cleaning(rng, hour * 3600.0 + 5)
    for record in records:
        if record.time < days * DAY_S:
            lines[int(record.time // DAY_S)] += _lease_lines(rng, record)
    for old in (folder / FOLDER).glob(f"{_NAME}-???-{FIRST_DAY:%Y%m}??.log"):
        old.unlink()  # of an earlier, longer demo in the same folder
    paths = []
    for day, content in enumerate(lines):
        path = folder / file_name(day)
        path.parent.mkdir(parents=True, exist_ok=True)
        content.sort(key=lambda item: item[0])
        body = "".join(
            f"{line}\n" for _, line in [(0.0, f"00,{_stamp(day * DAY_S)},Started,,,,{_NO_MORE}"), *content]
        )
        text = (_PREAMBLE + body).replace("\n", "\r\n")
        path.write_bytes(("\ufeff" + text).encode("utf-16-le") if day == UTF16_DAY else text.encode())
        paths.append(path)
    return paths


def _stamp(time: float) -> str:
    day, second = divmod(int(time), DAY_S)
    return f"{day_of(day):%m/%d/%y},{CLOCK[second]}"


def _cleaning(rng: Random, time: float) -> list[tuple[float, str]]:
    expired, deleted = rng.randrange(6), rng.randrange(3)
    return [
        (time, f"24,{_stamp(time)},Database Cleanup Begin,,,,{_NO_MORE}"),
        (time, f"25,{_stamp(time)},{expired} leases expired and {deleted} leases deleted,,,,{_NO_MORE}"),
    ]


def _lease_lines(rng: Random, record: LeaseRecord) -> list[tuple[float, str]]:
    device = record.device
    name = device.name if device.kind in (Kind.PHONE, Kind.GUEST) else f"{device.name}.{DOMAIN}"
    mac = device.mac.replace(":", "").upper()
    windows = device.kind in (Kind.PC, Kind.LAPTOP)
    vendor = "0x4D53465420352E30,MSFT 5.0" if windows else ","
    transaction = rng.randrange(2**32)
    when = _stamp(record.time)
    head = f"{record.code},{when},{_WHAT[record.code]},{record.ip},{name},{mac}"
    line = f"{head},,{transaction},0,,,,{vendor},,,,0"
    if record.code != ASSIGNED or not windows:
        return [(record.time, line)]
    return [
        (record.time, line),
        (record.time, f"30,{when},DNS Update Request,{record.ip},{name},,,0,6,,,,,,,,,0"),
        (record.time, f"32,{when},DNS Update Successful,{record.ip},{name},,,0,6,,,,,,,,,0"),
    ]
