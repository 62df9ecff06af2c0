"""Streaming of age files with a passphrase (scrypt): the library needs a whole file in memory.

https://c2sp.org/age: sections "The scrypt recipient type", "Header MAC" and "Payload".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import struct
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHUNK_BYTES = 64 * 1024
WORK_FACTOR = 18
"""Base-2 logarithm of scrypt's cost: 256 MiB of memory, like the `age` program."""
MOST_WORK = 20
"""Maximum work factor (1 GiB); files above are refused."""
_TAG = 16
_MAGIC = b"age-encryption.org/v1\n"
_SALT = b"age-encryption.org/v1/scrypt"
# -> scrypt AfLA6LoRaGMQ2kyTao8U2A 17
_STANZA = re.compile(rb"-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n")
_END = b"---"


class WrongPassphraseError(Exception):
    """Passphrase that does not open the file."""


class DamagedError(Exception):
    """File of another kind, changed, or cut short."""


def encrypt(source: BinaryIO, target: BinaryIO, passphrase: str, work_factor: int | None = None) -> None:
    """Copy a stream into another, sealed with the passphrase."""
    factor, salt, file_key = work_factor or WORK_FACTOR, os.urandom(16), os.urandom(16)
    wrapped = ChaCha20Poly1305(_stretch(passphrase, salt, factor)).encrypt(bytes(12), file_key, None)
    stanza = b"-> scrypt %s %d\n%s\n" % (_text(salt), factor, _text(wrapped))
    head, nonce = _MAGIC + stanza + _END, os.urandom(16)
    target.write(head + b" " + _text(_mac(file_key, head)) + b"\n" + nonce)
    cipher, counter = ChaCha20Poly1305(_derive(file_key, nonce, b"payload")), 0
    chunk = source.read(CHUNK_BYTES)
    while True:
        following = source.read(CHUNK_BYTES) if len(chunk) == CHUNK_BYTES else b""
        target.write(cipher.encrypt(_nonce(counter, last=not following), chunk, None))
        if not following:
            return
        chunk, counter = following, counter + 1


def decrypt(source: BinaryIO, target: BinaryIO, passphrase: str) -> None:
    """Copy the plain content of a sealed stream into another.

    Raises WrongPassphraseError, or DamagedError, possibly after a part was written: discard the target then.
    """
    file_key = _open_header(source, passphrase)
    nonce = source.read(16)
    if len(nonce) != 16:
        raise DamagedError
    cipher, counter = ChaCha20Poly1305(_derive(file_key, nonce, b"payload")), 0
    chunk = source.read(CHUNK_BYTES + _TAG)
    try:
        while True:
            following = source.read(CHUNK_BYTES + _TAG) if len(chunk) == CHUNK_BYTES + _TAG else b""
            plain = cipher.decrypt(_nonce(counter, last=not following), chunk, None)
            if counter and not plain:
                raise DamagedError
            target.write(plain)
            if not following:
                return
            chunk, counter = following, counter + 1
    except InvalidTag:
        raise DamagedError from None


def _open_header(source: BinaryIO, passphrase: str) -> bytes:
    mark, stanza, wrapped, end = (source.readline(100) for _ in range(4))
    match = _STANZA.fullmatch(stanza)
    if mark != _MAGIC or match is None or not end.startswith(_END + b" ") or int(match[2]) > MOST_WORK:
        raise DamagedError
    try:
        key = _stretch(passphrase, _bytes(match[1]), int(match[2]))
        file_key = ChaCha20Poly1305(key).decrypt(bytes(12), _bytes(wrapped.rstrip(b"\n")), None)
        stated = _bytes(end[len(_END) + 1 :].rstrip(b"\n"))
    except InvalidTag:
        raise WrongPassphraseError from None
    except binascii.Error:
        raise DamagedError from None
    if not hmac.compare_digest(_mac(file_key, mark + stanza + wrapped + _END), stated):
        raise DamagedError
    return file_key


def _stretch(passphrase: str, salt: bytes, factor: int) -> bytes:
    cost = 1 << factor
    return hashlib.scrypt(
        passphrase.encode(), salt=_SALT + salt, n=cost, r=8, p=1, maxmem=cost * 1024 + (1 << 20), dklen=32
    )


def _derive(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(key)


def _mac(file_key: bytes, head: bytes) -> bytes:
    return hmac.digest(_derive(file_key, b"", b"header"), head, "sha256")


def _nonce(counter: int, *, last: bool) -> bytes:
    return struct.pack(">3xQB", counter, last)


def _text(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _bytes(text: bytes) -> bytes:
    found = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    if _text(found) != text:
        raise binascii.Error("not canonical")
    return found
