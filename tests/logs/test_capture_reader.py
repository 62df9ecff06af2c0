"""Captures as events through detection, archives and the command's reader."""

from __future__ import annotations

import gzip
import struct
import zipfile
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from lamsach.errors import UnreadableError
from lamsach.logs.reading.events import ReadCounts, detection_for, read_events
from lamsach.model import Event, Refusal

from . import capture_builder as build
from .builders import logs

PC, SERVER, RESOLVER = "192.168.1.5", "203.0.113.9", "192.168.1.1"
START = datetime.fromtimestamp(build.TIME_S, UTC)


def events_of(tmp_path, packets: list[bytes], *, ng: bool = False, link: int = 101):
    """Return the events of a capture of IP packets."""
    path = tmp_path / "capture"
    path.write_bytes((build.pcapng if ng else build.pcap)(packets, link))
    (log_file,), _ = logs(path)
    return [item for item in read_events(log_file) if isinstance(item, Event)]


def short(event: Event) -> tuple[object, ...]:
    return (
        event.kind.value,
        event.source_ip,
        event.source_port,
        event.destination_ip,
        event.destination_port,
        event.domain,
        event.url,
        event.action.value,
    )


REQUEST = b"GET /gate HTTP/1.1\r\nHost: c2.example\r\n\r\n"
HELLO = build.records(build.client_hello("c2.example"))


def ends(*rest: object) -> tuple[object, ...]:
    return (PC, 50000, SERVER, 8443, *rest)


@pytest.mark.parametrize("ng", [False, True])
@pytest.mark.parametrize(
    ("pieces", "kind", "url"), [([REQUEST], "web", "/gate"), ([HELLO[:50], HELLO[50:]], "tls", None)]
)
def test_connection_and_its_messages(tmp_path, ng, pieces, kind, url):
    packets = build.conversation((PC, 50000), (SERVER, 8443), pieces)
    first, second = events_of(tmp_path, packets, ng=ng)
    assert short(first) == ("connection", *ends(None, None, "allowed"))
    assert short(second) == (kind, *ends("c2.example", url, "allowed"))
    assert (first.time, first.line) == (START, 1)
    assert second.time == START + timedelta(microseconds=1 + len(pieces))
    assert {event.device_ip for event in (first, second)} == {PC}
    assert {event.format for event in (first, second)} == {"pcapng" if ng else "pcap"}


def test_segments_out_of_order(tmp_path):
    packets = build.conversation((PC, 50000), (SERVER, 8443), [HELLO[:40], HELLO[40:60], HELLO[60:]])
    packets[2:5] = packets[4:1:-1]
    assert [event.domain for event in events_of(tmp_path, packets)] == [None, "c2.example"]


def test_request_without_its_end(tmp_path):
    packets = build.conversation((PC, 50000), (SERVER, 8443), [REQUEST[:-2]])
    assert [event.domain for event in events_of(tmp_path, packets[:-1])] == [None, "c2.example"]


def test_delayed_request_has_its_connections_time(tmp_path):
    """A request behind a lost segment is reported with its connection's time, long afterwards."""
    packets = build.conversation((PC, 50000), (SERVER, 8443), [b"x" * 10, REQUEST])
    later = [build.ip(PC, RESOLVER, 17, build.udp(40000 + n, 123, b"x")) for n in range(5)]
    found = events_of(tmp_path, [*packets[:2], *packets[3:], *later])
    (request,) = (event for event in found if event.kind.value == "web")
    assert (request.domain, request.time, request.line) == (
        "c2.example",
        START + timedelta(microseconds=3),
        1,
    )


def test_a_connection_without_an_answer(tmp_path):
    packets = build.conversation((PC, 50000), (SERVER, 8443), [])[:1]
    (event,) = events_of(tmp_path, packets)
    assert short(event) == ("connection", *ends(None, None, "unknown"))


def test_a_refused_connection(tmp_path):
    reset = build.ip(SERVER, PC, 6, build.tcp(8443, 50000, 1, build.RST | build.ACK))
    (event,) = events_of(tmp_path, [*build.conversation((PC, 50000), (SERVER, 8443), [])[:1], reset])
    assert short(event) == ("connection", *ends(None, None, "unknown"))


@pytest.mark.parametrize("flags", [0, 1, 0x29])
def test_unanswered_probes_are_unknown(tmp_path, flags):
    """A packet without SYN and ACK, or with a truncated header, shows no connection.

    So null, FIN and Christmas-tree scans."""
    probe = build.ip(PC, SERVER, 6, build.tcp(50000, 8443, 1, flags))
    for packet in (probe, probe[:-10]):
        (event,) = events_of(tmp_path, [packet])
        assert short(event) == ("connection", *ends(None, None, "unknown"))


