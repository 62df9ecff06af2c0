"""From a frame of any link type to the IP headers in it.

Sources: https://www.tcpdump.org/linktypes.html, `pcap-linktype(7)`; libpcap's `pcap-common.c` for files that bear a system's own number.
"""

from __future__ import annotations

from collections.abc import Callable

from lamsach.logs.binary.capture.links import (
    ARP,
    ETHERNET,
    LLC,
    TAGS,
    Offsets,
    ethernet,
    ethertype,
    mpls,
    ppp,
    u16,
)
from lamsach.logs.binary.capture.wireless import prism, radiotap, wireless

COOKED, COOKED_2 = 113, 276
"""What Linux gives of all interfaces at once (`tcpdump -i any`)."""
_PER_PACKET, _PKTAP = 192, 258


def _per_packet(data: bytes) -> Offsets:
    """PPI: a header of stated length before a frame of stated link type."""
    return _within(int.from_bytes(data[2:4], "little"), int.from_bytes(data[4:8], "little"), data)


def _pktap(data: bytes) -> Offsets:
    """The header that macOS puts before frames of several interfaces."""
    return _within(int.from_bytes(data[:4], "little"), int.from_bytes(data[8:12], "little"), data)


def _within(size: int, link: int, data: bytes) -> Offsets:
    if not 8 <= size < len(data) or link in (_PER_PACKET, _PKTAP):
        return ()
    return tuple(size + offset for offset in ip_offsets(link, data[size:]))


def _cooked(data: bytes) -> Offsets:
    if u16(data, 2) == 803:  # the interface gives wireless frames
        return tuple(16 + offset for offset in radiotap(data[16:]))
    return ethertype(u16(data, 14), data, 16)


def _cooked2(data: bytes) -> Offsets:
    return ethertype(u16(data, 0), data, 20)


def _cisco(data: bytes) -> Offsets:
    return ethertype(u16(data, 2), data, 4)


def _serial(data: bytes) -> Offsets:
    return _cisco(data) if data[:1] in (b"\x0f", b"\x8f") else ppp(data, 0)


def _frame_relay(data: bytes) -> Offsets:
    if data[3:4] == b"\xcc":
        return (4,) if len(data) > 4 else ()
    return ethertype(u16(data, 2), data, 4)


def _packet_filter(data: bytes) -> Offsets:
    """OpenBSD's and FreeBSD's pflog: a header that states its length, which is filled up to four bytes."""
    at = (data[0] + 3) // 4 * 4 if data else 0
    return (at,) if 0 < at < len(data) else ()


def _netfilter(data: bytes) -> Offsets:
    """NFLOG: a list of length, type and value in the byte order of the host, nearly always little."""
    at = 4
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 2], "little")
        if size < 4:
            return ()
        if int.from_bytes(data[at + 2 : at + 4], "little") & 0x7FFF == 9:
            return (at + 4,) if at + 4 < len(data) else ()
        at += (size + 3) // 4 * 4
    return ()


def _token_ring(data: bytes) -> Offsets:
    at = 14
    if len(data) > 14 and data[8] & 0x80:
        at += data[14] & 0x1F
    return ethertype(LLC, data, at)


def _juniper(data: bytes) -> Offsets:
    """Return what Junos writes of Ethernet (`monitor traffic write-file`): magic, flags, perhaps options, perhaps no link header."""
    if data[:3] != b"MGC" or len(data) < 4:
        return ()
    at = 4 + (2 + max(u16(data, 4), 0) if data[3] & 0x80 else 0)
    if not data[3] & 2:
        return ethernet(data, at)
    return (at + 4,) if at + 4 < len(data) else ()


def _endace(data: bytes) -> Offsets:
    """ERF: sixteen bytes, further headers of eight that each announce the next, and of Ethernet two bytes of padding."""
    if len(data) < 16:
        return ()
    kind, at = data[8], 16
    more = kind & 0x80
    while more and at < len(data):
        more, at = data[at] & 0x80, at + 8
    kind &= 0x7F
    if kind in (2, 11, 16):
        return ethernet(data, at + 2)
    if kind in (1, 10):
        return tuple(at + offset for offset in _serial(data[at:]))
    return (at,) if kind in (22, 23) and at < len(data) else ()


def _at(offset: int) -> Callable[[bytes], Offsets]:
    return lambda data: (offset,) if len(data) > offset else ()


def _llc(offset: int) -> Callable[[bytes], Offsets]:
    return lambda data: ethertype(LLC, data, offset)


def _typed(place: int, offset: int) -> Callable[[bytes], Offsets]:
    """An EtherType at `place`, and at `offset` what it announces."""
    return lambda data: ethertype(u16(data, place), data, offset)


_LINKS: dict[int, Callable[[bytes], Offsets]] = {
    0: _at(4),  # loopback of BSD and Npcap: an address family
    ETHERNET: ethernet,
    6: _token_ring,
    8: _at(16),  # SLIP
    9: _serial,
    10: _llc(13),  # FDDI
    11: _llc(0),
    12: _at(0),
    14: _at(0),
    50: _serial,
    51: lambda data: ppp(data, 6),  # PPPoE without Ethernet
    100: _llc(0),  # LLC over ATM
    101: _at(0),
    104: _cisco,
    105: wireless,
    107: _frame_relay,
    108: _at(4),
    109: _at(12),  # OpenBSD's decrypted IPsec
    COOKED: _cooked,
    117: _packet_filter,
    119: prism,
    122: _llc(16),  # Fibre Channel
    123: _llc(4),  # SunATM
    127: radiotap,
    138: _typed(16, 18),  # IEEE 1394
    163: prism,
    166: lambda data: ppp(data, 1),
    178: _juniper,
    _PER_PACKET: _per_packet,
    197: _endace,
    204: lambda data: ppp(data, 1),
    219: lambda data: mpls(data, 0),
    226: _at(24),  # Solaris' loopback
    228: _at(0),
    229: _at(0),
    239: _netfilter,
    240: lambda data: ethernet(data, 4),
    241: lambda data: ethernet(data, 12),
    242: _typed(40, 44),  # InfiniBand
    _PKTAP: _pktap,
    274: lambda data: ethernet(data, 8),
    COOKED_2: _cooked2,
    281: _typed(16, 18),  # switches' own tags after the addresses: Broadcom,
    282: lambda data: ethernet(data, 4),  # or before them,
    284: _typed(16, 18),  # Marvell, four bytes
    285: _typed(20, 22),  # or eight
}


def arp_offset(link: int, data: bytes) -> int:
    """Return where in a frame of Ethernet, or of all of Linux' interfaces, an ARP message begins; 0 when it holds none."""
    place, at = _ARP_TYPES.get(link, (0, 0))
    kind = u16(data, place) if at else -1
    while kind in TAGS and at + 4 <= len(data):
        at += TAGS[kind] + 2
        kind = u16(data, at - 2)
    return at if kind == ARP else 0


_ARP_TYPES = {ETHERNET: (12, 14), COOKED: (14, 16), COOKED_2: (0, 20)}


def is_read(link: int) -> bool:
    """Return whether frames of this LINKTYPE are understood."""
    return link in _LINKS


def ip_offsets(link: int, data: bytes) -> Offsets:
    """Return where in the frame IP headers begin: one as a rule, none for other protocols, several in aggregated wireless frames."""
    reader = _LINKS.get(link)
    return reader(data) if reader else ()
