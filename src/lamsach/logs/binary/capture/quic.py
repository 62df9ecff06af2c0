"""ClientHellos in QUIC Initial packets, whose keys are public, and in Google's earlier QUIC.

Sources: RFC 9000 section 17.2, RFC 9001 section 5, RFC 9369 (version 2), the drafts' salts.
Google QUIC (versions Q001 to Q050): "QUIC Wire Layout Specification" and "QUIC Crypto"; Chromium
`net/third_party/quiche`. Up to Q046 the first packets are not encrypted, only hashed; those of Q050 are
protected like QUIC's Initial packets. The hello is a `CHLO` message of tags, each with its value's end
offset.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

from lamsach.logs.binary.capture.tls import Need

_SALT_1 = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
_SALT_2 = bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9")
_SALT_29 = bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899")
_SALT_23 = bytes.fromhex("c3eef712c72ebb5a11a7d2432bb46365bef9f502")
_SALT_GOOGLE_50 = bytes.fromhex("504574efd066fe2f9d945cfcdbd3a7f0d3b56b45")
_VERSION_2 = 0x6B3343CF
_VERSIONS = {
    1: _SALT_1,
    _VERSION_2: _SALT_2,
    0xFF000021: _SALT_1,  # drafts 33 and 34 are version 1 but for their number
    0xFF000022: _SALT_1,
    **{0xFF000000 + draft: _SALT_29 for draft in range(29, 33)},
    **{0xFF000000 + draft: _SALT_23 for draft in range(23, 29)},
    0x51303530: _SALT_GOOGLE_50,  # Q050, with Google's own hello
    0xFACEB002: _SALT_23,  # as Facebook's own library names draft 27
}
MOST_DATAGRAMS = 10
"""Limit of datagrams per flow that are searched for its ClientHello."""
_MOST_PIECES = 64
_HEAD_BYTES = 7
_LONGEST = 1 << 16


@dataclass(slots=True)
class QuicHello:
    """Fragments of one flow's ClientHello."""

    first_id: bytes = b""
    pieces: dict[int, bytes] = field(default_factory=dict)
    seen: int = 0

    def add(self, datagram: bytes) -> bytes | None:
        """Add a client's datagram.

        Returns the contiguous handshake bytes known so far; None when the datagram had none."""
        self.seen += 1
        found = False
        at = 0
        while at + _HEAD_BYTES < len(datagram):
            packet, at = self._initial(datagram, at)
            if packet is not None:
                found = self._take(packet) or found
            elif at < 0:
                break
        return self._joined() if found else None

    def _initial(self, datagram: bytes, at: int) -> tuple[bytes | None, int]:
        """Return the decrypted payload of the packet at an offset, and the next offset (-1: none)."""
        first = datagram[at]
        version = int.from_bytes(datagram[at + 1 : at + 5], "big")
        salt = _VERSIONS.get(version)
        if first & 0xC0 != 0xC0 or salt is None:
            return None, -1
        position = at + 6
        identity = datagram[position : position + datagram[at + 5]]
        position += len(identity)
        if len(identity) > 20 or position >= len(datagram):
            return None, -1
        position += 1 + datagram[position]
        if (first >> 4 & 3) != (1 if version == _VERSION_2 else 0):
            size, position = _variable(datagram, position)
            kind = first >> 4 & 3
            known = kind in ((2, 3) if version == _VERSION_2 else (1, 2))  # 0-RTT, Handshake: skipped
            return None, position + size if known and size > 0 else -1
        token, position = _variable(datagram, position)
        size, position = _variable(datagram, max(position + token, position) if token >= 0 else len(datagram))
        if size < 20 or position + size > len(datagram):
            return None, -1
        self.first_id = self.first_id or identity
        for known_id in dict.fromkeys((self.first_id, identity)):
            payload = _decrypt(
                datagram[at : position + size], position - at, salt, known_id, version == _VERSION_2
            )
            if payload is not None:
                return payload, position + size
        return None, position + size

    def _take(self, payload: bytes) -> bool:
        """Store the CRYPTO frames of a payload; return whether it has any."""
        at, found = 0, False
        while at < len(payload):
            kind = payload[at]
            at += 1
            if kind in (0, 1):  # padding, ping
                continue
            if kind in (2, 3):
                at = _after_ack(payload, at, kind)
            elif kind == 6:
                offset, at = _variable(payload, at)
                size, at = _variable(payload, at)
                if offset < 0 or size < 0 or offset + size > _LONGEST or len(self.pieces) >= _MOST_PIECES:
                    break
                self.pieces[offset] = payload[at : at + size]
                at += size
                found = True
            else:
                break
            if at < 0:
                break
        return found

    def _joined(self) -> bytes:
        whole = bytearray()
        for offset in sorted(self.pieces):
            if offset > len(whole):
                break
            whole += self.pieces[offset][len(whole) - offset :]
        return bytes(whole)