def test_client_in_a_late_capture(tmp_path):
    packets = build.conversation((PC, 50000), (SERVER, 443), [])[1:]
    (event,) = events_of(tmp_path, packets)
    assert (event.source_ip, event.destination_port) == (PC, 443)
    data = build.ip(SERVER, PC, 6, build.tcp(443, 50000, 9, build.ACK, b"data"))
    (event,) = events_of(tmp_path, [data])
    assert (event.source_ip, event.destination_port) == (PC, 443)


def test_reused_ends_are_a_new_connection(tmp_path):
    once = build.conversation((PC, 50000), (SERVER, 8443), [])
    assert len(events_of(tmp_path, once + once)) == 2


def test_questions_and_answers_of_a_capture(tmp_path):
    packets = [
        build.ip(PC, RESOLVER, 17, build.udp(40000, 53, build.question("C2.example"))),
        build.ip(
            RESOLVER,
            PC,
            17,
            build.udp(
                53, 40000, build.answer("c2.example", [(5, build.name("x.example")), build.address(SERVER)])
            ),
        ),
        build.ip(RESOLVER, PC, 17, build.udp(53, 40001, build.answer("no.example", [], rcode=3))),
    ]
    found = [event for event in events_of(tmp_path, packets) if event.kind.value == "dns"]
    assert {(e.source_ip, e.destination_ip, e.destination_port, e.device_ip) for e in found} == {
        (PC, RESOLVER, 53, PC)
    }
    assert [(e.domain, e.answers, e.response, e.action.value) for e in found] == [
        ("c2.example", (), False, "unknown"),
        ("c2.example", ("x.example", SERVER), True, "allowed"),
        ("no.example", (), True, "unknown"),
    ]


def test_dns_over_tcp(tmp_path):
    question = build.question("c2.example")
    packets = build.conversation((PC, 50000), (RESOLVER, 53), [len(question).to_bytes(2, "big") + question])
    assert [event.domain for event in events_of(tmp_path, packets)] == [None, "c2.example"]


def test_multicast_announcement_belongs_to_its_sender(tmp_path):
    head = struct.pack(">HHHHHH", 0, 0x8400, 0, 1, 0, 0)
    record = build.name("printer.local") + struct.pack(">HHIH", 1, 1, 60, 4) + bytes((192, 168, 1, 5))
    packet = build.ip(PC, "224.0.0.251", 17, build.udp(5353, 5353, head + record))
    event = events_of(tmp_path, [packet])[-1]
    assert (event.source_ip, event.domain, event.answers) == (PC, "printer.local", (PC,))


def dhcp(kind: int, options: bytes = b"", address: str = "0.0.0.0", current: str = "0.0.0.0") -> bytes:
    head = struct.pack(">BBBBIHH", 2 if kind == 5 else 1, 1, 6, 0, 77, 0, 0)
    addresses = b"".join(
        bytes(map(int, text.split("."))) for text in (current, address, "0.0.0.0", "0.0.0.0")
    )
    body = head + addresses + build.MAC_A + bytes(10 + 192) + b"\x63\x82\x53\x63"
    return body + bytes([53, 1, kind]) + options + b"\xff"


def test_leases_of_a_capture(tmp_path):
    name, server, seconds = b"\x0c\x07PC-0042", bytes([54, 4, 192, 168, 1, 1]), b"\x33\x04\0\0\x0e\x10"
    packets = [
        build.ip("0.0.0.0", "255.255.255.255", 17, build.udp(68, 67, dhcp(3, name))),
        build.ip(RESOLVER, PC, 17, build.udp(67, 68, dhcp(5, server + seconds, PC))),
        build.ip(RESOLVER, PC, 17, build.udp(67, 68, dhcp(5, server + seconds, PC, PC))),
        build.ip(PC, RESOLVER, 17, build.udp(68, 67, dhcp(7, b"", current=PC))),
        build.ip(RESOLVER, PC, 17, build.udp(67, 68, dhcp(5, server, current=PC))),
    ]
    leases = [event for event in events_of(tmp_path, packets) if event.kind.value == "lease"]
    assert [(e.action.value, e.device_name) for e in leases] == [
        ("assigned", "PC-0042"),
        ("renewed", None),
        ("released", None),
        ("observed", None),
    ]
    assert {(e.device_ip, e.device_mac) for e in leases} == {(PC, "02:00:5e:10:00:15")}
    assert leases[0].lease_until == START + timedelta(hours=1, microseconds=1)


