"""Offsets of the IP headers inside tunnels over IP protocols or UDP.

Sources: RFC 2003, 2473, 4213 (IP in IP), 2784, 2890, 2637 (GRE, PPTP), 3378 (EtherIP), ERSPAN
(draft-foschiano-erspan), 7348 (VXLAN), 8926 (Geneve), 4380 (Teredo), 2661, 3931 (L2TP), 7510 (MPLS), 8086
(GRE in UDP), 9300 (LISP), 5415 (CAPWAP), 7761 (PIM), 3GPP TS 29.281 (GTP-U), draft-massar-v6ops-ayiya, TZSP
as sent by MikroTik's sniffer.
"""

from __future__ import annotations

from lamsach.logs.binary.capture.links import Offsets, ethernet, ethertype, mpls, ppp, u16, wireless

_MOST_OPTIONS = 64


def ip_tunnel(protocol: int, data: bytes, at: int, end: int) -> Offsets:
    """Return the offsets of IP headers inside a packet of a tunneling IP protocol."""
    if protocol in (4, 41, 94):
        return (at,) if at < end else ()
    if protocol == 47:
        return _gre(data, at, end)
    if protocol == 97:  # EtherIP (RFC 3378)
        return ethernet(data, at + 2)
    if protocol == 115:
        return _l2tp_3(data, at, end)
    if protocol == 103:  # PIM: a sender's packet on its way to the rendezvous point
        return (at + 8,) if end - at > 8 and data[at] & 15 == 1 else ()
    return mpls(data, at) if protocol == 137 else ()


def _l2tp_3(data: bytes, at: int, end: int) -> Offsets:
    """Return IP offsets in L2TP version 3: its header size is negotiated, so the first that fits counts."""
    for skip in (4, 8, 12, 16):
        found = tuple(offset for offset in ethernet(data, at + skip) if _fits(data, offset, end))
        if found:
            return found
    return ()


def _gre(data: bytes, at: int, end: int) -> Offsets:
    if end - at < 8:
        return ()
    flags, kind = u16(data, at), u16(data, at + 2)
    sequence = flags & 0x1000
    if flags & 7 == 1:  # the enhanced header of PPTP
        at += 8 + (4 if sequence else 0) + (4 if flags & 0x80 else 0)
        return ppp(data, at) if kind == 0x880B else ()
    at += 4 + 4 * bool(flags & 0xC000) + 4 * bool(flags & 0x2000) + 4 * bool(sequence)
    if kind == 0x88BE:  # ERSPAN I has no header of its own, II has
        return ethernet(data, at + 8 if sequence else at)
    if kind == 0x22EB:  # ERSPAN III, with or without the platform-specific part
        return ethernet(data, at + 12 + (8 if at + 11 < end and data[at + 11] & 1 else 0))
    if kind == 0x883E:  # WCCP, version 2 with a redirect header
        return (at,) if at < end and data[at] >> 4 == 4 else ((at + 4,) if at + 4 < end else ())
    if 0x8200 <= kind <= 0x8210 or kind == 0x9000:  # Aruba access points
        return wireless(data, at) or _after_wireless(data, at, end)
    return ethertype(kind, data, at)


def _after_wireless(data: bytes, at: int, end: int) -> Offsets:
    """Return the IP offset after a QoS wireless header with SNAP, marked encrypted but already decrypted."""
    at += 26 + 8
    return (at,) if at < end and data[at] >> 4 in (4, 6) else ()


def udp_tunnel(source_port: int, destination_port: int, data: bytes, at: int, end: int) -> Offsets:
    """Return IP offsets in a UDP payload that is a tunnel by its port and header, or by its shape alone."""
    for port in (destination_port, source_port):
        reader = _UDP_TUNNELS.get(port)
        if reader is not None:
            found = tuple(offset for offset in reader(data, at, end) if _plausible(data, offset, end))
            if found:
                return found
    return tuple(offset for offset in _by_shape(data, at, end) if _fits(data, offset, end))


def _by_shape(data: bytes, at: int, end: int) -> Offsets:
    """Find tunnels on any port: reserved header bits are zero, and lengths match."""
    if end - at < 28:
        return ()
    first = data[at]
    if first >> 4 == 6 or (first == 0 and data[at + 1] < 2):
        found = tuple(offset for offset in _teredo(data, at, end) if _has_teredo_end(data, offset))
        if found or first:
            return found
    if first == 8 and data.startswith(b"\x08\0\0\0", at) and not data[at + 7]:
        return ethernet(data, at + 8)
    if first >> 4 == 3 and data[at + 1] == 0xFF and u16(data, at + 2) == end - at - 8:
        return _gtp(data, at, end)
    if first < 0x40 and not data[at + 1] & 0x3F and not data[at + 7] and u16(data, at + 2) in _GENEVE_KINDS:
        return _geneve(data, at, end)
    return ()


_GENEVE_KINDS = frozenset({0x6558, 0x0800, 0x86DD})


def _has_teredo_end(data: bytes, at: int) -> bool:
    return b"\x20\1\0\0" in (data[at + 8 : at + 12], data[at + 24 : at + 28])


