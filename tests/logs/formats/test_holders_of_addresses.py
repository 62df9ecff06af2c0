"""Kea, OpenVPN, WireGuard, FreeRADIUS, NPS, Samba and tables of neighbours: one trap a test."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.formats.access.freeradius import FreeRadius
from lamsach.logs.formats.access.nps import Nps
from lamsach.logs.formats.dhcp.kea import Kea
from lamsach.logs.formats.dhcp.neighbour_tables import NeighbourTables
from lamsach.logs.formats.servers.samba import Samba
from lamsach.logs.formats.vpn.openvpn import OpenVpn
from lamsach.logs.formats.vpn.wireguard import WireGuard
from lamsach.model import Action, EventKind, LeaseAction

FORMATS = (Kea, OpenVpn, WireGuard, FreeRadius, Nps, Samba, NeighbourTables)


def parse(log_format: type[LogFormat], text: str):  # type: ignore[no-untyped-def]
    return log_format(FileContext(modified=datetime(2026, 7, 1, tzinfo=UTC))).parse(text, 1)


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("DHCP4_LEASE_ALLOC", LeaseAction.ASSIGNED), ("DHCP4_LEASE_REUSE", LeaseAction.ASSIGNED),
        ("DHCP4_RELEASE", LeaseAction.RELEASED), ("DHCP4_RELEASE_DELETED", LeaseAction.RELEASED),
        ("DHCP4_RELEASE_EXPIRED", LeaseAction.EXPIRED), ("DHCP4_LEASE_OFFER", Action.UNKNOWN),
        ("DHCP4_LEASE_ADVERT", Action.UNKNOWN), ("DHCP4_DECLINE_LEASE", Action.UNKNOWN),
        ("DHCP4_RELEASE_FAIL", Action.UNKNOWN),
    ],
)  # fmt: skip
def test_leases_in_messages_of_kea(name: str, action: object) -> None:
    event = parse(
        Kea,
        (
            f"2026-06-10 10:20:31.123 INFO  [kea-dhcp4.leases/1] {name} [hwtype=1 00:1a:2b:3c:4d:5e], "
            "cid=[], tid=0x1: lease 10.20.0.50 ..."
        ),
    )
    assert (event.device_ip, event.device_mac, event.action) == ("10.20.0.50", "00:1a:2b:3c:4d:5e", action)


def test_a_stranger_who_tries_the_vpn_is_no_machine_of_the_unit() -> None:
    event = parse(OpenVpn, "2026-06-10 14:13:07 203.0.113.32:61432 TLS Error: TLS handshake failed")
    assert (event.source_ip, event.device_ip, event.action) == ("203.0.113.32", None, Action.BLOCKED)


def test_a_private_key_is_never_stored() -> None:
    key = "A" * 42 + "A="
    assert parse(WireGuard, f"wg0\t{key}\t{'B' * 42}A=\t51820\toff") is None
    with pytest.raises(LineError) as refused:
        parse(WireGuard, f"wg0\t{key}\tbroken")
    assert key not in str(refused.value)


def test_a_password_after_the_name_is_never_stored() -> None:
    event = parse(
        FreeRadius,
        (
            "Wed Jun 10 10:00:01 2026 : Auth: (1) Login OK: [alice/S3cret] (from client ap01 port 13 cli "
            "00-1A-2B-3C-4D-5E)"
        ),
    )
    assert event.user == "alice"
    assert "S3cret" not in repr(event)


@pytest.mark.parametrize(
    ("row", "held"),
    [
        ("Internet  10.20.0.50  12  001a.2b3c.4d5e  ARPA  Vlan20", True),
        ("  10.20.0.50            00-1a-2b-3c-4d-5e     dynamic", True),
        ("10.20.0.50 dev eth0 lladdr 00:1a:2b:3c:4d:5e STALE", True),
        ("10.20.0.50       0x1         0x0         00:1a:2b:3c:4d:5e     *        eth0", False),
        ("  224.0.0.22            01-00-5e-00-00-16     static", False),
        ("? (10.20.0.50) at 00:00:00:00:00:00 [ether] on eth0", False),
    ],
)  # fmt: skip
def test_rows_of_neighbours(row: str, held: bool) -> None:
    try:
        event = parse(NeighbourTables, row)
    except LineError:
        event = None
    assert (event is not None and event.action is LeaseAction.OBSERVED) is held


def test_a_machine_s_log_on_names_the_machine() -> None:
    event = parse(
        Samba,
        "Auth: [Kerberos KDC,ENC-TS Pre-authentication] user [(null)]\\[PC-7$@UNIT.EXAMPLE] at [Wed, 10 "
        "Jun 2026 08:24:13.023984 UTC] with [aes256] "
        "status [NT_STATUS_OK] workstation [(null)] remote host [ipv4:10.20.0.7:44891] became "
        "[UNIT]\\[PC-7$] [S-1-5]. local host [NULL]",
    )
    assert (event.kind, event.device_name, event.user, event.device_ip) == (
        EventKind.LOGON,
        "PC-7",
        None,
        "10.20.0.7",
    )


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-10 14:13:07 10.20.0.5:51234 GET /index.html",
        "Jun 10 10:00:00 gw01 kernel: IN=eth0 OUT= SRC=10.20.0.5 DST=10.20.0.6",
        "Wed Jun 10 10:00:00 2026 [error] something else",
        "a,b,c,d,e,f,g,h,i",
        "alice|10.20.0.7|docs|openat|ok|r|plans.docx",
        "\tindented = text",
    ],
)
def test_foreign_lines_are_refused(text: str) -> None:
    for log_format in FORMATS:
        assert not log_format.recognises(text), log_format.name
