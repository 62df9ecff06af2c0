"""What every signed `.zip` of ours shares: an Ed25519 signature (RFC 8032) over a statement's bytes, and reading a member within limits.

Signed releases of lists (`release`) and the portal's exchange files (`lamsach.portal.exchange.container`) are made of it. The signature stands
in `signature.json`; what it signs begins with a prefix of its own for each kind of file, so that one kind is never taken for another.
"""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lamsach.errors import LimitError
from lamsach.indicators.releases.keys import fingerprint

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNATURE = "signature.json"
"""The member that holds the signature."""


class BrokenSeal(Exception):  # noqa: N818 - each kind of file says it in its own words
    """The signature does not fit."""


class DamagedSeal(BrokenSeal):
    """It cannot even be read."""


class ChangedContent(BrokenSeal):
    """A known key is said to have signed, but not these bytes."""


class UnknownSigner(BrokenSeal):
    """None of the given keys signed; `claimed` is the fingerprint that the file states, which nobody has proved."""

    def __init__(self, claimed: str) -> None:
        super().__init__(claimed)
        self.claimed = claimed


def seal(said: bytes, key: Ed25519PrivateKey, prefix: bytes) -> str:
    """The text of `signature.json` for a statement: the same for the same arguments (Ed25519 signatures are deterministic)."""
    record = {
        "algorithm": "Ed25519",
        "key": fingerprint(key.public_key()),
        "signature": base64.b64encode(key.sign(prefix + said)).decode(),
    }
    return json.dumps(record, indent=1, sort_keys=True) + "\n"


def signer(said: bytes, signed: bytes, keys: Iterable[Ed25519PublicKey], prefix: bytes) -> str:
    """The fingerprint of the key that signed the statement. The file's own word for it only tells what went wrong. Raises BrokenSeal."""
    from cryptography.exceptions import InvalidSignature

    signature, claimed = read_seal(signed)
    known = []
    for key in keys:
        try:
            key.verify(signature, prefix + said)
        except InvalidSignature:
            known.append(fingerprint(key))
            continue
        return fingerprint(key)
    if claimed in known:
        raise ChangedContent
    raise UnknownSigner(claimed)


def read_seal(signed: bytes) -> tuple[bytes, str]:
    """Signature and claimed fingerprint of a `signature.json`. Raises DamagedSeal."""
    try:
        record = json.loads(signed)
        signature, claimed = base64.b64decode(record["signature"], validate=True), record["key"]
        if not isinstance(claimed, str):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DamagedSeal from None
    return signature, claimed[:100]


def member(archive: zipfile.ZipFile, name: str, limit: int, too_large: LimitError) -> bytes:
    """A member of an archive that anybody may have made, of at most so many bytes. Raises `too_large`, BadZipFile, KeyError."""
    with archive.open(entry_of(archive, name, limit, too_large)) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise too_large
    return data


def entry_of(archive: zipfile.ZipFile, name: str, limit: int, too_large: LimitError) -> zipfile.ZipInfo:
    """The entry of a member that states a size within the limit and is packed in an ordinary way. Raises as `member` does."""
    entry = archive.getinfo(name)
    if entry.file_size > limit or entry.file_size > 1000 * max(entry.compress_size, 1024):
        raise too_large
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile
    return entry
