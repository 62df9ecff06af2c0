"""A small unit with known truth.

A FortiGate that translates, a DHCP server, an inventory, and an authority's list.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

VIETNAM = timezone(timedelta(hours=7))
START = datetime(2026, 11, 3, 9, 0, tzinfo=VIETNAM)
PUBLIC = "203.0.113.10"
HOSTILE = '=HYPERLINK("http://evil.example")<script>alert(1)</script>\u202e\x1b[31m'


def fortigate(
    end: datetime, inside: str, port: int, lasted: int, number: int, destination: str = "198.51.100.77"
) -> str:
    """Return a traffic record, written at the session's end."""
    return (
        f'date={end:%Y-%m-%d} time={end:%H:%M:%S} devname="FG1" devid="FG100E0000000001" '
        f'eventtime={int(end.timestamp())}000000000 tz="+0700" logid="0000000013" '
        f'type="traffic" subtype="forward" level="notice" vd="root" srcip={inside} '
        f'srcport={50000 + number} srcintf="lan" dstip={destination} dstport=443 dstintf="wan1" '
        f'sessionid={number} proto=6 action="close" policyid=1 service="HTTPS" trandisp="snat" '
        f"transip={PUBLIC} transport={port} duration={lasted} sentbyte=100 rcvdbyte=200\n"
    )


def make_unit(folder: Path, *, rows: int = 8, behind: int = 0, threat: str = "Mirai") -> Path:
    """Write logs, an inventory and a list; the list's clock is `behind` seconds behind.

    Rows 1 to `rows` are of 10.1.0.11 and following; the last two of them cannot be explained. Returns the
    list's path.
    """
    logs = folder / "logs"
    logs.mkdir()
    lines = [
        fortigate(START + timedelta(minutes=5 * n), f"10.1.0.{11 + n}", 20000 + n, 40, n + 1)
        for n in range(rows)
    ]
    (logs / "fw.log").write_text("".join(lines))
    stamp = START - timedelta(hours=1)
    acks = [
        (
            f"{stamp:%b %e %H:%M:%S} dhcp1 dhcpd[811]: DHCPACK on 10.1.0.{11 + n} to 02:00:00:00:00:{n:02x} "
            f"(PC-{n:02d}) via eth0\n"
        )
        for n in range(rows)
    ]
    (logs / "dhcpd.log").write_text("".join(acks))
    sheet = [f"PC-{n:02d},02:00:00:00:00:{n:02x},Người dùng {n},Phòng {n % 2}\n" for n in range(rows)]
    (folder / "machines.csv").write_text("Tên máy,MAC,Người sử dụng,Phòng ban\n" + "".join(sheet))
    listed = ["Địa chỉ IP công cộng,Cổng,Thời gian,Giao thức,Mã độc\n"]
    for n in range(rows):
        when = START + timedelta(minutes=5 * n, seconds=-38 - behind)
        port = 20000 + n if n < rows - 2 else 40000 + n
        quoted = '"' + threat.replace('"', '""') + '"'
        listed.append(f"{PUBLIC},{port},{when:%d/%m/%Y %H:%M:%S},TCP,{quoted}\n")
    path = folder / "list.csv"
    path.write_text("".join(listed))
    return path
