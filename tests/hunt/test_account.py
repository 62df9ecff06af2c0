"""Account of a hunt: each value in the bytes is reported, or set aside for a reason.

Such a hunt never ends with status 1.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import pytest

from lamsach.cli.hunt_run import status_of
from lamsach.errors import ExitStatus
from lamsach.hunt.account import PLACES_MAX, Account
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
SQUID = (
    "178061947{n}.000     12 10.20.1.15 TCP_MISS/200 512 GET http://www.unit.example/{path} - "
    "HIER_DIRECT/198.51.100.7 text/html\n"
)
ACCESS = '10.20.1.15 - - [02/Jun/2026:05:57:5{n} +0000] "GET /a HTTP/1.1" 200 12 "{referer}" "{agent}"\n'
DHCPD = "Jun 10 08:00:1{n} dhcp01 dhcpd[812]: DHCPACK on 10.20.0.55 to 02:00:5e:10:00:55 (PC-55) via vmx1\n"


@pytest.fixture
def hunted(tmp_path, monkeypatch):
    """Hunt for values in a log of this text; return findings and the command's status."""
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


def test_a_listed_page_is_found_among_other_pages_of_its_host(hunted):
    """The host was visited for another page; the listed page is in the referrer."""
    text = squid(path="").replace("http://www.unit.example/ -", f"http://{C2}/other http://{C2}/gate")
    findings, status = hunted(text, f"http://{C2}/gate")
    assert {(item.indicator, item.unparsed) for item in findings.sightings} == {(f"http://{C2}/gate", True)}
    assert status is ExitStatus.FOUND


def match(value: str, line: int, status: MatchStatus = MatchStatus.COUNTED) -> Match:
    event = Event(file="a.log", line=line)
    return Match(event, Indicator(IndicatorType.DOMAIN, value), MatchKind.EXACT, Role.OUTBOUND, status)


def test_accounts_merge_and_keep_the_first_places():
    merged, parts = Account(), [Account(), Account()]
    for number in range(3 * PLACES_MAX):
        merged.set_aside(match(f"{number}.example", number), AsideReason.VERSION)
        parts[number % 2].set_aside(match(f"{number}.example", number), AsideReason.VERSION)
    parts[0].merge(parts[1])
    assert parts[0].rows() == merged.rows()
    assert len(merged.rows()) == PLACES_MAX
    assert merged.rows()[0] == SetAside("0.example", AsideReason.VERSION, "a.log", 0)
    assert (merged.seen, merged.aside) == (3 * PLACES_MAX, {AsideReason.VERSION: 3 * PLACES_MAX})
    assert not merged.is_even


def test_a_match_that_does_not_count_is_set_aside():
    account = Account()
    for status in MatchStatus:
        account.report(match(C2, 1, status))
    assert account.aside == {AsideReason.EXCEPTED: 1, AsideReason.OUTSIDE_VALIDITY: 1}
    assert (account.seen, account.reported, account.is_even) == (
        4,
        2,
        False,
    )  # a doubtful match is reported too


BESIDE = '{"time":"2026-11-20T10:00:00Z","src_ip":"10.1.1.5","dst_ip":"203.0.113.9","events":[{"a":1}]}'
FLOW = (
    '{"time":"2026-11-20T10:00:00Z","category":"NetworkSecurityGroupFlowEvent",'
    '"properties":{"flows":[{"flows":[{"flowTuples":["1795168800,10.1.1.5,203.0.113.20,1,443,T,O,A"]}]}]}}'
)
PLAIN = (
    '{"time":"2026-11-20T10:00:00Z","src_ip":"10.1.1.5","dst_ip":"203.0.113.9",'
    '"url":"http://c2.evil.example/x"}'
)


def test_json_around_lists_is_read(hunted):
    """Fields beside a list belong to every record of it.

    Lines of JSON are no document, whatever the first line is.
    """
    listed = BESIDE.replace("}]}", '},{"dst_ip":"203.0.113.8"}]}')
    cases = [
        (BESIDE, {SERVER: "10.1.1.5"}),
        (f"{BESIDE}\n{BESIDE}\n", {SERVER: "10.1.1.5"}),
        (f"{BESIDE}\r\n{PLAIN}\r\n", {SERVER: "10.1.1.5", C2: "10.1.1.5"}),
        (listed, {SERVER: "10.1.1.5", "203.0.113.8": "10.1.1.5"}),
        (BESIDE.replace('"events"', '"a":{"events"') + "}", {SERVER: "10.1.1.5"}),
        (f"[{BESIDE}]", {SERVER: "10.1.1.5"}),
        (FLOW.replace("203.0.113.20", SERVER) + "\n", {SERVER: "10.1.1.5"}),
        (f"{PLAIN}\n{FLOW}\n{PLAIN}\n", {SERVER: "10.1.1.5", C2: "10.1.1.5"}),
        (f'{{"records":[{PLAIN},{FLOW}]}}', {SERVER: "10.1.1.5", C2: "10.1.1.5"}),
    ]
    for text, wanted in cases:
        findings, status = hunted(text, C2, SERVER, "203.0.113.8")
        keys = {device.key: device.ip for device in findings.devices}
        assert {item.indicator: keys.get(item.device) for item in findings.sightings} == wanted, text
        assert status is ExitStatus.FOUND


