"""Windows DHCP audit log: golden cases, dates, MAC spellings and what is a lease."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.windows_dhcp_audit import WindowsDhcpAudit
from lamsach.model import EventKind, LeaseAction


def event_of(line, head=None):
    context = FileContext(timezone=ZoneInfo("UTC"), head=head or [line])
    event = WindowsDhcpAudit(context).parse(line, 1)
    assert event is not None
    return event


@pytest.mark.parametrize("log", golden.cases("windows_dhcp_audit"), ids=lambda log: log.stem)
def test_golden(log):
    lines = golden.lines_of(log)
    assert WindowsDhcpAudit.score([line for line in lines if line.strip()]) == 1.0
    assert [golden.as_json(event) for event in golden.read(WindowsDhcpAudit, lines)] == golden.expected(log)


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
def test_date(written, head, day):
    lines = [f"10,{text},07:31:12,Assign,10.0.0.1,h,02005E100015,,0,0" for text in [*head, written]]
    assert event_of(lines[-1], lines).time == datetime(*day, 7, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "spelling", ["02005E100015", "02005e100015", "02-00-5E-10-00-15", "02:00:5e:10:00:15", "0200.5e10.0015"]
)
def test_mac(spelling):
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
def test_lease(identifier, action):
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


def test_prose_of_another_language_is_no_event():
    head = [
        "\t\tMicrosoft-DHCP-Dienst",
        "10\tEine neue IP-Adresse wurde geleast.",
        "ID,Datum,Zeit,Beschreibung,IP-Adresse,Hostname,MAC-Adresse",
        "10,06/05/26,07:31:12,Zuweisen,10.0.0.1,h,02005E100015,,0,0",
    ]
    assert WindowsDhcpAudit.score(head) == 1.0
    parser = WindowsDhcpAudit(FileContext(head=head))
    assert [parser.parse(line, number) is None for number, line in enumerate(head, 1)] == [
        True,
        True,
        True,
        False,
    ]


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