def _fits(data: bytes, at: int, end: int) -> bool:
    """Return whether an IP header at the offset states a length within the data."""
    if not _plausible(data, at, end):
        return False
    if data[at] >> 4 == 4:
        return u16(data, at + 2) <= end - at
    return u16(data, at + 4) + 40 <= end - at


def _plausible(data: bytes, at: int, end: int) -> bool:
    if end - at < 20:
        return False
    if data[at] >> 4 == 4:
        return data[at] & 15 >= 5 and u16(data, at + 2) >= 20
    return data[at] >> 4 == 6 and end - at >= 40


def _vxlan(data: bytes, at: int, end: int) -> Offsets:
    if end - at < 8 or not data[at] & 0x08:
        return ()
    if data[at] & 0x04:  # the generic extension states the payload type
        kind = {1: 0x0800, 2: 0x86DD, 3: 0x6558, 4: 0x894F}.get(data[at + 3], -1)
        return ethertype(kind, data, at + 8)
    return ethernet(data, at + 8)


def _geneve(data: bytes, at: int, end: int) -> Offsets:
    if end - at < 8 or data[at] >> 6:
        return ()
    return ethertype(u16(data, at + 2), data, at + 8 + (data[at] & 0x3F) * 4)


def _gtp(data: bytes, at: int, end: int) -> Offsets:
    """Return the IP offset in GTP version 1 user data (message type 255)."""
    if end - at < 8 or data[at] >> 4 != 3 or data[at + 1] != 0xFF:
        return ()
    extensions = data[at] & 4
    size = at + 8 + (4 if data[at] & 7 else 0)
    following = data[at + 11] if extensions and end - at >= 12 else 0
    for _ in range(_MOST_OPTIONS):
        if not following or size >= end or not data[size]:
            break
        size += data[size] * 4
        following = data[size - 1] if size <= end else 0
    return (size,)


def _teredo(data: bytes, at: int, end: int) -> Offsets:
    if data[at : at + 2] == b"\0\1" and end - at >= 4:  # authentication
        at += 13 + data[at + 2] + data[at + 3]
    if data[at : at + 2] == b"\0\0":  # origin
        at += 8
    return (at,) if at < end and data[at] >> 4 == 6 else ()


def _ayiya(data: bytes, at: int, end: int) -> Offsets:
    if end - at < 8:
        return ()
    identity, signature = 1 << (data[at] >> 4), (data[at + 1] >> 4) * 4
    if data[at + 2] & 0x0F not in (1, 2) or data[at + 3] not in (4, 41):  # forward (and echo)
        return ()
    return (at + 8 + identity + signature,)


def _l2tp(data: bytes, at: int, end: int) -> Offsets:
    flags = u16(data, at)
    if flags < 0 or flags & 0x800F != 2:
        return ()  # control, or another version
    size = 6 + (2 if flags & 0x4000 else 0) + (4 if flags & 0x0800 else 0)
    if flags & 0x0200:
        padding = u16(data, at + size)
        size += 2 + max(padding, 0)
    return ppp(data, at + size)


def _tzsp(data: bytes, at: int, end: int) -> Offsets:
    if end - at < 5 or data[at] != 1 or data[at + 1] not in (0, 1):
        return ()
    kind, at = u16(data, at + 2), at + 4
    for _ in range(_MOST_OPTIONS):
        if at >= end or data[at] == 1:
            break
        at += 1 if data[at] == 0 else 2 + (data[at + 1] if at + 1 < end else 0)
    if kind == 1:
        return ethernet(data, at + 1)
    return wireless(data, at + 1) if kind == 18 else ()


def _lisp(data: bytes, at: int, end: int) -> Offsets:
    return (at + 8,) if end - at > 8 else ()


def _capwap(data: bytes, at: int, end: int) -> Offsets:
    """Return IP offsets in unencrypted CAPWAP: Ethernet, or wireless frames, sometimes with swapped bytes."""
    if end - at < 8 or data[at] or (data[at + 3] & 0x80 and u16(data, at + 6) >> 3):
        return ()  # encrypted; a fragment after the first
    start = at + (data[at + 1] >> 3) * 4
    if not data[at + 2] & 1:
        return ethernet(data, start)
    swapped = data[:start] + data[start + 1 : start + 2] + data[start : start + 1] + data[start + 2 :]
    return wireless(data, start) or wireless(swapped, start)


def _mpls(data: bytes, at: int, end: int) -> Offsets:
    return mpls(data, at)


def _gre_in_udp(data: bytes, at: int, end: int) -> Offsets:
    return _gre(data, at, end)


_UDP_TUNNELS = {
    4789: _vxlan,
    4790: _vxlan,
    8472: _vxlan,
    6081: _geneve,
    2152: _gtp,
    2123: _gtp,
    3544: _teredo,
    5072: _ayiya,
    1701: _l2tp,
    37008: _tzsp,
    6635: _mpls,
    4754: _gre_in_udp,
    4341: _lisp,
    5247: _capwap,
}
