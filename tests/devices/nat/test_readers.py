"""NAT records of each product: a line and its content."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.devices.leases.records import microseconds
from lamsach.devices.nat.clock import Clock
from lamsach.devices.nat.readers import READERS
from lamsach.devices.nat.records import Kind, NatRecord
from lamsach.logs.base import FileContext

MODIFIED = datetime(2026, 7, 1, tzinfo=UTC)
TEN = microseconds(datetime(2026, 6, 10, 3, 0, tzinfo=UTC))  # 10:00 in Ha Noi
SECOND = 1_000_000
PUBLIC, INSIDE, FAR = "203.0.113.1", "10.20.0.5", "198.51.100.7"
TCP, UDP, ANY = 6, 17, 0


def clock() -> Clock:
    return Clock(FileContext(timezone=ZoneInfo("Asia/Ho_Chi_Minh"), modified=MODIFIED))


def read(line: str) -> NatRecord | None:
    for reader in READERS:
        if any(marker in line for marker in reader.markers) and (record := reader.read(line, clock())):
            return record
    return None


def one(
    kind: Kind,
    start: int,
    end: int,
    protocol: int = TCP,
    far: str = FAR,
    session: str = "",
    inside_port: int = 51234,
) -> NatRecord:
    return NatRecord(kind, PUBLIC, 4321, 4321, protocol, INSIDE, inside_port, start, end, far, session)


def block(kind: Kind, first: int = 1024, last: int = 2047) -> NatRecord:
    return NatRecord(kind, PUBLIC, first, last, ANY, INSIDE, 0, TEN if kind is Kind.OPEN else 0, TEN)


FORTI = (
    'date=2026-06-10 time=10:00:00 devname="FG1" tz="+0700" type="traffic" subtype="forward" '
    "srcip=10.20.0.5 srcport=51234 dstip=198.51.100.7 dstport=443 sessionid=77 proto=6 "
)
CASES: list[tuple[str, NatRecord | None]] = [
    (
        ("*Jun 10 10:00:00: %NAT-6-LOG: create session, TCP, inside 10.20.0.5:51234, global "
         "203.0.113.1:4321, outside 198.51.100.7:443"),
        one(Kind.OPEN, TEN, TEN),
    ),
    (
        ("<134>Jun 10 10:00:00 rg1 %NTD-6-NATLOG: nat delete: proto TCP, inside 10.20.0.5:51234, outside "
         "local 203.0.113.1:4321, destination 198.51.100.7:443"),
        one(Kind.CLOSE, 0, TEN),
    ),
    (
        ("<134>Jun 10 10:00:00 hs1 2814@traffic: NAT: 10.20.0.5:51234->198.51.100.7:443(TCP), snat to "
         "203.0.113.1:4321, vr trust-vr, user -@-, host -, rule 1"),
        one(Kind.SEEN, TEN, TEN),
    ),
    (
        ("<134>Jun 10 10:00:00 hs1 2814@traffic: NAT: 198.51.100.7:443->203.0.113.1:4321(TCP), dnat to "
         "10.20.0.5:8443, vr trust-vr, rule 2"),
        None,
    ),
    ("Jun 10 10:00:00 bras1 NAT444:UserbasedA [10.20.0.5 - 203.0.113.1 1024 - 2047]", block(Kind.OPEN)),
    (
        (f"<30>1 2026-06-10T03:00:09Z bras1 - NAT444 - - [UserbasedW 2 {TEN // SECOND} 10.20.0.5 - "
         "203.0.113.1 - 1024 2047]"),
        block(Kind.CLOSE),
    ),
    (
        FORTI + 'action="close" trandisp="snat" transip=203.0.113.1 transport=4321 duration=30 sentbyte=1',
        one(Kind.SESSION, TEN - 30 * SECOND, TEN, session="77"),
    ),
    (
        FORTI.replace("date=", "eventtime=1781060400000000000 date=")
        + 'action="start" trandisp="snat" transip=203.0.113.1 transport=4321 duration=0',
        one(Kind.OPEN, TEN, TEN, session="77"),
    ),
    (FORTI + 'action="close" trandisp="noop" duration=30', None),
    (
        FORTI + ('action="close" url="/? transip=192.0.2.66 transport=1" trandisp="snat" '
                 'transip=203.0.113.1 transport=4321 duration=30'),
        one(Kind.SESSION, TEN - 30 * SECOND, TEN, session="77"),
    ),
    (
        ('date=2026-06-10 time=10:00:00 tz="+0700" type="event" subtype="system" action="PBA-create" '
         'saddr=10.20.0.5 nat=203.0.113.1 portbegin=1024 portend=2047'),
        block(Kind.OPEN),
    ),
    (
        ('date=2026-06-10 time=10:00:00 tz="+0700" type="event" subtype="system" action="PBA-release" '
         'saddr=10.20.0.5 nat=203.0.113.1 portbegin=1024 portend=2047'),
        block(Kind.CLOSE),
    ),
    (
        ("Jun 10 2026 10:00:00 asa01 : %ASA-6-305011: Built dynamic TCP translation from "
         "inside:10.20.0.5/51234(LOCAL\\alice) to outside:203.0.113.1/4321"),
        one(Kind.OPEN, TEN, TEN, far=""),
    ),
    (
        ("Jun 10 2026 10:00:00: %ASA-6-305012: Teardown dynamic UDP translation from "
         "inside:10.20.0.5/51234 to outside:203.0.113.1/4321 duration 0:01:00"),
        one(Kind.CLOSE, TEN - 60 * SECOND, TEN, UDP, far=""),
    ),
    (
        ("<166>Jun 10 10:00:00 asa01 %ASA-6-302013: Built outbound TCP connection 12 for "
         "outside:198.51.100.7/443 (198.51.100.7/443) to inside:10.20.0.5/51234 (203.0.113.1/4321)"),
        one(Kind.OPEN, TEN, TEN, session="12"),
    ),
    (
        ("Jun 10 10:00:00 asa01 %ASA-6-302014: Teardown TCP connection 12 for outside:198.51.100.7/443 to "
         "inside:10.20.0.5/51234 duration 0:00:30 bytes 1"),
        NatRecord(Kind.CLOSE, "", 0, 0, ANY, "", 0, TEN - 30 * SECOND, TEN, "", "12"),
    ),
    (
        ("Jun 10 10:00:00 asa01 %ASA-6-302013: Built inbound TCP connection 13 for "
         "outside:198.51.100.7/443 (198.51.100.7/443) to dmz:10.20.0.5/25 (10.20.0.5/25)"),
        None,
    ),
    (
        ("Jun 10 10:00:00 asa01 %ASA-6-305014: Allocated TCP block of ports for translation from "
         "inside:10.20.0.5 to outside:203.0.113.1/1024-2047"),
        block(Kind.OPEN),
    ),
    (
        ("Jun 10 10:00:00 rtr01 %IPNAT-6-CREATED: tcp 10.20.0.5:51234 203.0.113.1:4321 198.51.100.7:443 "
         "198.51.100.7:443"),
        one(Kind.OPEN, TEN, TEN),
    ),
    (
        ("Jun 10 10:00:00 srx01 RT_FLOW: RT_FLOW_SESSION_CREATE: session created "
         "10.20.0.5/51234->198.51.100.7/443 0x0 junos-https 203.0.113.1/4321->198.51.100.7/443 0x0 source "
         "rule r1 N/A N/A 6 p1 trust untrust 12345 N/A(N/A) ge-0/0/1.0"),
        one(Kind.OPEN, TEN, TEN, session="12345"),
    ),
    (
        ("Jun 10 10:00:00 srx01 RT_FLOW: RT_FLOW_SESSION_CLOSE: session closed TCP FIN: "
         "10.20.0.5/51234->198.51.100.7/443 junos-https 203.0.113.1/4321->198.51.100.7/443 r1 None 6 p1 "
         "trust untrust 12345 10(1234) 8(5678) 30 UNKNOWN"),
        one(Kind.CLOSE, TEN - 30 * SECOND, TEN, session="12345"),
    ),
    (
        ('<14>1 2026-06-10T10:00:00.000+07:00 srx01 RT_FLOW - RT_FLOW_SESSION_CLOSE [junos@2636.1.1.1.2.40 '
         'reason="TCP FIN" source-address="10.20.0.5" source-port="51234" '
         'destination-address="198.51.100.7" destination-port="443" nat-source-address="203.0.113.1" '
         'nat-source-port="4321" protocol-id="6" session-id-32="12345" elapsed-time="30"]'),
        one(Kind.CLOSE, TEN - 30 * SECOND, TEN, session="12345"),
    ),
    (
        ("Jun 10 10:00:00 srx01 RT_NAT: RT_SRC_NAT_PBA_ALLOC: Subscriber 10.20.0.5 used/maximum [1/8] "
         "blocks, allocates port block [1024-2047] from 203.0.113.1 in source pool p1 lsys_id: 0"),
        block(Kind.OPEN),
    ),
    (
        ("Jun 10 10:00:00 mx01 (FPC Slot 5) {set1}[jservices-nat]: JSERVICES_NAT_PORT_BLOCK_RELEASE: "
         "10.20.0.5 -> 203.0.113.1:1024-2047 0x5a1b2c3d"),
        block(Kind.CLOSE),
    ),
    (
        ("Jun 10 10:00:00 gw01 firewall,info srcnat: in:(unknown 0) out:ether1, src-mac 00:1a:2b:3c:4d:5e, "
         "proto TCP (SYN), 10.20.0.5:51234->198.51.100.7:443, NAT "
         "(10.20.0.5:51234->203.0.113.1:4321)->198.51.100.7:443, len 52"),
        one(Kind.SEEN, TEN, TEN),
    ),
    (
        ("[1781060400.000000]\t    [NEW] tcp      6 120 SYN_SENT src=10.20.0.5 dst=198.51.100.7 "
         "sport=51234 dport=443 [UNREPLIED] src=198.51.100.7 dst=203.0.113.1 sport=443 dport=4321"),
        one(Kind.OPEN, TEN, TEN),
    ),
    (
        ("[1781060400.000000]\t[DESTROY] udp      17 src=10.20.0.5 dst=198.51.100.7 sport=51234 dport=53 "
         "src=198.51.100.7 dst=203.0.113.1 sport=53 dport=4321"),
        one(Kind.CLOSE, 0, TEN, UDP),
    ),
    (
        ("Jun 10 10:00:00 gw01 ulogd[812]: [NEW] ORIG: SRC=10.20.0.5 DST=198.51.100.7 PROTO=TCP SPT=51234 "
         "DPT=443 PKTS=0 BYTES=0 , REPLY: SRC=198.51.100.7 DST=203.0.113.1 PROTO=TCP SPT=443 DPT=4321 "
         "PKTS=0 BYTES=0"),
        one(Kind.OPEN, TEN, TEN),
    ),
    (("Jun 10 10:00:00 gw01 kernel: IN=eth0 OUT=eth1 SRC=10.20.0.5 DST=198.51.100.7 PROTO=TCP SPT=51234 "
      "DPT=443"), None),
    (
        "all tcp 203.0.113.1:4321 (10.20.0.5:51234) -> 198.51.100.7:443       ESTABLISHED:ESTABLISHED",
        one(Kind.SEEN, microseconds(MODIFIED), microseconds(MODIFIED)),
    ),
    ('Jun 10 10:00:00 cgn01 "LSN_PB_ALLOCATED","10.20.0.5%0","203.0.113.1%0: 1024 - 2047"', block(Kind.OPEN)),
    ('Jun 10 10:00:00 cgn01 "LSN_ADD","10.20.0.5%0:51234","TCP","203.0.113.1%0:4321","198.51.100.7:443"',
     one(Kind.OPEN, TEN, TEN, far="")),
    ("Jun 10 10:00:00 cgn01 NAT-TCP-N: 10.20.0.5:51234 -> 203.0.113.1:4321",
     one(Kind.OPEN, TEN, TEN, far="")),
    (("Jun 10 10:00:00 cgn01 NAT444 user release PrivateIP=10.20.0.5 PublicIP=203.0.113.1 StartPort=1024 "
      "EndPort=2047"), block(Kind.CLOSE)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "wanted"), CASES, ids=lambda value: value[:60] if isinstance(value, str) else ""
)
def test_a_line_gives_the_record_that_it_states(line: str, wanted: NatRecord | None) -> None:
    assert read(line) == wanted


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_changed_line_gives_a_record_or_none(reader, data) -> None:  # type: ignore[no-untyped-def]
    line = data.draw(st.sampled_from([line for line, _ in CASES]))
    at = data.draw(st.integers(0, len(line)))
    line = line[:at] + data.draw(st.text(max_size=12)) + line[at + data.draw(st.integers(0, 12)) :]
    record = reader.read(line, clock())
    assert record is None or record.inside_ip or record.session


@pytest.mark.parametrize(
    "piece", [" ", "=", ":", "1", "1.", "a b ", '"', "src=10.0.0.1 dst=", "10.0.0.1/1->", "(", "NAT ("]
)
def test_long_lines_take_time_in_proportion(piece: str) -> None:
    """16 kB, the longest line read, of text that makes a careless expression try every split."""
    for line, _ in CASES:
        text = line[: len(line) // 2] + piece * (15_000 // len(piece))
        for reader in READERS:
            reader.read(text, clock())
