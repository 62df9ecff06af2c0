"""Offsets of IP headers in every link layer and every tunnel."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.binary.capture.links import arp_offset, ip_offsets, is_read
from lamsach.logs.binary.capture.packets import MOST_PACKETS, Decapsulator

from . import capture_builder as build

IP = build.ip("192.0.2.5", "203.0.113.9", 17, build.udp(4000, 5000, b"payload"))
IP6 = build.ip("2001:db8::5", "2001:db8::9", 17, build.udp(4000, 5000, b"payload"))
ETHERNET = build.ethernet(IP)
SNAP = b"\xaa\xaa\x03\0\0\0\x08\0"
WIRELESS = b"\x08\x01\0\0" + build.MAC_A * 3 + b"\0\0"
QOS = b"\x88\x01\0\0" + build.MAC_A * 3 + b"\0\0" + b"\0\0"


def tagged(*tags: bytes) -> bytes:
    return build.MAC_B + build.MAC_A + b"".join(tags)


LINKS = {
    "ethernet": (1, ETHERNET),
    "vlan": (1, tagged(b"\x81\0\0\x0a\x08\0", IP)),
    "q-in-q": (1, tagged(b"\x88\xa8\0\x0a\x81\0\0\x0b\x08\0", IP)),
    "ipv6": (1, build.ethernet(IP6, 0x86DD)),
    "mpls": (1, tagged(b"\x88\x47\0\x01\0\x40\0\x02\x01\x40", IP)),
    "pseudowire": (1, tagged(b"\x88\x47\0\x02\x01\x40\0\0\0\0", ETHERNET)),
    "pppoe": (1, tagged(b"\x88\x64\x11\0\0\x01\0\x2a\0\x21", IP)),
    "provider backbone": (1, tagged(b"\x88\xe7\0\0\0\x01", ETHERNET)),
    "vn-tag": (1, tagged(b"\x89\x26\0\0\0\x01\x08\0", IP)),
    "fabricpath": (1, tagged(b"\x89\x03\0\x01", ETHERNET)),
    "cisco metadata": (1, tagged(b"\x89\x09\x01\x01\0\x01\0\x05\x08\0", IP)),
    "802.3 snap": (1, tagged(struct.pack(">H", 8 + len(IP)), SNAP, IP)),
    "service header": (1, tagged(b"\x89\x4f\0\x02\x02\x01\0\0\0\0", IP)),
    "null": (0, b"\x02\0\0\0" + IP),
    "loop": (108, b"\0\0\0\x02" + IP),
    "raw": (101, IP),
    "raw ipv6": (229, IP6),
    "cooked": (113, bytes(14) + b"\x08\0" + IP),
    "cooked with vlan": (113, bytes(14) + b"\x81\0\0\x05\x08\0" + IP),
    "cooked 2": (276, b"\x08\0" + bytes(18) + IP),
    "ppp": (9, b"\xff\x03\0\x21" + IP),
    "ppp compressed": (9, b"\x21" + IP),
    "hdlc": (104, b"\x0f\0\x08\0" + IP),
    "pppoe alone": (51, b"\x11\0\0\x01\0\x2a\0\x21" + IP),
    "wireless": (105, WIRELESS + SNAP + IP),
    "wireless with quality": (105, QOS + SNAP + IP),
    "radiotap": (127, b"\0\0\x08\0\0\0\0\0" + QOS + SNAP + IP),
    "radiotap padded": (127, b"\0\0\x09\0\x02\0\0\0\x20" + QOS + b"\0\0" + SNAP + IP),
    "per-packet": (192, struct.pack("<BBHI", 0, 0, 8, 105) + WIRELESS + SNAP + IP),
    "prism": (119, bytes(144) + WIRELESS + SNAP + IP),
    "netfilter": (239, b"\x02\0\0\0" + b"\x08\0\x01\0wxyz" + struct.pack("<HH", 4 + len(IP), 9) + IP),
    "packet filter": (117, b"\x3d" + bytes(63) + IP),
    "openbsd ipsec": (109, bytes(12) + IP),
    "frame relay": (107, b"\x18\x41\x03\xcc" + IP),
    "token ring": (6, bytes(14) + SNAP + IP),
    "fddi": (10, bytes(13) + SNAP + IP),
    "atm": (100, SNAP + IP),
    "redundancy tag": (1, tagged(b"\x89\x2f\x10\x34\0\x01\x08\0", IP)),
    "port extension tag": (1, tagged(b"\x89\x3f\0\0\0\x01\0\0\x08\0", IP)),
    "trill with option": (1, tagged(b"\x22\xf3\0\x46\0\x01\0\x02", bytes(4), ETHERNET)),
    "signed in the clear": (1, tagged(b"\x88\xe5\x20\0\0\0\0\x01", bytes(8), b"\x08\0", IP)),
    "jumbo llc": (1, tagged(b"\x88\x70", SNAP, IP)),
    "ethernet bridged over atm": (100, b"\xaa\xaa\x03\0\x80\xc2\0\x07\0\0" + ETHERNET),
    "ppp bridge": (9, b"\xff\x03\0\x31\0\x01" + ETHERNET),
    "slip": (8, bytes(16) + IP),
    "atm of a system's own number": (11, SNAP + IP),
    "fibre channel": (122, bytes(16) + SNAP + IP),
    "sunatm": (123, b"\x02\0\0\x21" + SNAP + IP),
    "firewire": (138, bytes(16) + b"\x08\0" + IP),
    "junos": (178, b"MGC\x81\0\x06\x01\x01\x05\x02\x01\x01" + ETHERNET),
    "junos without link header": (178, b"MGC\x03\0\0\0\x02" + IP),
    "endace": (197, bytes(8) + b"\x82\x04" + bytes(6) + b"\x03" + bytes(9) + ETHERNET),
    "endace serial": (197, bytes(8) + b"\x01\x04" + bytes(6) + b"\x0f\0\x08\0" + IP),
    "endace ip": (197, bytes(8) + b"\x16\x04" + bytes(6) + IP),
    "solaris loopback": (226, b"\x01\x02" + bytes(22) + IP),
    "infiniband": (242, bytes(40) + b"\x08\0\0\0" + IP),
    "decrypted, though it says encrypted": (105, b"\x88\x41" + QOS[2:] + SNAP + IP),
    "decrypted, its key's header left": (105, b"\x08\x41" + WIRELESS[2:] + b"\x01\0\0\x20abcd" + SNAP + IP),
    "broadcom's switch tag": (281, bytes(12) + b"\x20\0\x80\0" + b"\x08\0" + IP),
    "broadcom's switch tag in front": (282, b"\x20\0\x80\0" + ETHERNET),
    "marvell's switch tag": (284, bytes(12) + b"\xc0\x0a\0\0" + b"\x08\0" + IP),
    "marvell's switch tag with type": (285, bytes(12) + b"\xda\xda\0\0\xc0\0\0\0" + b"\x08\0" + IP),
    "arista's time": (1, tagged(b"\xd2\x8b\0\x01\0\x10", bytes(8), b"\x81\0\0\x64\x08\0", IP)),
    "arista's short time": (1, tagged(b"\xd2\x8b\0\x01\0\x20", bytes(6), b"\x08\0", IP)),
    "pktap": (258, struct.pack("<III", 108, 1, 1) + bytes(96) + ETHERNET),
}


@pytest.mark.parametrize("case", LINKS)
def test_ip_offset_in_every_link_layer(case):
    link, frame = LINKS[case]
    (at,) = ip_offsets(link, frame)
    assert frame[at:] in (IP, IP6)
    assert is_read(link)


@pytest.mark.parametrize("case", LINKS)
def test_truncated_frames_give_all_or_none(case):
    link, frame = LINKS[case]
    whole = ip_offsets(link, frame)
    for size in range(len(frame)):
        assert ip_offsets(link, frame[:size]) in ((), whole)


def test_several_packets_in_one_wireless_frame():
    header = b"\x88\x01\0\0" + build.MAC_A * 3 + b"\0\0" + b"\x80\0"
    part = build.MAC_A + build.MAC_B + struct.pack(">H", 8 + len(IP)) + SNAP + IP
    frame = header + part + bytes(-len(part) % 4) + part
    assert [frame[at : at + len(IP)] for at in ip_offsets(105, frame)] == [IP, IP]


def test_frames_without_ip():
    assert ip_offsets(1, build.ethernet(bytes(28), 0x0806)) == ()
    assert ip_offsets(105, b"\x08\x41" + bytes(60)) == ()  # encrypted
    assert ip_offsets(178, b"XGC\2" + bytes(4) + IP) == ()
    assert ip_offsets(1, tagged(b"\x88\xe5\x2c\0\0\0\0\x01", bytes(8), b"\x08\0", IP)) == ()  # encrypted
    assert ip_offsets(147, IP) == ()
    assert not is_read(147)


def gre(kind: int, flags: int = 0, rest: bytes = b"") -> bytes:
    return struct.pack(">HH", flags, kind) + rest


VXLAN = b"\x08\0\0\0\0\0\x01\0"
TEREDO = build.ip("2001:0:cb00:7109:0:abcd:3fff:fdfa", "2001:db8::9", 17, build.udp(4000, 5000, b"payload"))
TUNNELS = {
    "ip in ip": (4, IP),
    "ipv6 in ip": (41, IP6),
    "gre": (47, gre(0x0800) + IP),
    "gre key and sequence": (47, gre(0x0800, 0xB000, bytes(12)) + IP),
    "gre bridge": (47, gre(0x6558) + ETHERNET),
    "erspan 1": (47, gre(0x88BE) + ETHERNET),
    "erspan 2": (47, gre(0x88BE, 0x1000, bytes(4)) + bytes(8) + ETHERNET),
    "erspan 3": (47, gre(0x22EB, 0x1000, bytes(4)) + bytes(12) + ETHERNET),
    "erspan 3 platform": (47, gre(0x22EB, 0x1000, bytes(4)) + bytes(11) + b"\x01" + bytes(8) + ETHERNET),
    "pptp": (47, gre(0x880B, 0x3001, bytes(8)) + b"\xff\x03\0\x21" + IP),
    "wccp": (47, gre(0x883E) + b"\0\0\0\0" + IP),
    "aruba": (47, gre(0x8200) + QOS + SNAP + IP),
    "aruba encrypted on the air": (47, gre(0x8200) + b"\x88\x41" + QOS[2:] + SNAP + IP),
    "etherip": (97, b"\x30\0" + ETHERNET),
    "vxlan": (17, build.udp(50000, 4789, VXLAN + ETHERNET)),
    "vxlan gpe": (17, build.udp(50000, 4790, b"\x0c\0\0\x01\0\0\x01\0" + IP)),
    "geneve": (17, build.udp(50000, 6081, b"\x01\0\x65\x58\0\0\x01\0abcd" + ETHERNET)),
    "geneve ip": (17, build.udp(50000, 6081, b"\0\0\x86\xdd\0\0\x01\0" + IP6)),
    "gtp": (17, build.udp(2152, 2152, b"\x30\xff" + bytes(6) + IP)),
    "gtp extension": (17, build.udp(9999, 2152, b"\x34\xff" + bytes(9) + b"\x85\x01\0\0\0" + IP)),
    "teredo": (17, build.udp(3545, 3544, IP6)),
    "teredo origin": (17, build.udp(3544, 3545, b"\0\x01\0\0" + bytes(9) + b"\0\0" + bytes(6) + IP6)),
    "ayiya": (17, build.udp(9999, 5072, b"\x41\x51\x11\x29" + bytes(4 + 16 + 20) + IP6)),
    "l2tp": (17, build.udp(1701, 1701, b"\0\x02\0\x01\0\x01\xff\x03\0\x21" + IP)),
    "l2tp with length": (17, build.udp(1701, 1701, b"\x40\x02\0\x40\0\x01\0\x01\xff\x03\0\x21" + IP)),
    "tzsp": (17, build.udp(40000, 37008, b"\x01\0\0\x01\x0a\x01\x05\x01" + ETHERNET)),
    "lisp": (17, build.udp(40000, 4341, b"\xc0\0\0\x01\0\0\0\x01" + IP)),
    "capwap": (17, build.udp(40000, 5247, b"\0\x10\x02\0\0\0\0\0" + ETHERNET)),
    "capwap of wireless frames": (17, build.udp(40000, 5247, b"\0\x10\x03\0\0\0\0\0" + QOS + SNAP + IP)),
    "capwap with swapped bytes": (
        17,
        build.udp(40000, 5247, b"\0\x18\x03\x10" + bytes(8) + b"\x01\x88" + QOS[2:] + SNAP + IP),
    ),
    "l2tp 3": (115, b"\0\0\0\x05" + ETHERNET),
    "l2tp 3 with cookie": (115, b"\0\0\0\x05" + bytes(range(8)) + ETHERNET),
    "pim register": (103, b"\x21\0" + bytes(6) + IP),
    "mpls in udp": (17, build.udp(40000, 6635, b"\0\x01\x01\x40" + IP)),
    "vxlan in geneve": (
        17,
        build.udp(
            50000,
            6081,
            b"\0\0\x65\x58\0\0\x01\0"
            + build.ethernet(build.ip("192.0.2.7", "192.0.2.8", 17, build.udp(1, 4789, VXLAN + ETHERNET))),
        ),
    ),
}


ANY_PORT = {
    "vxlan on another port": VXLAN + ETHERNET,
    "geneve on another port": b"\0\0\x65\x58\0\0\x01\0" + ETHERNET,
    "geneve with option on another port": b"\x01\0\x08\0\0\0\x01\0abcd" + IP,
    "gtp on another port": b"\x30\xff" + struct.pack(">H", len(IP)) + bytes(4) + IP,
    "teredo to a peer": TEREDO,
    "teredo to a peer with origin": bytes(8) + TEREDO,
}
TUNNELS |= {case: (17, build.udp(40000, 40001, payload)) for case, payload in ANY_PORT.items()}


@pytest.mark.parametrize("case", ANY_PORT)
def test_false_tunnels_are_plain_datagrams(case):
    """A wrong length or address family makes it an ordinary datagram."""
    payload = ANY_PORT[case]
    for other in (payload[:-1], payload.replace(b"\x20\1\0\0", b"\x20\2\0\0").replace(b"\x45", b"\x42")):
        packet = build.ip("198.51.100.1", "198.51.100.2", 17, build.udp(40000, 40001, other))
        assert len(Decapsulator().packets(packet, 0)) == 1


@pytest.mark.parametrize("case", TUNNELS)
def test_inner_packet_of_tunnels(case):
    protocol, payload = TUNNELS[case]
    outer_packet = build.ip("198.51.100.1", "198.51.100.2", protocol, payload)
    packets = Decapsulator().packets(outer_packet, 0)
    inner = packets[-1]
    assert packets[0].protocol == protocol
    assert (inner.source_port, inner.destination_port) == (4000, 5000)
    assert inner.data[inner.start : inner.end] == b"payload"


@pytest.mark.parametrize("case", TUNNELS)
def test_truncated_tunnels_raise_nothing(case):
    protocol, payload = TUNNELS[case]
    outer = build.ip("198.51.100.1", "198.51.100.2", protocol, payload)
    for size in range(len(outer)):
        assert len(Decapsulator().packets(outer[:size], 0)) <= 4


def test_nested_aggregates_are_bounded():
    """Each part of an aggregated frame contains all later parts, so that packets double with every part."""
    header = b"\x88\x01\0\0" + build.MAC_A * 3 + b"\0\0" + b"\x80\0"
    body = b""
    for _ in range(60):
        inner = build.ip("192.0.2.1", "192.0.2.2", 47, gre(0x8200) + header + body)
        inner = inner[: 24 + len(header)]
        size = 8 + len(inner)
        body = (
            build.MAC_A
            + build.MAC_B
            + struct.pack(">H", size)
            + SNAP
            + inner
            + bytes(-(14 + size) % 4)
            + body
        )
    frame = header + body
    decapsulator = Decapsulator()
    first = ip_offsets(105, frame)[0]
    assert len(decapsulator.packets(frame, first)) == MOST_PACKETS


def test_endless_tunnels_are_bounded():
    packet = IP
    for _ in range(40):
        packet = build.ip("192.0.2.1", "192.0.2.2", 4, packet)
    assert len(Decapsulator().packets(packet, 0)) <= 8


@pytest.mark.parametrize(
    "headers",
    [
        struct.pack(">BB6x", 17, 0),  # hop by hop
        struct.pack(">BB6x", 60, 0) + struct.pack(">BB6x", 17, 0),
        struct.pack(">BB6x", 51, 0) + struct.pack(">BB", 60, 4) + bytes(22) + struct.pack(">BB6x", 17, 0),
    ],
)
def test_extension_headers_are_skipped(headers):
    packet = build.ip("2001:db8::5", "2001:db8::9", 0, headers + build.udp(4000, 5000, b"payload"))
    (found,) = Decapsulator().packets(packet, 0)
    assert (found.protocol, found.source_port) == (17, 4000)


@pytest.mark.parametrize(("kind", "stop"), [(0, 1), (2, 1), (4, 0)])
def test_routing_headers_state_the_destination(kind, stop):
    stops = [bytes(15) + bytes([number]) for number in (1, 2)]
    header = struct.pack(">BBBBI", 17, 4, kind, 1, 0) + b"".join(stops)
    packet = build.ip("2001:db8::5", "2001:db8::9", 43, header + build.udp(4000, 5000, b""))
    (found,) = Decapsulator().packets(packet, 0)
    assert found.destination == stops[stop]
    arrived = packet[:43] + b"\0" + packet[44:]
    assert Decapsulator().packets(arrived, 0)[0].destination == packet[24:40]


def test_authentication_header_is_skipped():
    header = b"\x11\x04\0\0" + bytes(20)
    packet = build.ip("192.0.2.5", "192.0.2.9", 51, header + build.udp(4000, 5000, b"payload"))
    assert Decapsulator().packets(packet, 0)[-1].destination_port == 5000


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_fragments_in_any_order(random, words):
    payload = build.udp(4000, 5000, bytes(range(256)) * 4)
    size = words * 8
    pieces = [(at, payload[at : at + size]) for at in range(0, len(payload), size)]
    random.shuffle(pieces)
    decapsulator = Decapsulator()
    found = []
    for at, piece in pieces:
        more = 0x2000 if at + size < len(payload) else 0
        packet = build.ip("192.0.2.5", "192.0.2.9", 17, piece, fragment=more | at // 8)
        found += decapsulator.packets(packet, 0)
    whole = found[-1]
    assert whole.data[whole.start : whole.end] == payload[8:]


def test_fragments_of_ipv6():
    payload = build.udp(4000, 5000, b"x" * 100)
    decapsulator = Decapsulator()
    for at, more in ((0, 1), (64, 0)):
        piece = payload[at : at + 64]
        header = struct.pack(">BBHI", 17, 0, at | more, 77)
        packets = decapsulator.packets(build.ip("2001:db8::5", "2001:db8::9", 44, header + piece), 0)
    assert packets[-1].data[packets[-1].start : packets[-1].end] == b"x" * 100


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(
        [
            0,
            1,
            6,
            8,
            9,
            50,
            101,
            105,
            107,
            113,
            117,
            119,
            122,
            123,
            127,
            138,
            178,
            192,
            197,
            226,
            239,
            242,
            258,
            276,
        ]
    ),
)
def test_arbitrary_bytes_in_link_layers(data, link):
    for at in ip_offsets(link, data):
        Decapsulator().packets(data, at)
    assert 0 <= arp_offset(link, data) <= max(20, len(data))
