"""Files that name address holders: all kinds, detected among the logs."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lamsach.devices.holder_logs import HolderLogs
from lamsach.devices.leases import LeaseTable
from lamsach.logs.opening.inputs import find_logs

NOON = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
IP, MAC = "10.20.0.50", "00:1a:2b:3c:4d:5e"
FILES = {
    "dhcpd": (
        "Jun 10 11:00:00 dhcp01 dhcpd[940]: DHCPACK on 10.20.0.50 to 00:1a:2b:3c:4d:5e (PC-7) "
        "via eth0\n"
    ),
    "dhcpd.leases": (
        'lease 10.20.0.50 {\n  starts 3 2026/06/10 11:00:00;\n  ends 3 2026/06/10 20:00:00;\n'
        '  binding state active;\n'
        '  hardware ethernet 00:1a:2b:3c:4d:5e;\n}\n'
    ),
    "kea": "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,"
           "user_context,pool_id\n"
    "10.20.0.50,00:1a:2b:3c:4d:5e,,7200,1781097000,1,0,0,,0,,0\n",
    "dnsmasq": "Jun 10 11:00:00 gw dnsmasq-dhcp[812]: DHCPACK(br0) 10.20.0.50 00:1a:2b:3c:4d:5e PC-7\n",
    "detail": "Wed Jun 10 11:00:00 2026\n\tAcct-Status-Type = Start\n\tUser-Name = \"alice\"\n"
              "\tFramed-IP-Address = 10.20.0.50\n"
    "\tCalling-Station-Id = \"00-1A-2B-3C-4D-5E\"\n\n",
    "nps": ("10.20.9.1,UNIT\\alice,06/10/2026,11:00:00,IAS,NPS01,31,00-1A-2B-3C-4D-5E,8,10.20.0.50,40,1,"
            "4136,4\n"),
    "arp": "? (10.20.0.50) at 00:1a:2b:3c:4d:5e [ether] on eth0\n",
}  # fmt: skip


def table_of(path: Path) -> LeaseTable:
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    logs = list(find_logs([str(path)], on_problem=lambda problem: None))
    from zoneinfo import ZoneInfo

    return LeaseTable(HolderLogs((), logs, ZoneInfo("UTC")).events())


@pytest.mark.parametrize("name", FILES)
def test_a_log_that_shows_holders_is_read_for_them(name: str, tmp_path: Path) -> None:
    path = tmp_path / "case.log"
    path.write_text(FILES[name])
    table = table_of(path)
    held = table.holder(IP, NOON) or table.observations.holder(IP, NOON)
    assert held is not None
    assert held.mac == MAC


def test_vpn_sessions_are_read_with_begin_and_end(tmp_path: Path) -> None:
    path = tmp_path / "openvpn.log"
    path.write_text(
        "2026-06-10 11:00:00 alice/203.0.113.5:51234 MULTI: Learn: 10.8.0.6 -> alice/203.0.113.5:51234\n"
        "2026-06-10 11:30:00 alice/203.0.113.5:51234 SIGTERM[soft,remote-exit] received, "
        "client-instance exiting\n"
        "2026-06-10 11:40:00 bob/203.0.113.6:51234 MULTI: Learn: 10.8.0.6 -> bob/203.0.113.6:51234\n"
    )
    table = table_of(path)
    assert [(lease.user, lease.end.hour, lease.end.minute) for lease in table.history("10.8.0.6")] == [
        ("alice", 11, 30),
        ("bob", 11, 40),
    ]


def test_log_ons_name_the_person(tmp_path: Path) -> None:
    path = tmp_path / "samba.log"
    path.write_text(
        "Auth: [SMB2,(null)] user [UNIT]\\[alice] at [Wed, 10 Jun 2026 11:24:12.023984 UTC] with "
        "[NTLMv2] status [NT_STATUS_OK] "
        "workstation [PC-7] remote host [ipv4:10.20.0.50:44890] became [UNIT]\\[alice] [S-1-5-21]. "
        "local host [ipv4:10.20.0.2:445] \n"
    )
    table = table_of(path)
    assert table.person(IP, None, NOON) == "alice"
    seen = table.observations.holder(IP, NOON)
    assert seen is not None
    assert seen.name == "PC-7"


def test_a_log_without_holders_gives_none(tmp_path: Path) -> None:
    path = tmp_path / "ns.log"
    path.write_text("Jun 10 11:00:00 ns1 unbound: [1:0] info: 10.20.0.50 www.unit.example. A IN\n")
    table = table_of(path)
    assert len(table) == len(table.observations) == len(table.people) == 0