def test_a_document_is_searched_in_all_its_bytes(hunted):
    """Bytes outside the records' events are unparsed text and attributed to no machine.

    In text around lists, in unknown fields, after a break.
    """
    noise = ',"pad":"' + "x" * 70_000 + '"'
    cases = [
        f'{{"note":"see {C2}","records":[{PLAIN.replace(C2, "else.example")}]}}',
        f'{{"records":[{PLAIN.replace(C2, "else.example")}],"after":["{C2}"]}}',
        f'{{"records":[{{"src_ip":"10.1.1.5","dst_ip":"203.0.113.7","deep":{{"unknown":["{C2}"]}}}}]}}',
        f'{{"records":[{{"a":1}}, broken {C2}',
        f'{{"took":1{noise},"hits":{{"hits":[{{"_id":"{C2}"{noise}}}]}}}}',
        f'{{"records":[{FLOW},{{"category":"else","text":"{C2}"}}]}}',
    ]
    for text in cases:
        findings, status = hunted(text, C2)
        assert {item.indicator for item in findings.sightings} == {C2}, text[:200]
        assert status in (ExitStatus.FOUND, ExitStatus.PARTIAL)


def test_a_query_in_a_document_is_set_aside(hunted):
    record = PLAIN.replace("http://c2.evil.example/x", f"http://search.example/?q={C2}")
    findings, status = hunted(f'{{"records":[{record.replace(SERVER, "203.0.113.7")}]}}', C2)
    assert findings.sightings == ()
    assert [(item.indicator, item.reason) for item in findings.set_aside] == [(C2, AsideReason.WITHIN_URL)]
    assert status is ExitStatus.BLIND


def test_the_strings_of_a_capture_are_searched(hunted):
    """A packet of an unknown protocol, its text in single bytes and in UTF-16."""
    for payload in (f"..hello {C2}..".encode(), b"\x01\x02" + f"hello {C2} ".encode("utf-16-le")):
        findings, _ = hunted(ethernet_capture(payload), C2)
        assert {(item.indicator, item.unparsed) for item in findings.sightings} == {(C2, True)}
        assert {device.ip for device in findings.devices} == {None}


def ethernet_capture(payload: bytes) -> bytes:
    frame = bytes(12) + b"\x88\xb5" + payload  # IEEE 802 local experimental
    header = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")
    return (
        header + (1795168800).to_bytes(4, "little") + bytes(4) + 2 * len(frame).to_bytes(4, "little") + frame
    )


def test_an_observer_that_a_field_names_is_searched(hunted):
    """`host=` may be the requested site."""
    cases = [
        f"date=2026-11-20 src=10.1.1.7 dst=198.51.100.4 host={C2} url=/x\n" * 3,
        f"date=2026-11-20 src=10.1.1.7 dst=198.51.100.4 hostname={C2} action=allow\n" * 3,
        f'{{"time":"2026-11-20T10:00:00Z","src_ip":"10.1.1.7","dst_ip":"198.51.100.4","host":"{C2}"}}\n' * 3,
        f'{{"time":"2026-11-20T10:00:00Z","src_ip":"10.1.1.7","dst_ip":"198.51.100.4","hostname":"{C2}"}}\n'
        * 3,
        f'[{{"time":"2026-11-20T10:00:00Z","src_ip":"10.1.1.7","dst_ip":"198.51.100.4","host":"{C2}"}}]',
    ]
    for text in cases:
        findings, status = hunted(text, C2)
        assert {item.indicator for item in findings.sightings} == {C2}, text
        assert status is ExitStatus.FOUND


