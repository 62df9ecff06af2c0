"""Windows DNS debug log: clocks of many languages, names and clients."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.dns.windows_dns_debug import WindowsDnsDebug

REST = (
    " 0D48 PACKET  000000000181D1C0 UDP Rcv 10.20.1.15      0c6b   Q [0001   D   NOERROR] A      "
    "(4)evil(7)example(0)"
)
UTC_ZONE = ZoneInfo("UTC")


def event_of(line, head=None):
    event = WindowsDnsDebug(FileContext(timezone=UTC_ZONE, head=head or [line])).parse(line, 1)
    assert event is not None
    return event


@pytest.mark.parametrize(
    ("clock", "time"),
    [
        ("5/6/2026 1:51:18 PM", "2026-05-06T13:51:18"),
        ("5/6/2026 12:51:18 AM", "2026-05-06T00:51:18"),
        ("5/6/2026 12:51:18 PM", "2026-05-06T12:51:18"),
        ("05/06/2026 1:51:18 PM", "2026-05-06T13:51:18"),
        ("5/6/2026 1:51:18\u202fPM", "2026-05-06T13:51:18"),
        ("05/06/2026 13:51:18", "2026-06-05T13:51:18"),
        ("5/06/2026 1:51:18 PM", "2026-06-05T13:51:18"),
        ("05/06/2026 1:51:18 CH", "2026-06-05T13:51:18"),
        ("05/06/2026 1:51:18 SA", "2026-06-05T01:51:18"),
        ("05.06.2026 13:51:18", "2026-06-05T13:51:18"),
        ("5.6.2026 13.51.18", "2026-06-05T13:51:18"),
        ("05-06-2026 13:51:18", "2026-06-05T13:51:18"),
        ("5. 6. 2026 13:51:18", "2026-06-05T13:51:18"),
        ("2026-06-05 13:51:18", "2026-06-05T13:51:18"),
        ("2026/06/05 13:51:18", "2026-06-05T13:51:18"),
        ("2026. 06. 05. 13:51:18", "2026-06-05T13:51:18"),
        ("2026-06-05 오후 1:51:18", "2026-06-05T13:51:18"),
        ("2026/6/5 上午 01:51:18", "2026-06-05T01:51:18"),
        ("5/6/2026 1:51:18 μμ", "2026-06-05T13:51:18"),
        ("05/06/2026 01:51:18 p. m.", "2026-06-05T13:51:18"),
        ("20260605 13:51:18", "2026-06-05T13:51:18"),
        ("5/6/2569 13:51:18", "2026-06-05T13:51:18"),
    ],
)
def test_the_clock_is_read_in_every_spelling(clock, time):
    assert event_of(clock + REST).time == datetime.fromisoformat(time).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("others", "time"),
    [
        (["13/5/2026 1:51:18 PM"], "2026-06-05T13:51:18"),
        (["5/13/2026 13:51:18"], "2026-05-06T13:51:18"),
        (
            ["4/6/2026 1:00:00 PM", "5/6/2026 1:00:00 PM", "6/6/2026 1:00:00 PM", "1/7/2026 1:00:00 PM"],
            "2026-06-05T13:51:18",
        ),
    ],
)
def test_the_file_decides_the_order_of_day_and_month(others, time):
    line = "5/6/2026 1:51:18 PM" + REST
    if "13:51" in others[0]:
        line = "5/6/2026 13:51:18" + REST
    head = [other + REST for other in others]
    assert event_of(line, head).time == datetime.fromisoformat(time).replace(tzinfo=UTC)


def test_no_line_is_later_than_its_file():
    line = "05/06/2026 13:51:18" + REST
    context = FileContext(timezone=UTC_ZONE, head=[line], modified=datetime(2026, 5, 6, 14, tzinfo=UTC))
    event = WindowsDnsDebug(context).parse(line, 1)
    assert event is not None
    assert event.time == datetime(2026, 5, 6, 13, 51, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("way", "source", "destination", "device", "forwarded"),
    [
        ("Rcv 192.0.2.7 0c6b   Q", "192.0.2.7", None, "192.0.2.7", False),
        ("Snd 192.0.2.7 0c6b R Q", "192.0.2.7", None, "192.0.2.7", False),
        ("Snd 192.0.2.7 0c6b   Q", None, "192.0.2.7", None, True),
        ("Rcv 192.0.2.7 0c6b R Q", None, "192.0.2.7", None, True),
        ("Rcv 2001:db8::7 0c6b   Q", "2001:db8::7", None, "2001:db8::7", False),
        ("Rcv fe80::7%12 0c6b   N", "fe80::7", None, "fe80::7", False),
    ],
)
def test_only_a_clients_packet_names_a_device(way, source, destination, device, forwarded):
    line = (
        f"2026-06-05 13:51:18 0D48 PACKET  000000000181D1C0 UDP {way} [0001   D   NOERROR] A      "
        "(4)evil(7)example(0)"
    )
    event = event_of(line)
    assert (event.source_ip, event.destination_ip, event.device_ip, event.forwarded) == (
        source,
        destination,
        device,
        forwarded,
    )


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("A      (3)www(4)evil(7)example(0)", "www.evil.example"),
        ("A      (3)WWW(4)Evil(7)example(0)", "www.evil.example"),
        ("A      (3)regulation(3)example(0)", "regulation.example"),
        ("A      [C00C](3)www(7)example(0)", "www.example"),
        ("NS     (0)", None),
        ("SRV    (5)_ldap(4)_tcp(2)dc(6)_msdcs(4)unit(7)example(0)", "_ldap._tcp.dc._msdcs.unit.example"),
        ("A      .www.example.", "www.example"),
        ("(3)www(7)example(0)", "www.example"),
        ("65     (3)www(7)example(0)", "www.example"),
        ("A      (7)ev (3)l(7)example(0)", "ev (3)l.example"),
        ("", None),
    ],
)
def test_a_printed_name_becomes_a_domain(printed, name):
    line = (
        "2026-06-05 13:51:18 0D48 PACKET  000000000181D1C0 UDP Rcv 192.0.2.7 0c6b   Q [0001   D   NOERROR] "
        + printed
    )
    assert event_of(line).domain == name


@pytest.mark.parametrize(
    "line",
    [
        "DNS Server log file creation at 5/6/2026 1:51:18 PM",
        "Message logging key (for packets - other items use a subset of these fields):",
        "\t   3     Thread ID",
        "5/6/2026 1:51:18 PM 0D48 EVENT   The DNS server has started.",
    ],
)
def test_preamble_and_other_contexts_are_no_events(line):
    assert WindowsDnsDebug(FileContext(head=[line])).parse(line, 1) is None


@pytest.mark.parametrize(
    "line",
    ["hello", "5/6/2026 1:51:18 PM PACKET", "Jun  5 07:31:12 h named[1]: client 10.0.0.1#5: query: a IN A"],
)
def test_refuses_other_products(line):
    assert not WindowsDnsDebug.recognises(line)
    with pytest.raises(LineError):
        WindowsDnsDebug(FileContext()).parse(line, 1)


@pytest.mark.parametrize(
    "rest", ["", "000000000181D1C0", "000000000181D1C0 XDP Seen 10.1.1.5 0c6b", "00 UDP Rcv 10.1.1.5"]
)
def test_a_packet_of_an_unknown_layout_is_refused(rest):
    line = f"5/6/2026 1:51:18 PM 0D48 PACKET  {rest} (3)www(7)example(3)com(0)"
    assert WindowsDnsDebug.recognises(line)
    with pytest.raises(LineError):  # and the hunt searches its text
        WindowsDnsDebug(FileContext(head=[line])).parse(line, 1)


@pytest.mark.parametrize(
    "clock", ["", "31/31/2026 13:51:18", "2026-02-30 13:51:18", "2026-06-05", "99:99:99"]
)
def test_impossible_time_is_a_line_error(clock):
    with pytest.raises(LineError):
        WindowsDnsDebug(FileContext()).parse(clock + REST, 1)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.text(max_size=200))
def test_never_raises_anything_else(before, after):
    for line in (before + REST + after, before + after, "2026-06-05 13:51:18" + REST + "\n" + after):
        WindowsDnsDebug.recognises(line)
        WindowsDnsDebug.starts_record(line)
        with contextlib.suppress(LineError):
            WindowsDnsDebug(FileContext(head=[line])).parse(line, 1)


DETAILS = """\
UDP response info at 000000000181D1C0
  Socket = 380
  Remote addr 10.20.1.15, port 53527
  Message:
    XID       0x0c6b
    QUESTION SECTION:
    Name      "(4)evil(7)example(0)"
      QTYPE   A (1)
    ANSWER SECTION:
    Name      "[C00C](4)evil(7)example(0)"
      TYPE   A  (1)
      TTL    3600
      DATA   203.0.113.7
    AUTHORITY SECTION:
      empty"""
ANSWER = "2026-06-05 13:51:18" + REST.replace("Rcv", "Snd").replace(" Q [0001", "R Q [8081")


@pytest.mark.parametrize("indented", [True, False])
def test_details_are_read_also_when_a_paste_lost_their_indentation(indented):
    lines = [ANSWER, *(line if indented else line.strip() for line in DETAILS.split("\n"))]
    assert WindowsDnsDebug.score(lines) == 1.0
    event = event_of("\n".join(lines), lines)
    assert (event.source_port, event.answers) == (53527, ("203.0.113.7",))


@pytest.mark.parametrize("mark", [" 10.20", " Q [0001", " [0001", " (4)evil"])
def test_a_record_wrapped_by_a_paste(mark):
    lines = f"5/6/2026 1:51:18 PM{REST}".replace(mark, f"\n{mark.strip()}").split("\n")
    assert WindowsDnsDebug.recognises(lines[0])
    assert not WindowsDnsDebug.starts_record(lines[1])
    event = event_of("\n".join(lines), lines)
    assert (event.source_ip, event.domain) == ("10.20.1.15", "evil.example")
