"""Windows DHCP audit log: dates, MAC spellings and leases."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.investigate import Request, investigate
from lamsach.logs.base import FileContext
from lamsach.logs.formats.dhcp.windows_dhcp_audit import WindowsDhcpAudit
from lamsach.model import EventKind, LeaseAction


def event_of(line, head=None):
    context = FileContext(timezone=ZoneInfo("UTC"), head=head or [line])
    event = WindowsDhcpAudit(context).parse(line, 1)
    assert event is not None
    return event


@pytest.mark.parametrize(
    ("written", "head", "day"),
    [
        ("06/05/26", [], (2026, 6, 5)),
        ("06/05/2026", [], (2026, 5, 6)),
        ("13/05/2026", [], (2026, 5, 13)),
        ("05/13/2026", [], (2026, 5, 13)),
        ("06/05/26", ["13/05/26"], (2026, 5, 6)),
        ("2026-06-05", [], (2026, 6, 5)),
        ("5.6.2026", [], (2026, 6, 5)),
    ],
)
def test_the_order_of_day_and_month_is_found(written, head, day):
    lines = [f"10,{text},07:31:12,Assign,10.0.0.1,h,02005E100015,,0,0" for text in [*head, written]]
    assert event_of(lines[-1], lines).time == datetime(*day, 7, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "spelling", ["02005E100015", "02005e100015", "02-00-5E-10-00-15", "02:00:5e:10:00:15", "0200.5e10.0015"]
)
def test_a_mac_is_read_in_every_spelling(spelling):
    assert (
        event_of(f"10,06/05/26,07:31:12,Assign,10.0.0.1,h,{spelling},,0,0").device_mac == "02:00:5e:10:00:15"
    )


@pytest.mark.parametrize(
    ("identifier", "action"),
    [
        (10, LeaseAction.ASSIGNED),
        (11, LeaseAction.RENEWED),
        (12, LeaseAction.RELEASED),
        (16, LeaseAction.EXPIRED),
        (17, LeaseAction.EXPIRED),
        (18, LeaseAction.EXPIRED),
        (20, LeaseAction.ASSIGNED),
        (13, None),
        (15, None),
        (30, None),
        (32, None),
    ],
)
def test_an_identifier_is_a_lease_or_none(identifier, action):
    event = event_of(f"{identifier},06/05/26,07:31:12,x,10.0.0.1,h,02005E100015,,0,0")
    assert (event.kind, event.action) == (
        (EventKind.LEASE, action) if action else (EventKind.OTHER, event.action)
    )
    assert event.source_ip == "10.0.0.1"
    assert event.lease_until is None


def test_every_lease_of_the_golden_cases_has_a_marker():
    for log in golden.cases("windows_dhcp_audit"):
        lines = golden.lines_of(log)
        for event in golden.read(WindowsDhcpAudit, lines):
            if event.kind is EventKind.LEASE:
                assert any(marker in lines[event.line - 1] for marker in WindowsDhcpAudit.lease_markers)


ENGLISH = [
    "\t\tMicrosoft DHCP Service Activity Log",
    "Event ID  Meaning",
    "00\tThe log was started.",
    "14\tA lease request could not be satisfied because the scope's",
    "\taddress pool was exhausted.",
    "34\tDNS update request failed.as the DNS update request queue limit exceeded.",
    "50+\tCodes above 50 are used for Rogue Server Detection information.",
    "QResult: 0: NoQuarantine, 1:Quarantine, 2:Drop Packet, 3:Probation,6:No Quarantine Information",
    "ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult",
]
GERMAN = [
    "\t\tMicrosoft-DHCP-Dienst - Aktivitätsprotokoll",
    "Ereigniskennung  Bedeutung",
    "10\tEine neue IP-Adresse wurde geleast.",
    "\tAdresspool erschöpft.",
    "ID,Datum,Zeit,Beschreibung,IP-Adresse,Hostname,MAC-Adresse",
]
FRENCH = [
    "\t\tJournal d'activité du service DHCP Microsoft",
    "ID d'événement  Signification",
    "10\tUne nouvelle adresse IP a été louée à un client.",
    "ID Date,Heure,Description,Adresse IP,Nom d'hôte,Adresse MAC,Nom d'utilisateur",
]
RUSSIAN = [
    "\t\tЖурнал работы службы DHCP Майкрософт",
    "Код события  Значение",
    "10\tКлиенту выдан новый IP-адрес.",
    "Код,Дата,Время,Описание,IP-адрес,Имя узла,MAC-адрес",
]
CHINESE = [
    "\t\tMicrosoft DHCP 服务活动日志",
    "事件 ID  含义",
    "10\t新的 IP 地址已租用给客户端。",
    "ID,日期,时间,描述,IP 地址,主机名,MAC 地址,用户名",
]
IPV6 = [
    "\t\tMicrosoft DHCPV6 Service Activity Log",
    "Event ID  Meaning",
    "11000\tDHCPV6 Solicit.",
    (
        "ID,Date,Time,Description,IPv6 Address,Host Name,Error Code, Duid Length, Duid Bytes(Hex),User "
        "Name,Dhcid,Subnet Prefix."
    ),
]
RECORD = "10,06/05/26,07:31:12,x,10.0.0.1,h,02005E100015,,0,0"


@pytest.mark.parametrize("prose", [ENGLISH, GERMAN, FRENCH, RUSSIAN, CHINESE, IPV6])
def test_prose_is_skipped_in_every_language(prose):
    head = [*prose, RECORD]
    assert WindowsDhcpAudit.score(head) == 1.0
    parser = WindowsDhcpAudit(FileContext(head=head))
    for number, line in enumerate(["", *prose, "", *prose], 1):
        assert parser.parse(line, number) is None
        assert parser.passes_over(line)
    assert parser.parse(RECORD, 9) is not None
    assert not parser.passes_over(RECORD)


@pytest.mark.parametrize(
    "line",
    [
        "Jun  5 07:31:12 gw dhcpd: bad.example 203.0.113.9",
        "1780000000.123 45 203.0.113.9 TCP_MISS/200",
        RECORD,
    ],
)
def test_other_lines_above_the_heading_are_no_prose(line):
    assert not WindowsDhcpAudit(FileContext(head=[line, *ENGLISH, RECORD])).passes_over(line)


def test_prose_counts_as_read(tmp_path, monkeypatch):
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))
    log, listed = tmp_path / "DhcpSrvLog-Fri.log", tmp_path / "list.txt"
    listed.write_text("c2.evil.example")
    log.write_text("\r\n".join([ENGLISH[0], "", "", *ENGLISH[1:-1], "", ENGLISH[-1], *[RECORD] * 30, ""]))
    rows = investigate(Request(logs=[str(log)], lists=[str(listed)]))[0].coverage
    assert {(row.format, row.unparsed, row.refused) for row in rows} == {("windows_dhcp_audit", 0, 0)}


@pytest.mark.parametrize(
    "line",
    ["hello", "1,2,3", "10 green bottles", "10,06/05/26,x", "ts,uid,id.orig_h,id.orig_p,proto,service"],
)
def test_refuses_other_products(line):
    assert not WindowsDhcpAudit.recognises(line)
    with pytest.raises(LineError):
        WindowsDhcpAudit(FileContext()).parse(line, 1)


def test_impossible_date_is_a_line_error():
    for date in ("02/30/26", "99/99/26", "00/00/00"):
        with pytest.raises(LineError):
            WindowsDhcpAudit(FileContext()).parse(f"10,{date},07:31:12,Assign,10.0.0.1,h,02005E100015,,0", 1)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40), st.text(max_size=200))
def test_never_raises_anything_else(before, after):
    for line in (
        before + "10,06/05/26,07:31:12,Assign," + after,
        f'10,{before},07:31:12,"{after}',
        before + after,
    ):
        WindowsDhcpAudit.recognises(line)
        WindowsDhcpAudit.score([line])
        with contextlib.suppress(LineError):
            WindowsDhcpAudit(FileContext(head=[line])).parse(line, 1)