def test_leases_of_ipv6(tmp_path):
    duid = b"\0\x03\0\x01" + build.MAC_A
    address = bytes.fromhex("20010db8000000000000000000000005")
    inner = struct.pack(">HH", 5, 24) + address + struct.pack(">II", 1800, 3600)
    association = struct.pack(">HHIII", 3, 12 + len(inner), 1, 0, 0) + inner
    name = b"\0" + build.name("pc-0042.unit.example")
    reply = b"\x07\0\0\x01" + struct.pack(">HH", 1, len(duid)) + duid + association
    reply += struct.pack(">HH", 39, len(name)) + name
    relayed = b"\x0d\0" + bytes(32) + struct.pack(">HH", 9, len(reply)) + reply
    packets = [
        build.ip("fe80::1", "fe80::5", 17, build.udp(547, 546, reply)),
        build.ip("fe80::1", "fe80::2", 17, build.udp(547, 547, relayed)),
    ]
    leases = [event for event in events_of(tmp_path, packets) if event.kind.value == "lease"]
    assert [(e.device_ip, e.device_mac, e.device_name, e.action.value) for e in leases] == [
        ("2001:db8::5", "02:00:5e:10:00:15", "pc-0042.unit.example", "assigned")
    ] * 2


def arp(address: str, mac: bytes = build.MAC_A, *, tag: bytes = b"") -> bytes:
    head = b"\0\1\x08\0\x06\x04\0\2" + mac + bytes(map(int, address.split(".")))
    return build.MAC_B + build.MAC_A + tag + b"\x08\x06" + head + bytes(10)


def test_address_holders_by_arp(tmp_path):
    frames = [arp(PC), arp(PC), arp(PC, build.MAC_B), arp("0.0.0.0"), arp("192.168.1.6", tag=b"\x81\0\0\x05")]
    found = events_of(tmp_path, [*frames, arp(PC)[:30]], link=1)
    assert [(event.device_ip, event.device_mac, event.action.value) for event in found] == [
        (PC, "02:00:5e:10:00:15", "observed"),
        (PC, "02:00:5e:10:00:01", "observed"),
        ("192.168.1.6", "02:00:5e:10:00:15", "observed"),
    ]


@pytest.mark.parametrize(
    ("link", "head"),
    [
        (1, build.MAC_B + build.MAC_A + b"\x88\xa8\0\x0a\x81\0\0\x0b"),
        (113, bytes(14)),
        (276, b""),
    ],
)
def test_arp_below_tags_and_on_all_interfaces(tmp_path, link, head):
    message = arp(PC)[12:]
    frame = head + message[:2] + (bytes(18) if link == 276 else b"") + message[2:]
    (event,) = events_of(tmp_path, [frame, frame[:-12]], link=link)
    assert (event.device_ip, event.device_mac) == (PC, "02:00:5e:10:00:15")


def test_other_protocols_on_the_dns_port(tmp_path):
    question = build.question("c2.example")
    framed = len(question).to_bytes(2, "big") + question
    for payload, name in (
        (HELLO, "c2.example"),
        (REQUEST, "c2.example"),
        (HELLO[:5], None),
        (framed, "c2.example"),
    ):
        for cut in (1, 30):
            packets = build.conversation((PC, 50000), (SERVER, 53), [payload[:cut], payload[cut:]])
            assert [event.domain for event in events_of(tmp_path, packets)][1:] == [name] * bool(name)


def test_exports_within_a_capture(tmp_path):
    record = (
        bytes((10, 0, 0, 1, 203, 0, 113, 9))
        + bytes(24)
        + struct.pack(">HH", 4000, 443)
        + b"\0\x18\x06"
        + bytes(9)
    )
    packet = struct.pack(">HHIIIIBBH", 5, 1, 9, build.TIME_S, 0, 0, 0, 0, 0) + record
    found = events_of(
        tmp_path, [build.ip("192.168.1.254", "192.168.1.20", 17, build.udp(6000, 2055, packet))]
    )
    flow = next(event for event in found if event.format == "netflow")
    assert (flow.source_ip, flow.destination_ip, flow.observer, flow.line) == (
        "10.0.0.1",
        SERVER,
        "192.168.1.254",
        1,
    )


