"""IP within IEEE 802.11 frames, and the headers that radios put before them: radiotap, Prism, AVS.

Sources: IEEE 802.11; https://www.radiotap.org; https://www.tcpdump.org/linktypes.html. What is encrypted gives nothing; a frame that only says so,
because its access point or driver had taken the encryption off, is read.
"""

from __future__ import annotations

from lamsach.logs.binary.capture.links import LLC, Offsets, ethertype, u16

_MOST_AGGREGATED = 64
_SNAP = b"\xaa\xaa\x03\0\0\0"
_KEY_HEADER_BYTES = 8


def wireless(data: bytes, at: int = 0, *, padded: bool = False) -> Offsets:
    """IEEE 802.11 data frames that are not encrypted, aggregated ones too. `padded`: the header is filled up to four bytes."""
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
    """A frame behind a header of radiotap, which says how long it is, and whether the frame's own header is padded."""
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


def prism(data: bytes) -> Offsets:
    """A frame behind a header of the Prism driver (144 bytes) or of AVS, which states its length."""
    if data[:4] == b"\x80\x21\x10\x01" or data[:4] == b"\x80\x21\x10\x02":
        return wireless(data, int.from_bytes(data[4:8], "big"))
    return wireless(data, 144)
