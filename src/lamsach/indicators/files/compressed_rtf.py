"""The text of Outlook messages as they store it when it was written in rich text: compressed RTF ([MS-OXRTFCP])."""

from __future__ import annotations

import struct

from lamsach.documents.archive import MIB

_PREFILLED = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArial"
    b"Times New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What the dictionary holds at the start (section 2.1.3.2)."""
_WINDOW = 4096
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
MAX_BYTES = 64 * MIB


def decompressed(data: bytes) -> bytes:
    """The RTF; what is damaged ends where the damage begins, and no more than MAX_BYTES are unpacked. Empty for anything else."""
    if len(data) < 16:
        return b""
    size, kind = struct.unpack_from("<4xII", data)
    if kind == _PLAIN:
        return data[16 : 16 + min(size, MAX_BYTES)]
    return _unpacked(data, min(size, MAX_BYTES)) if kind == _COMPRESSED else b""


def _unpacked(data: bytes, limit: int) -> bytes:
    window = bytearray(_PREFILLED.ljust(_WINDOW, b"\0"))
    write = len(_PREFILLED)
    out = bytearray()
    place = 16
    while place < len(data) and len(out) < limit:
        control = data[place]
        place += 1
        for bit in range(8):
            if place >= len(data) or len(out) >= limit:
                break
            if not control >> bit & 1:
                piece = data[place : place + 1]
                place += 1
            else:
                if place + 1 >= len(data):
                    return bytes(out)
                reference = data[place] << 8 | data[place + 1]
                place += 2
                start, length = reference >> 4, (reference & 15) + 2
                if start == write:
                    return bytes(out)
                # A run may reach into what it writes itself, so it is taken byte by byte.
                for step in range(length):
                    byte = window[(start + step) % _WINDOW]
                    out.append(byte)
                    window[write] = byte
                    write = (write + 1) % _WINDOW
                continue
            out += piece
            window[write] = piece[0]
            write = (write + 1) % _WINDOW
    return bytes(out[:limit])
