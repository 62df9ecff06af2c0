"""Offsets of the IP headers in frames of any link type (Ethernet, PPP, MPLS, IEEE 802.11).

Sources: IEEE 802.1Q, 802.1ah, 802.1BR, 802.1AE, 802.2, 802.11; RFC 1661, 2516, 3032, 4448, 6325, 8300; IEC
62439-3; https://www.tcpdump.org/linktypes.html, `pcap-linktype(7)`, libpcap's `pcap-common.c` for
system-specific numbers; https://www.radiotap.org. Every function takes a frame and an offset, returns
offsets, and reads nothing beyond the frame's end; truncated or encrypted frames give none. A wireless frame
marked as encrypted is read if its access point or driver has already decrypted it.
"""

from __future__ import annotations

from collections.abc import Callable

_MOST_AGGREGATED = 64
_SNAP = b"\xaa\xaa\x03\0\0\0"
_KEY_HEADER_BYTES = 8


def wireless(data: bytes, at: int = 0, *, padded: bool = False) -> Offsets:
    """Return IP offsets in unencrypted IEEE 802.11 data frames, including aggregated ones.

    `padded`: the header is padded to four bytes."""
    if at + 24 > len(data) or data[at] & 0x0F != 0x08 or data[at] & 0x40:
        return ()  # not data; no payload
    size = 24 + (6 if data[at + 1] & 3 == 3 else 0)
    aggregated = False
    if data[at] & 0x80:
        aggregated = at + size < len(data) and bool(data[at + size] & 0x80)
        size += 2 + (4 if data[at + 1] & 0x80 else 0)
    if padded:
        size = (size + 3) // 4 * 4
    protected = bool(data[at + 1] & 0x40)
    at += size
    if protected:
        plain = next((skip for skip in (0, _KEY_HEADER_BYTES) if data.startswith(_SNAP, at + skip)), None)
        return () if plain is None else ethertype(LLC, data, at + plain)
    return _aggregated(data, at) if aggregated else ethertype(LLC, data, at)


def _aggregated(data: bytes, at: int) -> Offsets:
    found: Offsets = ()
    for _ in range(_MOST_AGGREGATED):
        if at + 14 >= len(data):
            break
        found += ethertype(LLC, data, at + 14)
        at += (14 + u16(data, at + 12) + 3) // 4 * 4
    return found


def radiotap(data: bytes) -> Offsets:
    """Return IP offsets behind a radiotap header, which states its length and whether the frame is padded."""
    if len(data) < 8:
        return ()
    size = int.from_bytes(data[2:4], "little")
    present = int.from_bytes(data[4:8], "little")
    at, word = 8, present
    while word & 0x8000_0000 and at + 4 <= min(size, len(data)):
        word = int.from_bytes(data[at : at + 4], "little")
        at += 4
    if present & 1:  # the radio's timestamp
        at = (at + 7) // 8 * 8 + 8
    padded = bool(present & 2) and at < min(size, len(data)) and bool(data[at] & 0x20)
    return wireless(data, size, padded=padded)


def prism(data: bytes) -> Offsets:
    """Return IP offsets behind a Prism header (144 bytes), or an AVS header, which states its length."""
    if data[:4] == b"\x80\x21\x10\x01" or data[:4] == b"\x80\x21\x10\x02":
        return wireless(data, int.from_bytes(data[4:8], "big"))
    return wireless(data, 144)


IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806
ETHERNET = 1
"""The link type of Ethernet."""
LLC = 0
"""Pseudo type for `ethertype`: IEEE 802.2 follows, as after a length field."""
TAGS = {0x8100: 2, 0x88A8: 2, 0x9100: 2, 0x9200: 2, 0x9300: 2, 0x8926: 4, 0x892F: 4, 0x8909: 6, 0x893F: 6}
"""Bytes before the next type, for VLAN tags, Cisco VN-Tag and metadata, HSR and 802.1BR."""
_BRIDGES = {0x88E7: 4, 0x8903: 2, 0x6558: 0}
"""Bytes before the inner Ethernet header: provider backbone, FabricPath, bridging in GRE or Geneve."""
_MPLS = frozenset({0x8847, 0x8848})
_PPPOE, _PPP, _SERVICE_HEADER, _TRILL, _MACSEC, _JUMBO_LLC = 0x8864, 0x880B, 0x894F, 0x22F3, 0x88E5, 0x8870
_TIMESTAMP, _SHORT_TIMESTAMP = 0xD28B, 0x20
"""Arista's timestamp before the type: kind, version, 8 or 6 bytes."""
_ETHERNET_BYTES = 14
_MOST_LAYERS = 16
_LONGEST_LENGTH = 1500
"""A type field up to this is a length (IEEE 802.3), and LLC follows."""
_BRIDGED = b"\xaa\xaa\x03\x00\x80\xc2\x00"
_PPP_IPV4, _PPP_IPV6, _PPP_BRIDGE, _PPP_MPLS = 0x21, 0x57, 0x31, (0x281, 0x283)