def test_a_hello_after_other_datagrams(tmp_path):
    hello = build.client_hello("c2.example", datagram=True)
    record = b"\x16\xfe\xfd" + bytes(8) + struct.pack(">H", len(hello)) + hello
    datagrams = [b"\0\1\0\0stun.............", record]
    packets = [build.ip(PC, SERVER, 17, build.udp(50000, 3478, data)) for data in datagrams]
    assert [event.domain for event in events_of(tmp_path, packets)] == [None, "c2.example"]


def test_an_echo_and_its_reply_are_one_contact(tmp_path):
    packets = [
        build.ip(PC, SERVER, 1, b"\x08\0\0\0"),
        build.ip(SERVER, PC, 1, b"\0\0\0\0"),
    ]
    found = [(event.source_ip, event.source_port) for event in events_of(tmp_path, packets)]
    assert found == [(PC, None)]


def test_unanswered_icmp_message_is_a_contact(tmp_path):
    """Type and code distinguish such contacts, and the other side's message is no reply."""
    unreachable, other = b"\x03\x01\0\0", b"\x03\x03\0\0"
    packets = [build.ip(SERVER, PC, 1, message) for message in (unreachable, other, unreachable)]
    found = events_of(tmp_path, [*packets, build.ip(PC, SERVER, 1, unreachable)])
    assert [(event.source_ip, event.action.value) for event in found] == [
        (SERVER, "unknown"),
        (SERVER, "unknown"),
        (PC, "unknown"),
    ]


def test_protocols_without_ports(tmp_path):
    found = events_of(tmp_path, [build.ip(PC, SERVER, 1, b"\x08\0\0\0"), build.ip(PC, SERVER, 50, bytes(20))])
    assert [short(event) for event in found] == [
        ("connection", PC, None, SERVER, None, None, None, "unknown")
    ] * 2


def test_unknown_link_layer_is_reported_once(tmp_path):
    path = tmp_path / "usb.pcap"
    path.write_bytes(build.pcap([b"x" * 64] * 3, 220))
    (log_file,), _ = logs(path)
    counts = ReadCounts()
    (refusal,) = read_events(log_file, counts=counts)
    assert isinstance(refusal, Refusal)
    assert (refusal.value, refusal.reference.row) == ("LINKTYPE 220", 1)
    assert (counts.lines, counts.refused) == (1, 1)


def test_truncated_capture_gives_its_events(tmp_path):
    path = tmp_path / "cut.pcap"
    path.write_bytes(build.pcap(build.conversation((PC, 50000), (SERVER, 8443), [REQUEST]), 101)[:-3])
    (log_file,), _ = logs(path)
    found = []
    with pytest.raises(UnreadableError, match="cut short"):
        found.extend(read_events(log_file))
    found = []
    reader = read_events(log_file)
    try:
        for item in reader:
            found.append(item)
    except UnreadableError:
        pass
    assert [event.domain for event in found] == [None, "c2.example"]


@pytest.mark.parametrize("packed", ["plain", "gz", "zip"])
def test_frames_are_never_read_as_text(tmp_path, packed):
    """Every other byte of these frames is zero, as in UTF-16."""
    payload = build.question("c2.example") + b"\0a" * 3000
    data = build.pcap([build.ip(PC, RESOLVER, 17, build.udp(40000, 53, payload))] * 3, 101)
    path = tmp_path / f"capture.{packed}"
    if packed == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner.cap", data)
    else:
        path.write_bytes(gzip.compress(data) if packed == "gz" else data)
    (log_file,), problems = logs(path)
    assert problems == []
    assert log_file.encoding == "binary"
    detection = detection_for(log_file)
    assert detection.binary is not None
    assert (detection.binary.name, detection.format, detection.share) == ("pcap", None, 1.0)
    domains = [item.domain for item in read_events(log_file) if isinstance(item, Event)]
    assert domains.count("c2.example") == 3


def test_interleaving_does_not_matter(tmp_path):
    """The contacts are the same whether their packets interleave or not."""
    first = build.conversation((PC, 50000), (SERVER, 8443), [HELLO[:30], HELLO[30:]])
    second = build.conversation((PC, 50001), (SERVER, 80), [REQUEST[:9], REQUEST[9:]])
    mixed = [packet for pair in zip(first, second, strict=True) for packet in pair]

    def contacts(packets):
        return sorted(
            str({k: v for k, v in asdict(event).items() if k not in ("time", "line")})
            for event in events_of(tmp_path, packets)
        )

    assert contacts(mixed) == contacts(first + second)
