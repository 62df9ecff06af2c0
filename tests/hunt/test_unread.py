"""Lines with a listed value that their reader does not report.

They are searched as text, and the only private source address is named.
"""

from __future__ import annotations

import dataclasses
import os
from datetime import UTC, datetime

import pytest

from lamsach.hunt import run, unread
from lamsach.investigate import Request, investigate
from lamsach.model import DeviceState, Findings, Role, Severity

C2, SERVER = "c2.evil.example", "203.0.113.9"
DIGEST = "ab" * 32
UNBOUND = "[1781000001] unbound[1234:0] info: 10.20.0.{n} www.unit.example. A IN\n"
DNSMASQ = "Jun 10 08:00:0{n} gw dnsmasq[812]: query[A] www.unit.example from 10.20.0.7\n"
BIND = (
    "05-Jun-2026 07:31:1{n}.494 queries: info: client @0x7f65100ee4d8 10.20.1.15#51514 (www.unit.example): "
    "query: www.unit.example IN A +E(0)K (10.20.0.53)\n"
)
TECHNITIUM = (
    "[2026-06-10 09:33:5{n} UTC] [10.20.0.9:52346] [UDP] QNAME: www.unit.example; QTYPE: A; QCLASS: IN; "
    "RCODE: NoError; ANSWER: [192.0.2.7]\n"
)
DHCPD = "Jun 10 08:00:1{n} dhcp01 dhcpd[812]: DHCPACK on 10.20.0.55 to 02:00:5e:10:00:55 (PC-55) via vmx1\n"
TCPDUMP = (
    "2026-06-05 07:31:1{n}.000000 IP 10.20.1.15.51515 > 198.51.100.10.80: Flags [P.], seq 1:100, ack 1, win "
    "502, length 99\n"
)
FORTIGATE = (
    'date=2026-06-05 time=07:30:0{n} devname="FGT" devid="FG100FTK20000001" tz="+0700" '
    'logid="0000000013" type="traffic" subtype="forward" '
    'level="notice" vd="root" srcip=10.20.1.15 srcport=51800 dstip=198.51.100.97 dstport=443 proto=6 '
    'action="accept"\n'
)
ZEEK = (
    '{{"_path":"http","ts":1781078411.{n},"uid":"C1","id.orig_h":"10.20.0.31","id.orig_p":51600,'
    '"id.resp_h":"198.51.100.77","id.resp_p":80,"method":"GET","host":"www.unit.example","uri":"/"}}\n'
)
SQUID = (
    "178061947{n}.000     12 10.20.1.15 TCP_MISS/200 512 GET http://www.unit.example/ - "
    "HIER_DIRECT/198.51.100.7 text/html\n"
)
ACCESS = '10.20.1.15 - - [02/Jun/2026:05:57:5{n} +0000] "GET /a HTTP/1.1" 200 12 "-" "agent"\n'


def around(usual: str, line: str) -> str:
    """Return the line among usual lines of its log."""
    return "".join(usual.format(n=n) for n in range(1, 7)) + line + "".join(usual.format(n=n) for n in (7, 8))


@pytest.fixture
def hunted(tmp_path, monkeypatch):
    """Hunt for these values in a log of this text."""
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))

    def search(text: str, *values: str) -> Findings:
        (tmp_path / "list.txt").write_text("\n".join(values))
        log = tmp_path / "some.log"
        log.write_text(text, encoding="utf-8")
        written = datetime(2026, 7, 1, tzinfo=UTC).timestamp()
        os.utime(log, (written, written))
        return investigate(Request(logs=[str(log)], lists=[str(tmp_path / "list.txt")]))[0]

    return search


def marks(findings: Findings) -> set[tuple[str, bool, int]]:
    """Return each value, whether it was found as text, and how often."""
    return {(item.indicator, item.unparsed, item.count) for item in findings.sightings}


PASSED_OVER = [  # messages of a version that its reader does not know
    (DNSMASQ, "Jun 10 08:00:08 gw dnsmasq[812]: sinkholed c2.evil.example for 10.20.0.7\n"),
    (
        BIND,
        "05-Jun-2026 07:31:16.494 queries: info: asker @0x7f 10.20.1.15#51514 (c2.evil.example): for it\n",
    ),
    (TECHNITIUM, "[2026-06-10 09:33:59 UTC] [10.20.0.9:52346] [UDP] NAME=c2.evil.example TYPE=A\n"),
    (UNBOUND, "[1781000002] unbound[1234:0] info: answered 10.20.0.8 with c2.evil.example/A\n"),
    (DNSMASQ, "Jun 10 08:00:08 gw dnsmasq[812]: asked[A] c2.evil.example by 10.20.0.7\n"),
    (DHCPD, "Jun 10 08:00:12 dhcp01 dhcpd[812]: DHCPNEW 10.20.0.55 told of c2.evil.example\n"),
    (TCPDUMP, "2026-06-05 07:31:17.000000 NEWPROTO, length 60\n\tfirst\n\twent to c2.evil.example\n"),
]