Offsets = tuple[int, ...]


def u16(data: bytes, at: int) -> int:
    """Return two bytes in network order; -1 beyond the end."""
    return data[at] << 8 | data[at + 1] if at + 1 < len(data) else -1


def ethernet(data: bytes, at: int = 0) -> Offsets:
    """Return IP offsets in Ethernet II or IEEE 802.3."""
    return ethertype(u16(data, at + 12), data, at + _ETHERNET_BYTES)


def ethertype(kind: int, data: bytes, at: int) -> Offsets:
    """Return IP offsets in a payload of this EtherType, through at most 16 tags and encapsulations."""
    for _ in range(_MOST_LAYERS):
        if kind in (IPV4, IPV6):
            return (at,) if at < len(data) else ()
        if kind in TAGS:
            at += TAGS[kind] + 2
            kind = u16(data, at - 2)
        elif kind in _MPLS:
            return mpls(data, at)
        elif kind == _PPPOE:
            return ppp(data, at + 6)
        elif kind == _PPP:
            return ppp(data, at)
        elif 0 <= kind <= _LONGEST_LENGTH or kind == _JUMBO_LLC:
            kind, at = _logical_link(data, at)
        else:
            kind, at = _wrapped(kind, data, at)
    return ()


def _wrapped(kind: int, data: bytes, at: int) -> tuple[int, int]:
    """Return the type and offset inside a header that carries whole frames; type -1 for other headers."""
    if kind in _BRIDGES:
        at += _BRIDGES[kind]
    elif kind == _TRILL:
        at += 6 + ((u16(data, at) >> 6) & 31) * 4
    elif kind == _SERVICE_HEADER:
        return _service_header(data, at)
    elif kind == _MACSEC:
        return _integrity_only(data, at)
    elif kind == _TIMESTAMP:
        at += 10 if data[at + 3 : at + 4] and data[at + 3] & _SHORT_TIMESTAMP else 12
        return u16(data, at), at + 2
    else:
        return -1, at
    return u16(data, at + 12), at + _ETHERNET_BYTES


def _logical_link(data: bytes, at: int) -> tuple[int, int]:
    """Return the type and offset inside IEEE 802.2: SNAP, bridged Ethernet (RFC 2684), or IP."""
    head = data[at : at + 3]
    if head == b"\xaa\xaa\x03":
        if data.startswith(_BRIDGED, at):
            at += 8 + (2 if data[at + 7 : at + 8] in (b"\x01", b"\x07") else 0)
            return u16(data, at + 12), at + _ETHERNET_BYTES
        kind = u16(data, at + 6)
        return (kind, at + 8) if kind > _LONGEST_LENGTH else (-1, at)
    return (IPV4, at + 3) if head == b"\x06\x06\x03" else (-1, at)


def _service_header(data: bytes, at: int) -> tuple[int, int]:
    if at + 4 > len(data):
        return -1, at
    kind = {1: IPV4, 2: IPV6, 3: 0x6558, 5: 0x8847}.get(data[at + 3], -1)
    return kind, at + (data[at + 1] & 0x3F) * 4


def _integrity_only(data: bytes, at: int) -> tuple[int, int]:
    """Return the type and offset inside MACsec that is authenticated but not encrypted."""
    if at >= len(data) or data[at] & 0x0C:
        return -1, at
    at += 6 + (8 if data[at] & 0x20 else 0)
    return u16(data, at), at + 2


