"""Builder of QUIC's first packets."""

from __future__ import annotations

import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from lamsach.logs.binary.capture import quic

IDENTITY = bytes.fromhex("8394c8f03e515708")
"""Connection ID of a client (RFC 9001 appendix A)."""


def initial(
    frames: bytes, number: int = 2, version: int = 1, identity: bytes = IDENTITY, key_of: bytes | None = None
) -> bytes:
    """Build a client's protected Initial packet with these frames, padded to 1,200 bytes."""
    second = version == 0x6B3343CF
    key, vector, header_key = quic._keys(quic._VERSIONS[version], key_of or identity, second)
    payload = frames.ljust(1162, b"\0")
    first = (0xD0 if second else 0xC0) | 3
    header = bytes([first]) + version.to_bytes(4, "big") + bytes([len(identity)]) + identity + b"\0\0"
    header += struct.pack(">H", 0x4000 | (4 + len(payload) + 16)) + number.to_bytes(4, "big")
    nonce = (int.from_bytes(vector, "big") ^ number).to_bytes(12, "big")
    sealed = AESGCM(key).encrypt(nonce, payload, header)
    mask = Cipher(AES(header_key), ECB()).encryptor().update(sealed[:16])
    hidden = bytes([header[0] ^ (mask[0] & 15)]) + header[1:-4]
    return hidden + bytes(a ^ b for a, b in zip(header[-4:], mask[1:5], strict=True)) + sealed
