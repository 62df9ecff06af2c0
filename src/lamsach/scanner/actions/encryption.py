"""Encryption of the quarantine: AES-256-GCM in pieces, none of which can be omitted.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizar 2015): nonce = random prefix, counter,
last-piece flag. The key is random, generated once per machine, so that no antivirus product and no double
click can start quarantined content.
"""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from lamsach.errors import UnreadableError

PIECE_BYTES = 1 << 20
_MAGIC = b"LAMSQ1\0\0"
_TAG_BYTES = 16
KEY_BYTES = 32


def host_key(folder: Path) -> bytes:
    """Return the key of this machine's quarantine, generating it if missing.

    Raises UnreadableError for a damaged one.
    """
    file = folder / "key"
    try:
        key = file.read_bytes()
    except FileNotFoundError:
        return _new_key(file)
    if len(key) != KEY_BYTES:
        raise UnreadableError("The key of the quarantine is damaged.", str(file), "Restore it from a backup.")
    return key


def _new_key(file: Path) -> bytes:
    key = secrets.token_bytes(KEY_BYTES)
    temporary = file.with_name(f".key-{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        os.write(descriptor, key)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(file)
    return key


def seal(key: bytes, pieces: Iterable[bytes], stream: BinaryIO, label: bytes) -> None:
    """Encrypt pieces of any size into a stream.

    `label` ties the content to its item: it must be the same for `unseal`.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher, prefix = AESGCM(key), secrets.token_bytes(7)
    stream.write(_MAGIC + prefix)
    for number, (piece, last) in enumerate(_even(pieces)):
        stream.write(cipher.encrypt(_nonce(prefix, number, last), piece, label))


def unseal(key: bytes, stream: BinaryIO, label: bytes, where: str) -> Iterator[bytes]:
    """Decrypt into pieces. Raises UnreadableError when changed, truncated or of another item."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    damaged = UnreadableError(
        "The quarantined content is damaged.", where, "It cannot be restored from here."
    )
    head = stream.read(len(_MAGIC) + 7)
    if len(head) != len(_MAGIC) + 7 or not head.startswith(_MAGIC):
        raise damaged
    cipher, prefix, number = AESGCM(key), head[len(_MAGIC) :], 0
    piece = stream.read(PIECE_BYTES + _TAG_BYTES)
    while True:
        following = stream.read(PIECE_BYTES + _TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(prefix, number, not following), piece, label)
        except (InvalidTag, ValueError):
            raise damaged from None
        if not following:
            return
        piece, number = following, number + 1


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + struct.pack(">I", number) + (b"\1" if last else b"\0")


def _even(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Split into pieces of PIECE_BYTES, the last one flagged; empty content is one empty piece."""
    pending = b""
    for piece in pieces:
        pending += piece
        while len(pending) > PIECE_BYTES:
            yield pending[:PIECE_BYTES], False
            pending = pending[PIECE_BYTES:]
    yield pending, True