def test_a_relays_escapes_are_undone(hunted):
    """rsyslog writes the tabs of Zeek's lines as `#011`; the lines are read as before."""
    rows = [
        (
            f"<13>Nov 20 10:00:0{n} zk zeek: 1795168800.12345{n}\tCHhAvVGS1DHFjwGM{n}\t10.1.1.5\t4915{n}\t"
            f"203.0.113.{n}\t443\ttcp\tssl\t0.1\t100\t200\tSF\tT\tF\t0\tShAD\t1\t2\t3\t4\t-"
        )
        for n in range(1, 9)
    ]
    findings, _ = hunted(
        "\n".join(rows).replace("\t", "#011") + "#012\n", *(f"203.0.113.{n}" for n in range(1, 9))
    )
    assert {(item.indicator, item.unparsed) for item in findings.sightings} == {
        (f"203.0.113.{n}", False) for n in range(1, 9)
    }
    assert [device.ip for device in findings.devices] == ["10.1.1.5"]


def test_a_name_touches_other_characters(hunted):
    for frame in ("đã gọi “{}”", "访问域名：{}，然后", "từ\u00a0{}\u00a0về", "（{}）"):
        findings, status = hunted(f"2026-11-20 10:00:00 {frame.format(C2)}\n", C2)
        assert {item.indicator for item in findings.sightings} == {C2}, frame
        assert status is ExitStatus.FOUND


def test_the_columns_without_a_field_are_searched(hunted):
    """Column files are compressed: their reader passes on the texts of unused columns."""
    import io

    import pyarrow as pa
    import pyarrow.feather as feather
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "time": ["2026-06-02T05:57:50Z"] * 3,
            "src_ip": ["10.20.1.15"] * 3,
            "dst_ip": ["198.51.100.7"] * 3,
            "remark": ["", f"see http://{C2}/x", ""],
            "deep": [{"more": {"note": SERVER}}, None, {"more": None}],
            "raw": [b"", b"\xff one.evil.example", b""],
            "pairs": pa.array([[("k", "two.evil.example")], [], None], pa.map_(pa.string(), pa.string())),
        }
    )
    for write in (pq.write_table, feather.write_feather):
        stream = io.BytesIO()
        write(table, stream)
        listed = {C2, SERVER, "one.evil.example", "two.evil.example"}
        findings, status = hunted(stream.getvalue(), *sorted(listed))
        assert {seen.indicator for seen in findings.sightings} == listed, write
        assert status is ExitStatus.FOUND
        findings, status = hunted(stream.getvalue(), "other.example")
        assert status is ExitStatus.NOTHING_FOUND


def test_addresses_as_numbers_are_found(hunted):
    """The text search does not find them, so every line is read."""
    flow = '{{"IPV4_SRC_ADDR": {}, "IPV4_DST_ADDR": {}, "L4_DST_PORT": 443, "FIRST_SWITCHED": 1796000000}}\n'
    quiet, listed = flow.format(0x0A010105, 0xC6336407), flow.format(0x0A010106, 0xCB007109)
    carried = "".join(
        json.dumps({"time": "2026-06-10T01:00:00Z", "message": line}) + "\n"
        for line in [quiet] * 99 + [listed]
    )
    rows = "sIP|dIP|sPort|dPort|pro|sTime|\n" + "167837957|3325256711|51234|443|6|2026/06/10T02:20:31|\n" * 99
    cases = (
        ("json", quiet * 700 + listed),
        ("carried", carried),
        ("relayed", "".join(f"Jun 10 08:00:01 collector flows: {line}" for line in [quiet] * 30 + [listed])),
        ("silk", f"{rows}167837958|3405803785|51234|443|6|2026/06/10T02:20:31|\n"),
        ("silk, hexadecimal", f"{rows}0a010106|cb007109|51234|443|6|2026/06/10T02:20:31|\n"),
    )
    for name, text in cases:
        findings, status = hunted(text, SERVER)
        assert [device.ip for device in findings.devices] == ["10.1.1.6"], name
        assert status is ExitStatus.FOUND, name


def test_numbers_behind_other_lines_are_a_doubt(hunted):
    """They were not searched for: the file never counts as clean."""
    spelled = '{{"src_ip": "10.1.1.5", "dst_ip": "198.51.100.7", "time": "2026-06-10T01:00:0{}Z"}}\n'
    number = '{"IPV4_SRC_ADDR": 167837958, "IPV4_DST_ADDR": 3405803785, "FIRST_SWITCHED": 1781060000}\n'
    text = "".join(spelled.format(n % 10) for n in range(600))
    assert hunted(text, SERVER)[1] is ExitStatus.NOTHING_FOUND
    findings, status = hunted(text + number * 600, SERVER)
    assert status is ExitStatus.PARTIAL
    [problem] = findings.problems
    assert "numbers" in problem.what