def mpls(data: bytes, at: int) -> Offsets:
    """Return IP offsets below a label stack: IP, or Ethernet with or without a control word (RFC 4448)."""
    for _ in range(_MOST_LAYERS):
        if at + 4 >= len(data):
            return ()
        bottom = data[at + 2] & 1
        at += 4
        if bottom:
            break
    else:
        return ()
    first = data[at] >> 4
    if first in (4, 6):
        return (at,)
    return ethernet(data, at + 4) if first == 0 else ethernet(data, at)


def ppp(data: bytes, at: int) -> Offsets:
    """Return IP offsets in PPP, with or without address and control bytes, also with a one-byte protocol."""
    if data[at : at + 2] == b"\xff\x03":
        at += 2
    if at >= len(data):
        return ()
    if data[at] & 1:
        protocol, at = data[at], at + 1
    else:
        protocol, at = u16(data, at), at + 2
    if protocol in (_PPP_IPV4, _PPP_IPV6):
        return (at,) if at < len(data) else ()
    if protocol == _PPP_BRIDGE:  # RFC 3518: two bytes of flags and kind of network
        return ethernet(data, at + 2)
    return mpls(data, at) if protocol in _PPP_MPLS else ()


COOKED, COOKED_2 = 113, 276
"""Linux' capture of all interfaces (`tcpdump -i any`)."""
_PER_PACKET, _PKTAP = 192, 258


def _per_packet(data: bytes) -> Offsets:
    """Return IP offsets behind a PPI header, which states its length and the link type."""
    return _within(int.from_bytes(data[2:4], "little"), int.from_bytes(data[4:8], "little"), data)


def _pktap(data: bytes) -> Offsets:
    """Return IP offsets behind the header that macOS adds when capturing several interfaces."""
    return _within(int.from_bytes(data[:4], "little"), int.from_bytes(data[8:12], "little"), data)


def _within(size: int, link: int, data: bytes) -> Offsets:
    if not 8 <= size < len(data) or link in (_PER_PACKET, _PKTAP):
        return ()
    return tuple(size + offset for offset in ip_offsets(link, data[size:]))


def _cooked(data: bytes) -> Offsets:
    if u16(data, 2) == 803:  # a wireless interface
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
    """Return the IP offset behind a pflog header, whose stated length is padded to four bytes."""
    at = (data[0] + 3) // 4 * 4 if data else 0
    return (at,) if 0 < at < len(data) else ()


def _netfilter(data: bytes) -> Offsets:
    """Return the IP offset in NFLOG: attributes in host byte order, nearly always little-endian."""
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
    """Return IP offsets in Junos captures: magic, flags, optional extensions, optional link header."""
    if data[:3] != b"MGC" or len(data) < 4:
        return ()
    at = 4 + (2 + max(u16(data, 4), 0) if data[3] & 0x80 else 0)
    if not data[3] & 2:
        return ethernet(data, at)
    return (at + 4,) if at + 4 < len(data) else ()


def _endace(data: bytes) -> Offsets:
    """Return IP offsets in ERF: 16 bytes, extension headers of 8, for Ethernet 2 bytes of padding."""
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
    """Return a reader of an EtherType at `place` whose payload is at `offset`."""
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
    281: _typed(16, 18),  # switch tags after the addresses: Broadcom,
    282: lambda data: ethernet(data, 4),  # or before them,
    284: _typed(16, 18),  # Marvell, four bytes
    285: _typed(20, 22),  # or eight
}


def arp_offset(link: int, data: bytes) -> int:
    """Return the offset of an ARP message in a frame of Ethernet or of Linux' "any"; 0 without one."""
    position, at = _ARP_TYPES.get(link, (0, 0))
    kind = u16(data, position) if at else -1
    while kind in TAGS and at + 4 <= len(data):
        at += TAGS[kind] + 2
        kind = u16(data, at - 2)
    return at if kind == ARP else 0


_ARP_TYPES = {ETHERNET: (12, 14), COOKED: (14, 16), COOKED_2: (0, 20)}


def is_read(link: int) -> bool:
    """Return whether frames of this LINKTYPE are supported."""
    return link in _LINKS


def ip_offsets(link: int, data: bytes) -> Offsets:
    """Return the offsets of the IP headers in a frame: usually one, several in aggregated wireless frames."""
    reader = _LINKS.get(link)
    return reader(data) if reader else ()
