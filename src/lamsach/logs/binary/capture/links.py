"""From a header of Ethernet, PPP or MPLS to the IP headers behind it.

Sources: IEEE 802.1Q, 802.1ah, 802.1BR, 802.1AE, 802.2; RFC 1661, 2516, 3032, 4448, 6325, 8300; IEC 62439-3.
Every function takes the frame and an offset into it, gives offsets, and reads nothing beyond the frame's end: what is cut off gives none.
"""

from __future__ import annotations

IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806
ETHERNET = 1
"""The link type of Ethernet."""
LLC = 0
"""For `ethertype`: IEEE 802.2 follows, as after a length in place of a type."""
TAGS = {0x8100: 2, 0x88A8: 2, 0x9100: 2, 0x9200: 2, 0x9300: 2, 0x8926: 4, 0x892F: 4, 0x8909: 6, 0x893F: 6}
"""VLAN tags, Cisco's VN-Tag and metadata, the tags of HSR and of 802.1BR: how many bytes stand before the next type."""
_BRIDGES = {0x88E7: 4, 0x8903: 2, 0x6558: 0}
"""Provider backbone, FabricPath, Ethernet bridged in GRE or Geneve: how many bytes stand before the next Ethernet header."""
_MPLS = frozenset({0x8847, 0x8848})
_PPPOE, _PPP, _SERVICE_HEADER, _TRILL, _MACSEC, _JUMBO_LLC = 0x8864, 0x880B, 0x894F, 0x22F3, 0x88E5, 0x8870
_TIMESTAMP, _SHORT_TIMESTAMP = 0xD28B, 0x20
"""Arista's switches put the time before the type: kind, version, 8 bytes or 6."""
_ETHERNET_BYTES = 14
_MOST_LAYERS = 16
_LONGEST_LENGTH = 1500
"""A type field up to this is a length (IEEE 802.3), and LLC follows."""
_BRIDGED = b"\xaa\xaa\x03\x00\x80\xc2\x00"
_PPP_IPV4, _PPP_IPV6, _PPP_BRIDGE, _PPP_MPLS = 0x21, 0x57, 0x31, (0x281, 0x283)

Offsets = tuple[int, ...]


def u16(data: bytes, at: int) -> int:
    """Two bytes in network order; -1 beyond the end."""
    return data[at] << 8 | data[at + 1] if at + 1 < len(data) else -1


def ethernet(data: bytes, at: int = 0) -> Offsets:
    """Ethernet II or IEEE 802.3."""
    return ethertype(u16(data, at + 12), data, at + _ETHERNET_BYTES)


def ethertype(kind: int, data: bytes, at: int) -> Offsets:
    """Return what an EtherType announces, through tags, labels and encapsulations, at most 16 deep."""
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
    """The type behind a header that carries whole frames, and where what it announces begins; -1 for no such header."""
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
    """IEEE 802.2: SNAP (three bytes of organisation, then a type), an Ethernet frame in it (RFC 2684), or IP itself."""
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
    """MACsec that is signed, not encrypted: the frame's own type follows its tag."""
    if at >= len(data) or data[at] & 0x0C:
        return -1, at
    at += 6 + (8 if data[at] & 0x20 else 0)
    return u16(data, at), at + 2


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
    if protocol == _PPP_BRIDGE:  # RFC 3518: two bytes of flags and kind of network
        return ethernet(data, at + 2)
    return mpls(data, at) if protocol in _PPP_MPLS else ()
