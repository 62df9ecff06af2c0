"""The account of a hunt: what is in the bytes is reported, or set aside for a reason; then a hunt never ends with status 1."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from lamsach.cli.hunt import status_of
from lamsach.errors import ExitStatus
from lamsach.hunt.account import PLACES_KEPT, Account
from lamsach.investigate import Request, investigate
from lamsach.model import (
    AsideReason,
    Event,
    Indicator,
    IndicatorType,
    Match,
    MatchKind,
    MatchStatus,
    Role,
    SetAside,
)

C2, SERVER = "c2.evil.example", "203.0.113.9"
SQUID = "178061947{n}.000     12 10.20.1.15 TCP_MISS/200 512 GET http://www.unit.example/{path} - HIER_DIRECT/198.51.100.7 text/html\n"
ACCESS = '10.20.1.15 - - [02/Jun/2026:05:57:5{n} +0000] "GET /a HTTP/1.1" 200 12 "{referer}" "{agent}"\n'
DHCPD = "Jun 10 08:00:1{n} dhcp01 dhcpd[812]: DHCPACK on 10.20.0.55 to 02:00:5e:10:00:55 (PC-55) via vmx1\n"


@pytest.fixture
def hunted(tmp_path, monkeypatch):
    """Hunt for values in a log of this text: findings, and the status that the command would end with."""
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))

    def search(text: str | bytes, *values: str, **options):
        (tmp_path / "list.txt").write_text("\n".join(values))
        log = tmp_path / "some.log"
        log.write_bytes(text.encode() if isinstance(text, str) else text)
        written = datetime(2026, 7, 1, tzinfo=UTC).timestamp()
        os.utime(log, (written, written))
        findings, _ = investigate(Request(logs=[str(log)], lists=[str(tmp_path / "list.txt")], **options))
        return findings, status_of(findings)

    return search


def squid(**last: str) -> str:
    lines = [SQUID.format(n=n, path="") for n in range(8)]
    return "".join([*lines, SQUID.format(n=8, **last)])


def access(**last: str) -> str:
    usual = {"referer": "-", "agent": "agent"}
    lines = [ACCESS.format(n=n, **usual) for n in range(8)]
    return "".join([*lines, ACCESS.format(n=8, **usual | last)])


def test_each_reason_is_named_and_never_ends_clean(hunted):
    dhcpd = "".join(DHCPD.format(n=n) for n in range(8))
    cases = [
        (squid(path=f"find?q={C2}"), C2, AsideReason.WITHIN_URL),
        (squid(path=f"seen/{C2}/page"), C2, AsideReason.WITHIN_URL),
        (access(referer=f"https://search.example/?q={C2}"), C2, AsideReason.WITHIN_URL),
        (access(agent=f"Mozilla/5.0 Chrome/{SERVER}"), SERVER, AsideReason.VERSION),
        (dhcpd.replace("dhcp01", SERVER), SERVER, AsideReason.OWN),
        (f"# written for {C2}\n{dhcpd}", C2, AsideReason.NO_RECORD),
    ]
    for text, value, reason in cases:
        findings, status = hunted(text, value)
        assert findings.sightings == findings.devices == ()
        assert {(item.indicator, item.reason) for item in findings.set_aside} == {(value, reason)}
        assert status is ExitStatus.BLIND, text


def test_another_time_is_set_aside(hunted):
    text = squid(path="").replace("www.unit", "c2.evil")
    findings, status = hunted(
        text, C2, since=datetime(2026, 6, 20, tzinfo=UTC), until=datetime(2026, 6, 21, tzinfo=UTC)
    )
    assert findings.sightings == ()
    assert {item.reason for item in findings.set_aside} == {AsideReason.OUT_OF_TIME}
    assert status is ExitStatus.BLIND


def test_nothing_in_the_bytes_is_clean(hunted):
    findings, status = hunted(squid(path="find?q=else.example"), C2)
    assert (findings.set_aside, status) == ((), ExitStatus.NOTHING_FOUND)


def test_a_listed_page_is_found_beside_another_page_of_its_host(hunted):
    """The host was visited for another page; the listed one is in the referer."""
    text = squid(path="").replace("http://www.unit.example/ -", f"http://{C2}/other http://{C2}/gate")
    findings, status = hunted(text, f"http://{C2}/gate")
    assert {(item.indicator, item.unparsed) for item in findings.sightings} == {(f"http://{C2}/gate", True)}
    assert status is ExitStatus.FOUND


def match(value: str, line: int, status: MatchStatus = MatchStatus.COUNTED) -> Match:
    event = Event(file="a.log", line=line)
    return Match(event, Indicator(IndicatorType.DOMAIN, value), MatchKind.EXACT, Role.OUTBOUND, status)


def test_accounts_merge_and_keep_the_first_places():
    whole, parts = Account(), [Account(), Account()]
    for number in range(3 * PLACES_KEPT):
        whole.set_aside(match(f"{number}.example", number), AsideReason.VERSION)
        parts[number % 2].set_aside(match(f"{number}.example", number), AsideReason.VERSION)
    parts[0].merge(parts[1])
    assert parts[0].rows() == whole.rows()
    assert len(whole.rows()) == PLACES_KEPT
    assert whole.rows()[0] == SetAside("0.example", AsideReason.VERSION, "a.log", 0)
    assert (whole.seen, whole.aside) == (3 * PLACES_KEPT, {AsideReason.VERSION: 3 * PLACES_KEPT})
    assert not whole.is_even


def test_a_match_that_does_not_count_is_set_aside():
    account = Account()
    for status in MatchStatus:
        account.report(match(C2, 1, status))
    assert account.aside == {AsideReason.EXCEPTED: 1, AsideReason.OUTSIDE_VALIDITY: 1}
    assert (account.seen, account.reported, account.is_even) == (
        4,
        2,
        False,
    )  # a doubtful one is reported too