@pytest.mark.parametrize(("usual", "line"), PASSED_OVER)
def test_what_its_reader_passes_over_is_searched(hunted, usual, line):
    findings = hunted(around(usual, line), C2)
    assert marks(findings) == {(C2, True, 1)}
    [device] = findings.devices
    assert (device.state, device.severity, device.ip) == (DeviceState.UNATTRIBUTED, Severity.LOW, None)
    assert [reason.code for reason in device.reasons][-1] == "unparsed_only"
    [evidence] = findings.sightings[0].evidence
    assert C2 in evidence.text
    assert evidence.line == next(n for n, text in enumerate(around(usual, line).split("\n"), 1) if C2 in text)


@pytest.mark.parametrize(("usual", "line"), PASSED_OVER)
def test_it_is_counted_as_unparsed(hunted, usual, line):
    text = around(usual, line)
    rows = hunted(text, C2).coverage
    usual_rows = hunted(around(usual, ""), C2).coverage
    assert sum(row.unparsed for row in usual_rows) == 0
    assert sum(row.unparsed for row in rows) >= 1
    assert sum(row.lines for row in rows) == text.count("\n")


READ = [
    (
        FORTIGATE,
        FORTIGATE.format(n=7).replace("dstip=198.51.100.97", f"destination={SERVER}"),
        SERVER,
        "10.20.1.15",
    ),
    (FORTIGATE, FORTIGATE.format(n=7).strip() + f' sitename="{C2}"\n', C2, "10.20.1.15"),
    (
        ZEEK,
        ZEEK.format(n=7).replace('"host":"www.unit.example"', f'"server_name_v2":"{C2}"'),
        C2,
        "10.20.0.31",
    ),
    (ZEEK, ZEEK.format(n=7).replace('"uri"', f'"sum256":"{DIGEST}","uri"'), DIGEST, "10.20.0.31"),
    (SQUID, SQUID.format(n=7).strip() + f" {SERVER}\n", SERVER, "10.20.1.15"),
    # several private sources, a referrer, a mail address: attributed to no machine
    (FORTIGATE, FORTIGATE.format(n=7).strip() + f' client_ip=10.20.9.9 sitename="{C2}"\n', C2, None),
    (FORTIGATE, FORTIGATE.format(n=7).strip() + f' referer="http://{C2}/"\n', C2, None),
    (FORTIGATE, FORTIGATE.format(n=7).strip() + f' sender="a@{C2}"\n', C2, None),
    (
        FORTIGATE,
        FORTIGATE.format(n=7).replace("10.20.1.15", "198.51.100.15").strip() + f" site={C2}\n",
        C2,
        None,
    ),
]


@pytest.mark.parametrize(("usual", "line", "value", "ip"), READ)
def test_text_around_the_fields_is_searched(hunted, usual, line, value, ip):
    findings = hunted(around(usual, line), value)
    assert marks(findings) == {(value, True, 1)}
    [device] = findings.devices
    assert (device.ip, device.severity) == (ip, Severity.LOW)
    assert (device.state is DeviceState.INFECTED) == (ip is not None)


def test_what_the_fields_hold_is_reported_once(hunted):
    line = FORTIGATE.format(n=7).replace("198.51.100.97", SERVER).strip() + f' msg="to {SERVER} and {C2}"\n'
    findings = hunted(around(FORTIGATE, line), SERVER, C2)
    assert marks(findings) == {(SERVER, False, 1), (C2, True, 1)}
    assert {device.ip: device.state for device in findings.devices} == {
        "10.20.1.15": DeviceState.INFECTED,
    }


def test_who_reached_a_server_of_the_unit_is_inbound(hunted):
    line = ACCESS.format(n=7).replace("10.20.1.15", "198.51.100.3").replace('"agent"', f'"see {C2}"')
    findings = hunted(around(ACCESS, line), C2)
    assert [(item.role, item.unparsed) for item in findings.sightings] == [(Role.INBOUND, True)]
    assert [device.state for device in findings.devices] == [DeviceState.INBOUND]