def initial_payload(datagram: bytes) -> bytes | None:
    """Return the decrypted payload of the Initial packet that begins a client's datagram, if any."""
    return QuicHello()._initial(datagram, 0)[0] if len(datagram) > _HEAD_BYTES else None


def looks_like_quic(data: bytes, at: int, end: int) -> bool:
    """Return whether a UDP payload begins with a long header of a known version."""
    return (
        end - at >= 50
        and data[at] & 0xC0 == 0xC0
        and int.from_bytes(data[at + 1 : at + 5], "big") in _VERSIONS
    )


def _variable(data: bytes, at: int) -> tuple[int, int]:
    """Return a variable-length integer (RFC 9000 section 16) and its end; -1 beyond the end."""
    if at >= len(data):
        return -1, at
    size = 1 << (data[at] >> 6)
    if at + size > len(data):
        return -1, at
    return int.from_bytes(data[at : at + size], "big") & ((1 << (8 * size - 2)) - 1), at + size


def _after_ack(payload: bytes, at: int, kind: int) -> int:
    for _ in range(2):
        _, at = _variable(payload, at)
    ranges, at = _variable(payload, at)
    if not 0 <= ranges <= 256:
        return -1
    for _ in range(1 + 2 * ranges + (3 if kind == 3 else 0)):
        value, at = _variable(payload, at)
        if value < 0:
            return -1
    return at


def _expand(secret: bytes, label: str, size: int) -> bytes:
    """Apply HKDF-Expand-Label (RFC 8446 section 7.1), for at most one block of SHA-256."""
    name = b"tls13 " + label.encode()
    info = size.to_bytes(2, "big") + bytes([len(name)]) + name + b"\0"
    return hmac.digest(secret, info + b"\x01", "sha256")[:size]


@lru_cache(maxsize=1024)
def _keys(salt: bytes, identity: bytes, second: bool) -> tuple[bytes, bytes, bytes]:
    initial = hmac.digest(salt, identity, sha256().name)
    client = _expand(initial, "client in", 32)
    prefix = "quicv2" if second else "quic"
    return (
        _expand(client, f"{prefix} key", 16),
        _expand(client, f"{prefix} iv", 12),
        _expand(client, f"{prefix} hp", 16),
    )


def _decrypt(packet: bytes, number_at: int, salt: bytes, identity: bytes, second: bool) -> bytes | None:
    from cryptography.exceptions import InvalidTag  # loaded only when a capture holds QUIC
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import ECB

    key, vector, header_key = _keys(salt, identity, second)
    sample = packet[number_at + 4 : number_at + 20]
    if len(sample) < 16:
        return None
    mask = Cipher(AES(header_key), ECB()).encryptor().update(sample)  # noqa: S305 - as the RFC has it
    first = packet[0] ^ (mask[0] & 0x0F)
    size = (first & 3) + 1
    number = bytes(a ^ b for a, b in zip(packet[number_at : number_at + size], mask[1:], strict=False))
    header = bytes([first]) + packet[1:number_at] + number
    nonce = (int.from_bytes(vector, "big") ^ int.from_bytes(number, "big")).to_bytes(12, "big")
    try:
        return AESGCM(key).decrypt(nonce, packet[number_at + size :], header)
    except InvalidTag:
        return None


_LEAST = 60
_ROOM = 100
"""Search range of the hello in a packet, behind header, hash and frame header."""
_MOST_TAGS = 128
_LONGEST_NAME = 255
_PROTECTED = b"Q050"


def looks_like_gquic(data: bytes, at: int, end: int) -> bool:
    """Return whether a UDP payload begins as a client packet of a Google QUIC version."""
    if end - at < _LEAST:
        return False
    if data[at] & 0x80:
        return data[at + 1 : at + 3] == b"Q0"
    return data[at] & 0x09 == 0x09 and data[at + 9 : at + 11] == b"Q0"


def server_name(datagram: bytes) -> str | Need | None:
    """Return the server name in a Google QUIC hello; None without one, Need.MORE without a hello."""
    payload = initial_payload(datagram) if datagram[1:5] == _PROTECTED else datagram
    start = payload.find(b"CHLO", 0, _ROOM) if payload else -1
    if payload is None or start < 0 or start + 8 > len(payload):
        return Need.MORE
    count = int.from_bytes(payload[start + 4 : start + 6], "little")
    values = start + 8 + 8 * count
    if count > _MOST_TAGS or values > len(payload):
        return Need.MORE
    begin = 0
    for position in range(start + 8, values, 8):
        end = int.from_bytes(payload[position + 4 : position + 8], "little")
        if payload[position : position + 4] == b"SNI\0":
            name = payload[values + begin : values + end]
            whole = begin < end <= begin + _LONGEST_NAME and len(name) == end - begin
            return name.decode("latin-1") if whole else None
        begin = end
    return None
