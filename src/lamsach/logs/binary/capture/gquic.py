"""The client hello of Google's own QUIC (versions Q001 to Q050), from before the RFC.

Sources: Google, "QUIC Wire Layout Specification" and "QUIC Crypto"; Chromium `net/third_party/quiche`. Up to Q046 the first packets are not encrypted,
only hashed; those of Q050 are protected like QUIC's Initial packets. The hello is a message `CHLO` of tags, each with the end of its value.
"""

from __future__ import annotations

from lamsach.logs.binary.capture import quic
from lamsach.logs.binary.capture.tls import Need

_LEAST = 60
_ROOM = 100
"""How far into a packet the hello begins: behind the header, a hash and the frame's own numbers."""
_MOST_TAGS = 128
_LONGEST_NAME = 255
_PROTECTED = b"Q050"


def looks_like_gquic(data: bytes, at: int, end: int) -> bool:
    """Return whether a UDP payload begins as a client's packet that states one of these versions does."""
    if end - at < _LEAST:
        return False
    if data[at] & 0x80:
        return data[at + 1 : at + 3] == b"Q0"
    return data[at] & 0x09 == 0x09 and data[at + 9 : at + 11] == b"Q0"


def server_name(datagram: bytes) -> str | Need | None:
    """The server that a datagram's hello names; None when it names none, Need.MORE when the datagram holds no hello."""
    payload = quic.initial_payload(datagram) if datagram[1:5] == _PROTECTED else datagram
    start = payload.find(b"CHLO", 0, _ROOM) if payload else -1
    if payload is None or start < 0 or start + 8 > len(payload):
        return Need.MORE
    count = int.from_bytes(payload[start + 4 : start + 6], "little")
    values = start + 8 + 8 * count
    if count > _MOST_TAGS or values > len(payload):
        return Need.MORE
    begin = 0
    for place in range(start + 8, values, 8):
        end = int.from_bytes(payload[place + 4 : place + 8], "little")
        if payload[place : place + 4] == b"SNI\0":
            name = payload[values + begin : values + end]
            whole = begin < end <= begin + _LONGEST_NAME and len(name) == end - begin
            return name.decode("latin-1") if whole else None
        begin = end
    return None
