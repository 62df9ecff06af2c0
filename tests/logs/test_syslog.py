"""Syslog headers in all their variants."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.text.syslog import NO_HEADER, sender_of, split_header, split_message

CONTEXT = FileContext(modified=datetime(2026, 7, 1, tzinfo=UTC))
IN_JUNE = "2026-06-05T00:31:12+00:00"

# line | time | host | app | pid | message
HEADERS = [
    # months in French and Vietnamese
    ("juin 05 07:31:12 gw named[812]: hello", IN_JUNE, "gw", "named", "812", "hello"),
    ("<30>juin  5 07:31:12 gw named[812]: hello", IN_JUNE, "gw", "named", "812", "hello"),
    ("févr. 03 07:31:12 gw a: b", "2026-02-03T00:31:12+00:00", "gw", "a", None, "b"),
    ("août 12 07:31:12 gw a: b", "2025-08-12T00:31:12+00:00", "gw", "a", None, "b"),
    ("Janvier 12 07:31:12 gw a: b", "2026-01-12T00:31:12+00:00", "gw", "a", None, "b"),
    ("Thg 6 05 07:31:12 gw named[812]: hello", IN_JUNE, "gw", "named", "812", "hello"),
    ("thg 12 05 07:31:12 gw a: b", "2025-12-05T00:31:12+00:00", "gw", "a", None, "b"),
    ("Th06 05 07:31:12 gw named[812]: hello", IN_JUNE, "gw", "named", "812", "hello"),
    ("Tháng 6 05 07:31:12 gw named[812]: hello", IN_JUNE, "gw", "named", "812", "hello"),
    # RFC 3164
    ("<30>Jun  5 07:31:12 gw named[812]: hello", IN_JUNE, "gw", "named", "812", "hello"),
    ("Jun  5 07:31:12 gw named[812]: hello", IN_JUNE, "gw", "named", "812", "hello"),
    ("Jun 5 07:31:12 gw named: hello", IN_JUNE, "gw", "named", None, "hello"),
    ("<30> Jun  5 07:31:12 gw hello there", IN_JUNE, "gw", None, None, "hello there"),
    ("Jun  5 07:31:12 named[812]: hello", IN_JUNE, None, "named", "812", "hello"),
    (
        "Jun  5 07:31:12 192.0.2.1 postfix/smtpd[9]: hello",
        IN_JUNE,
        "192.0.2.1",
        "postfix/smtpd",
        "9",
        "hello",
    ),
    ("Jun  5 07:31:12 2001:db8::1 (squid-1): hello", IN_JUNE, "2001:db8::1", "squid-1", None, "hello"),
    ("Jun  5 07:31:12.25 gw a: b", "2026-06-05T00:31:12.250000+00:00", "gw", "a", None, "b"),
    ("2026 Jun  5 07:31:12 gw named[812]: hello", IN_JUNE, "gw", "named", "812", "hello"),
    (
        "<189>: 2026 Jun  5 07:31:12 UTC: %X-5-Y: up",
        "2026-06-05T07:31:12+00:00",
        None,
        None,
        None,
        "%X-5-Y: up",
    ),
    ("123 <30>Jun  5 07:31:12 gw a: b", IN_JUNE, "gw", "a", None, "b"),
    (
        "<189>Jun  5 07:31:12 fw date=2026-06-05 time=07:31:12",
        IN_JUNE,
        "fw",
        None,
        None,
        "date=2026-06-05 time=07:31:12",
    ),
    (
        "Jun  5 07:31:12 U7PG2,788a20d6e0f1,v4.0.42.10433: kernel: hello",
        IN_JUNE,
        "U7PG2",
        "kernel",
        None,
        "hello",
    ),
    (
        '<30>Jun  5 07:31:12 ("U7PG2,788a20d6e0f1,v4.0.42") hostapd: hello',
        IN_JUNE,
        "U7PG2",
        "hostapd",
        None,
        "hello",
    ),
    (
        "Jun  5 07:31:12 ap1 788a20d6e0f1,U6-Lite-6.5.28+14491: hostapd[9]: hello",
        IN_JUNE,
        "ap1",
        "hostapd",
        "9",
        "hello",
    ),
    ("Jun  5 07:31:12 aix1 auth|security:info sshd[4]: no", IN_JUNE, "aix1", "sshd", "4", "no"),
    ("Jun  5 07:31:12 gw /usr/sbin/sshd[4]: no", IN_JUNE, "gw", "sshd", "4", "no"),
    ("Jun  5 07:31:12 gw sshd(pam_unix)[4]: no", IN_JUNE, "gw", "sshd", "4", "no"),
    ("2026-06-05T00:31:12Z In(38) sshd[4]: no", IN_JUNE, None, "sshd", "4", "no"),
    ("Fri 2026-06-05 07:31:12 +07 gw sshd[4]: no", IN_JUNE, "gw", "sshd", "4", "no"),
    ("Jun  5 07:31:12 dm dm sshd[4]: no", IN_JUNE, "dm", "sshd", "4", "no"),
    ("Jun  5 07:31:12 gw daemon.info dnsmasq[1]: hello", IN_JUNE, "gw", "dnsmasq", "1", "hello"),
    ("Jun  5 07:31:12 gw CEF:0|Vendor|a: b", IN_JUNE, "gw", None, None, "CEF:0|Vendor|a: b"),
    ("Jun  5 07:31:12 gw CEF: 0|Vendor|a", IN_JUNE, "gw", None, None, "CEF: 0|Vendor|a"),
    # with a year
    (
        "Jun 05 2025 07:31:12: %ASA-6-1: hello",
        "2025-06-05T00:31:12+00:00",
        None,
        None,
        None,
        "%ASA-6-1: hello",
    ),
    (
        "<166>Jun 05 2025 07:31:12 asa : %ASA-6-1: hello",
        "2025-06-05T00:31:12+00:00",
        "asa",
        None,
        None,
        "%ASA-6-1: hello",
    ),
    ("Jun  5 07:31:12 asa: %ASA-6-1: hello", IN_JUNE, "asa", None, None, "%ASA-6-1: hello"),
    ("*Jun  5 07:31:12 UTC: %SYS-5: x", "2026-06-05T07:31:12+00:00", None, None, None, "%SYS-5: x"),
    ("Fri Jun  5 07:31:12 2026 daemon.info dnsmasq[1]: hello", IN_JUNE, None, "dnsmasq", "1", "hello"),
    # ISO 8601
    ("2026-06-05T07:31:12+07:00 gw named[812]: hello", IN_JUNE, "gw", "named", "812", "hello"),
    ("<134>2026-06-05T00:31:12Z gw named[812]: hello", IN_JUNE, "gw", "named", "812", "hello"),
    ("2026-06-05T07:31:12 gw firewall,info input", IN_JUNE, "gw", None, None, "firewall,info input"),
    ("2026-06-05 07:31:12 gw named[812]: hello", IN_JUNE, "gw", "named", "812", "hello"),
    (
        "2026-06-05T00:31:12.5Z gw : %FTD-1: x",
        "2026-06-05T00:31:12.500000+00:00",
        "gw",
        None,
        None,
        "%FTD-1: x",
    ),
    ("<134>2026-06-05T00:31:12Z gw CheckPoint 1130 - act=x", IN_JUNE, "gw", "CheckPoint", "1130", "act=x"),
    ("2026-06-05T00:31:12.000000000Z stdout F {}", IN_JUNE, None, None, None, "{}"),
    ("2026-06-05T00:31:12.000000000Z stderr F named[1]: hello", IN_JUNE, None, "named", "1", "hello"),
    # Kiwi Syslog
    (
        "2026-06-05 07:31:12\tLocal7.Info\t192.0.2.1\tdate=2026-06-05",
        IN_JUNE,
        "192.0.2.1",
        None,
        None,
        "date=2026-06-05",
    ),
    # RFC 5424
    ("<30>1 2026-06-05T00:31:12Z gw named 812 - - hello", IN_JUNE, "gw", "named", "812", "hello"),
    (
        '<30>1 2026-06-05T00:31:12Z gw named 812 ID7 [a@1 b="c \\" \\] d"][e] hello',
        IN_JUNE,
        "gw",
        "named",
        "812",
        "hello",
    ),
    ("<30>1 2026-06-05T00:31:12Z - - - - - hello", IN_JUNE, None, None, None, "hello"),
    ("<30>1 - gw named - - - \ufeffhello", None, "gw", "named", None, "hello"),
    ("<134>1 2026-06-05T00:31:12Z gw LEEF:1.0|a|b", IN_JUNE, "gw", None, None, "LEEF:1.0|a|b"),
    (
        "<134>1 1780619472.5 gw flows src=192.0.2.1",
        "2026-06-05T00:31:12.500000+00:00",
        "gw",
        None,
        None,
        "flows src=192.0.2.1",
    ),
    # Sophos UTM
    ("2026:06:05-07:31:12 utm httpd[123]: id=1", IN_JUNE, "utm", "httpd", "123", "id=1"),
    ("<30>2026:6:5-07:31:12 utm httpd: id=1", IN_JUNE, "utm", "httpd", None, "id=1"),
    # a relay's header before the sender's
    (
        "<134>Jun  5 09:00:00 relay Jun  5 07:31:12 gw named[812]: hello",
        IN_JUNE,
        "gw",
        "named",
        "812",
        "hello",
    ),
    (
        "<134>1 2026-06-05T09:00:00Z relay app - - - <30>Jun  5 07:31:12 gw a: b",
        IN_JUNE,
        "gw",
        "a",
        None,
        "b",
    ),
    (
        "Jun  5 07:31:12 relay Jun  5 09:00:00 gw says so",
        IN_JUNE,
        "relay",
        None,
        None,
        "Jun  5 09:00:00 gw says so",
    ),
    # a second header with a priority needs no program; a collector removed the priority; a facility before
    # the host
    (
        "Jun  5 09:00:00 192.0.2.1 <134>Jun  5 07:31:12 fw date=2026-06-05",
        IN_JUNE,
        "fw",
        None,
        None,
        "date=2026-06-05",
    ),
    ("1 2026-06-05T00:31:12Z gw named 812 - - hello", IN_JUNE, "gw", "named", "812", "hello"),
    ("Jun  5 07:31:12 local0.info gw named[812]: hello", IN_JUNE, "gw", "named", "812", "hello"),
    # the rest
    ("dnsmasq-dhcp[2544]: DHCPACK(eth1)", None, None, "dnsmasq-dhcp", "2544", "DHCPACK(eth1)"),
    ("<30>dnsmasq[2544]: query", None, None, "dnsmasq", "2544", "query"),
]


@pytest.mark.parametrize(
    ("line", "time", "host", "app", "pid", "message"), HEADERS, ids=[row[0][:40] for row in HEADERS]
)
def test_time_host_and_program_of_headers(line, time, host, app, pid, message):
    header, rest = split_header(line, CONTEXT)
    assert (header.host, header.app, header.pid, rest) == (host, app, pid, message)
    assert (header.time.isoformat() if header.time else None) == time
    assert split_message(line) == (app, message)
    assert sender_of(line) == (host, app)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "date=2026-06-05 time=07:31:12",
        "2026-06-05 07:31:12 ALLOW TCP 192.0.2.1 192.0.2.2 1 2",
        "2026-06-05 07:31:12 192.0.2.1:5 TLS Error: x",
        "2026-06-05T07:31:12Z,192.0.2.1,x",
        "2026/06/05 07:31:12 [error] x",
        "05-Jun-2026 07:31:12.494 queries: info: client 192.0.2.1#5: query: a IN A",
        "6/5/2026 7:31:12 AM 0D48 PACKET",
        "1587042596.494 17 192.0.2.1 TCP_TUNNEL/200",
        '{"timestamp":"2026-06-05T00:31:12Z"}',
        '192.0.2.1 - - [05/Jun/2026:07:31:12 +0700] "GET / HTTP/1.1" 200 1',
        "2026-06-05 07:31:12\tnot kiwi\tx",
    ],
)
def test_line_without_header_is_unchanged(line):
    assert split_header(line, CONTEXT) == (NO_HEADER, line)


@pytest.mark.parametrize(
    "line", ["Thg 13 05 07:31:12 gw a: b", "mai 07:31:12 gw a: b", "mars was 05 07:31:12 long", "thg"]
)
def test_unknown_month_is_no_time(line):
    assert split_header(line, CONTEXT)[0].time is None


@pytest.mark.parametrize("line", ["<13>x y", "<189>date=2026-06-05", "<13>"])
def test_bare_priority_is_removed(line):
    assert split_header(line, CONTEXT) == (NO_HEADER, line.split(">", 1)[1])


@pytest.mark.parametrize(
    "line", ["Feb 30 07:31:12 gw a: b", "<30>1 2026-13-05T00:31:12Z gw a - - - b", "Jun  5 25:31:12 gw a: b"]
)
def test_an_impossible_date_is_an_error(line):
    with pytest.raises(LineError):
        split_header(line, CONTEXT)
    assert split_message(line) == ("a", "b")


@given(
    st.text(max_size=200)
    | st.lists(
        st.sampled_from(
            [
                "<30>",
                "1 ",
                "Jun  5 ",
                "07:31:12",
                " gw ",
                "a[1]: ",
                "2026-06-05T",
                '[x y="',
                "\\",
                "]",
                "-",
                " ",
            ]
        ),
        max_size=12,
    ).map("".join)
)
def test_arbitrary_text_is_split_without_loss(line):
    app, message = split_message(line)
    assert line.endswith(message) or "\ufeff" in line
    try:
        header, rest = split_header(line, CONTEXT)
    except LineError:
        return
    assert (header.app, rest) == (app, message)


@pytest.mark.parametrize("piece", ['[a b="', "<1>", "Jun ", "a ", '\\"', "[x ", "1 ", ": ", "\t"])
def test_long_lines_are_fast(piece):
    for start in ("", '<30>1 2026-06-05T00:31:12Z gw a b c [a b="', "Jun  5 07:31:12 "):
        line = start + piece * 100_000
        assert len(split_message(line)[1]) <= len(line)
