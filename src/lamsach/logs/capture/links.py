"""From a frame of any link layer to the IP headers in it.

Sources: https://www.tcpdump.org/linktypes.html; IEEE 802.1Q, 802.1ah, 802.2, 802.11; RFC 1661, 2516, 3032, 8300; `pcap-linktype(7)`.
Every function takes the frame and an offset into it, gives offsets, and reads nothing beyond the frame's end: what is cut off gives none.
"""

from __future__ import annotations

from collections.abc import Callable

IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806
ETHERNET = 1
"""The link type of Ethernet."""
_TAGS = frozenset({0x8100, 0x88A8, 0x9100, 0x9200, 0x9300})
_MPLS = frozenset({0x8847, 0x8848})
_ETHERNET_BYTES = 14
_MOST_LAYERS = 16
_MOST_AGGREGATED = 64
_LONGEST_LENGTH = 1500
"""A type field up to this is a length (IEEE 802.3), and LLC follows."""
_PPP_IPV4, _PPP_IPV6, _PPP_MPLS = 0x21, 0x57, (0x281, 0x283)

Offsets = tuple[int, ...]


def u16(data: bytes, at: int) -> int:
    """Two bytes in network order; -1 beyond the end."""
    return data[at] << 8 | data[at + 1] if at + 1 < len(data) else -1


def ethernet(data: bytes, at: int = 0) -> Offsets:
    """Ethernet II or IEEE 802.3."""
    return ethertype(u16(data, at + 12), data, at + _ETHERNET_BYTES)


def ethertype(kind: int, data: bytes, at: int) -> Offsets:
    """What an EtherType announces, through tags, labels and encapsulations, at most 16 deep."""
    for _ in range(_MOST_LAYERS):
        if kind in (IPV4, IPV6):
            return (at,) if at < len(data) else ()
        if kind in _TAGS:
            kind, at = u16(data, at + 2), at + 4
        elif kind in _MPLS:
            return mpls(data, at)
        elif kind == 0x8864:  # PPPoE session
            return ppp(data, at + 6)
        elif kind == 0x8926:  # VN-Tag
            kind, at = u16(data, at + 4), at + 6
        elif kind == 0x8909:  # Cisco metadata (security group tag)
            kind, at = u16(data, at + 6), at + 8
        elif kind in (
            0x88E7,
            0x8903,
            0x6558,
        ):  # provider backbone, FabricPath, Ethernet bridged in GRE or Geneve
            at += {0x88E7: 4, 0x8903: 2}.get(kind, 0)
            kind, at = u16(data, at + 12), at + _ETHERNET_BYTES
        elif kind == 0x880B:
            return ppp(data, at)
        elif kind == 0x894F:  # network service header
            kind, at = _service_header(data, at)
        elif 0 <= kind <= _LONGEST_LENGTH:
            if data[at : at + 3] == b"\xaa\xaa\x03":  # SNAP: three bytes of organisation, then a type
                kind, at = u16(data, at + 6), at + 8
                if kind <= _LONGEST_LENGTH:
                    return ()
            elif data[at : at + 3] == b"\x06\x06\x03":
                return (at + 3,) if at + 3 < len(data) else ()
            else:
                return ()
        else:
            return ()
    return ()


def _service_header(data: bytes, at: int) -> tuple[int, int]:
    if at + 4 > len(data):
        return -1, at
    kind = {1: IPV4, 2: IPV6, 3: 0x6558, 5: 0x8847}.get(data[at + 3], -1)
    return kind, at + (data[at + 1] & 0x3F) * 4


def mpls(data: bytes, at: int) -> Offsets:
    """A stack of labels; below it IP, or Ethernet with or without a control word (RFC 4448)."""
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
    """PPP with or without address and control bytes, its protocol number in two bytes or compressed to one."""
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
    return mpls(data, at) if protocol in _PPP_MPLS else ()