SILENT = [
    # a name in a search query, and in a referrer
    (SQUID, SQUID.format(n=7).replace("example/", f"example/find?q={C2}"), C2),
    (ACCESS, ACCESS.format(n=7).replace('"-"', f'"https://search.example/?q={C2}"'), C2),
    # another page of the host, and a search for it
    (SQUID, SQUID.format(n=7).replace("www.unit.example/", f"{C2}/other"), f"http://{C2}/gate"),
    (DNSMASQ, DNSMASQ.format(n=7).replace("www.unit.example", C2), f"http://{C2}/gate"),
    # a program's version
    (
        ACCESS,
        ACCESS.format(n=7).replace("agent", "Mozilla/5.0 Chrome/203.0.113.9 Safari/5"),
        "203.0.113.0/24",
    ),
    (ACCESS, ACCESS.format(n=7).replace("agent", "Mozilla/5.0 OPR/203.0.113.9"), "203.0.113.0/24"),
    # the unit's own public address, the firewall's own
    (FORTIGATE, FORTIGATE.format(n=7).strip() + f" transip={SERVER} transport=1234\n", SERVER),
    (FORTIGATE, f"Jun  5 07:30:07 {SERVER} " + FORTIGATE.format(n=7), SERVER),
    # a comment
    (DHCPD, f"# written for {C2}\n", C2),
    # a longer name
    (DNSMASQ, "Jun 10 08:00:08 gw dnsmasq[812]: asked notevil.example\n", "evil.example"),
]


@pytest.mark.parametrize(("usual", "line", "value"), SILENT)
def test_what_is_no_sign_of_a_contact_stays_silent(hunted, usual, line, value):
    assert marks(hunted(around(usual, line), value)) == set()


def test_a_value_on_several_lines_of_a_record_is_one(hunted):
    record = (
        "2026-06-05 07:31:17.000000 NEWPROTO, length 60\n\tto c2.evil.example\n\tand 203.0.113.9\n"
        "\tc2.evil.example again\n"
    )
    assert marks(hunted(around(TCPDUMP, record), C2, SERVER)) == {(C2, True, 1), (SERVER, True, 1)}


def test_a_refused_record_is_searched_in_all_its_lines(hunted):
    """Every line that may hold a value is searched in a Windows DNS packet of an unknown version."""
    usual = (
        "21/05/2026 13:51:1{n} 0D48 PACKET  000000000181D1C0 UDP Rcv 10.20.1.15      0c6b   Q [0001   D   "
        "NOERROR] A      (3)www(4)unit(7)example(0)\n"
    )
    broken = f"21/05/2026 13:51:17 0D48 PACKET  newer {C2}\n  and {SERVER}\n"
    assert {item.indicator for item in hunted(around(usual, broken), C2, SERVER).sightings} == {C2, SERVER}


def test_a_resolvers_own_unread_line_is_explained_by_its_client(hunted):
    question = UNBOUND.format(n=8).replace("www.unit.example", C2)
    own = "[1781000002] unbound[1234:0] info: iterating for c2.evil.example/A with 2 targets\n"
    findings = hunted(around(UNBOUND, question + own), C2)
    assert marks(findings) == {(C2, False, 1)}
    [device] = findings.devices
    assert (device.ip, device.state) == ("10.20.0.8", DeviceState.INFECTED)
    alone = hunted(around(UNBOUND, own), C2)
    assert marks(alone) == {(C2, True, 1)}
    assert [device.state for device in alone.devices] == [DeviceState.UNATTRIBUTED]


def test_other_times_are_not_searched(hunted, tmp_path):
    usual, line = PASSED_OVER[0]
    hunted(around(usual, line), C2)
    request = Request(
        logs=[str(tmp_path / "some.log")],
        lists=[str(tmp_path / "list.txt")],
        since=datetime(2026, 6, 11, tzinfo=UTC),
    )
    assert investigate(request)[0].sightings == ()


@pytest.mark.parametrize("chunk_bytes", [700, 1500])
@pytest.mark.parametrize(("usual", "line"), [PASSED_OVER[0], READ[0][:2], PASSED_OVER[-1]])
def test_the_cut_of_the_input_does_not_matter(hunted, monkeypatch, usual, line, chunk_bytes):
    text = around(usual, line) * 20
    uncut = hunted(text, C2, SERVER)
    monkeypatch.setitem(run.hunt.__kwdefaults__, "chunk_bytes", chunk_bytes)
    cut = hunted(text, C2, SERVER)
    assert marks(uncut) == {(uncut.sightings[0].indicator, True, 20)}
    assert cut.sightings == uncut.sightings
    assert [dataclasses.replace(d) for d in cut.devices] == list(uncut.devices)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("asked for c2.evil.example.", True),
        ("to 203.0.113.9", True),
        (DIGEST, True),
        ("2001:db8::1 said", True),
        ("kea-dhcp4.dhcp4/1234.140737 started", False),
        ("become_daemon.c:138 10.20.0.1 fe80::1 224.0.0.22 255.255.255.255 0.0.0.0 ::", False),
        ("", False),
    ],
)
def test_what_a_list_could_hold(text, holds):
    assert unread.holds_a_value(text) is holds


LEEF = (
    "<142>Jun 10 08:00:0{n} fb LEEF:1.0|WatchGuard|XTM|12.5|2CFF0000|serial=8\tdisp=Allow\t"
    "src=10.20.1.15\tsrcPort=51234"
    "\tdst=198.51.100.9\tdstPort=80\tproto=tcp\tdstname=www.unit.example\n"
)
NAMED = (  # products of any vendor, with unknown fields
    LEEF.format(n=1).replace("www.unit.example", C2),
    LEEF.format(n=1).replace("dstname=www.unit.example", f"question={C2}"),
    LEEF.format(n=1).replace("dstname=www.unit.example", f"sitename={C2}"),
    '{"class_uid":4003,"time":1781000000000,"src_endpoint":{"ip":"10.20.1.15"},'
    '"dst_endpoint":{"ip":"10.20.0.53"},'
    f'"query":{{"hostname":"{C2}","type":"A"}}}}\n',
    '{"event_simpleName":"MotwWritten","time":1781000000,"LocalAddressIP4":"10.20.1.15","aip":"198.51.100.2",'
    f'"OriginatingURL":"http://{C2}/a.exe"}}\n',
    (
        f"user=u,source_ip=10.20.0.2,client_ip=10.20.1.15,http_action=GET,requested_host={C2},"
        "requested_path=/a\n"
    ),
    "CEF:0|Forcepoint|Security|8.5|153|Transaction permitted|1|act=permitted src=10.20.1.15 "
    "dst=198.51.100.9 dpt=80"
    f" dvc=10.20.0.4 cs3Label=Host cs3={C2}\n",
    'id=firewall time="2026-06-10 10:00:00" fw="V50" tz=+0700 src=10.20.1.15 srcport=5 dst=198.51.100.9 '
    "dstport=80"
    f' dstname={C2} action=pass logtype="web"\n',
    (
        "2026-06-10 10:00:00 gw type=FWD|proto=TCP|srcIP=10.20.1.15|srcPort=5|dstIP=198.51.100.9|"
        f"dstPort=443|site={C2}\n"
    ),
)


def test_the_one_private_source_is_named_whatever_the_product(hunted):
    found = {line: [(device.ip, device.state) for device in hunted(line, C2).devices] for line in NAMED}
    assert found == {line: [("10.20.1.15", DeviceState.INFECTED)] for line in NAMED}


REFUSED = {
    "2026-06-10 10:00:00 agent: 10.20.1.15 asked for c2.evil.example, blocked by policy": DeviceState.BLOCKED,
    "2026-06-10 10:00:00 máy 10.20.1.15 truy cập c2.evil.example bị chặn": DeviceState.BLOCKED,
    "2026-06-10 10:00:00 TỪ CHỐI kết nối src=10.20.1.15 host=c2.evil.example": DeviceState.BLOCKED,
    "2026-06-10 10:00:00 agent: 10.20.1.15 asked for c2.evil.example, not blocked": DeviceState.INFECTED,
    "2026-06-10 10:00:00 agent: 127.0.0.1 asked for c2.evil.example": DeviceState.UNATTRIBUTED,
    "2026-06-10 10:00:00 agent src=224.0.0.251 host=c2.evil.example": DeviceState.UNATTRIBUTED,
    "2026-06-10 10:00:00 agent src=0.0.0.0 host=c2.evil.example": DeviceState.UNATTRIBUTED,
}


def test_text_that_says_so_is_blocked_and_no_group_is_a_machine(hunted):
    found = {line: [device.state for device in hunted(line + "\n", C2).devices] for line in REFUSED}
    assert found == {line: [state] for line, state in REFUSED.items()}