def wireless(data: bytes, at: int = 0, *, padded: bool = False) -> Offsets:
    """IEEE 802.11 data frames that are not encrypted, aggregated ones too. `padded`: the header is filled up to four bytes."""
    if at + 24 > len(data) or data[at] & 0x0F != 0x08 or data[at] & 0x40 or data[at + 1] & 0x40:
        return ()  # not data; no payload; encrypted
    size = 24 + (6 if data[at + 1] & 3 == 3 else 0)
    aggregated = False
    if data[at] & 0x80:
        aggregated = at + size < len(data) and bool(data[at + size] & 0x80)
        size += 2 + (4 if data[at + 1] & 0x80 else 0)
    if padded:
        size = (size + 3) // 4 * 4
    if not aggregated:
        return ethertype(0, data, at + size)
    at += size
    found: Offsets = ()
    for _ in range(_MOST_AGGREGATED):
        if at + 14 >= len(data):
            break
        found += ethertype(0, data, at + 14)
        at += (14 + u16(data, at + 12) + 3) // 4 * 4
    return found


def _radiotap(data: bytes) -> Offsets:
    if len(data) < 8:
        return ()
    size = int.from_bytes(data[2:4], "little")
    present = int.from_bytes(data[4:8], "little")
    at, word = 8, present
    while word & 0x8000_0000 and at + 4 <= min(size, len(data)):
        word = int.from_bytes(data[at : at + 4], "little")
        at += 4
    if present & 1:  # the time of the radio's clock
        at = (at + 7) // 8 * 8 + 8
    padded = bool(present & 2) and at < min(size, len(data)) and bool(data[at] & 0x20)
    return wireless(data, size, padded=padded)


def _prism(data: bytes) -> Offsets:
    if data[:4] == b"\x80\x21\x10\x01" or data[:4] == b"\x80\x21\x10\x02":
        return wireless(data, int.from_bytes(data[4:8], "big"))
    return wireless(data, 144)


def _per_packet(data: bytes) -> Offsets:
    """PPI: a header of stated length before a frame of stated link type."""
    return _within(int.from_bytes(data[2:4], "little"), int.from_bytes(data[4:8], "little"), data)


def _pktap(data: bytes) -> Offsets:
    """The header that macOS puts before frames of several interfaces."""
    return _within(int.from_bytes(data[:4], "little"), int.from_bytes(data[8:12], "little"), data)


def _within(size: int, link: int, data: bytes) -> Offsets:
    if not 8 <= size < len(data) or link in (192, 258):
        return ()
    return tuple(size + offset for offset in ip_offsets(link, data[size:]))


def _cooked(data: bytes) -> Offsets:
    if u16(data, 2) == 803:  # the interface gives wireless frames
        return tuple(16 + offset for offset in _radiotap(data[16:]))
    kind = u16(data, 14)
    return ethertype(kind, data, 16)


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
    return ethertype(0, data, at)


def _at(offset: int) -> Callable[[bytes], Offsets]:
    return lambda data: (offset,) if len(data) > offset else ()


_LINKS: dict[int, Callable[[bytes], Offsets]] = {
    0: _at(4),  # loopback of BSD and Npcap: an address family
    ETHERNET: ethernet,
    6: _token_ring,
    9: _serial,
    10: lambda data: ethertype(0, data, 13),  # FDDI
    12: _at(0),
    14: _at(0),
    50: _serial,
    51: lambda data: ppp(data, 6),  # PPPoE without Ethernet
    100: lambda data: ethertype(0, data, 0),  # LLC over ATM
    101: _at(0),
    104: _cisco,
    105: wireless,
    107: _frame_relay,
    108: _at(4),
    109: _at(12),  # OpenBSD's decrypted IPsec
    113: _cooked,
    117: _packet_filter,
    119: _prism,
    127: _radiotap,
    163: _prism,
    166: lambda data: ppp(data, 1),
    192: _per_packet,
    204: lambda data: ppp(data, 1),
    219: lambda data: mpls(data, 0),
    228: _at(0),
    229: _at(0),
    239: _netfilter,
    240: lambda data: ethernet(data, 4),
    241: lambda data: ethernet(data, 12),
    258: _pktap,
    274: lambda data: ethernet(data, 8),
    276: _cooked2,
}


def is_read(link: int) -> bool:
    """Whether frames of this LINKTYPE are understood."""
    return link in _LINKS


def ip_offsets(link: int, data: bytes) -> Offsets:
    """Where in the frame IP headers begin: one as a rule, none for other protocols, several in aggregated wireless frames."""
    reader = _LINKS.get(link)
    return reader(data) if reader else ()
