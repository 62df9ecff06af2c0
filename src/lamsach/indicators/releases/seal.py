"""Signing of our `.zip` files with Ed25519 (RFC 8032), and bounded reading of their members.

Used by signed releases of lists (`release`) and the portal's exchange files
(`lamsach.portal.exchange.container`). The signature is in `signature.json`; the signed bytes begin with a
prefix of their kind of file, so that one kind never passes for another.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import InputError, LimitError, OutputError, UnreadableError
from lamsach.indicators.files.source import RELEASE_MEMBERS
from lamsach.model import ListVersion

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MAX_KEY_BYTES = 64 * 1024


def new_key(path: Path, password: str | None = None) -> Path:
    """Write a new key pair: private in `path` (readable by its owner alone), public in `path` + `.pub`.

    Returns the path of the public half. Raises OutputError when a file exists or cannot be written.
    """
    private, public = make_key(password)
    public_path = path.with_name(path.name + ".pub")
    write_new(path, private, 0o600)
    write_new(public_path, public, 0o644)
    return public_path


def make_key(password: str | None = None) -> tuple[bytes, bytes]:
    """Return a new key pair in PEM: the private half, encrypted with any password, and the public one."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    locked: form.KeySerializationEncryption = (
        form.BestAvailableEncryption(password.encode()) if password else form.NoEncryption()
    )
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, locked)
    public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    return private, public


def write_new(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a key into a new file. Raises OutputError when it exists."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
    except FileExistsError:
        raise OutputError(
            "The key was not written: a file is there already.", str(path), "Choose another name."
        ) from None
    except OSError as error:
        raise OutputError("The key could not be written.", f"{path} ({error.strerror})") from None


def private_key(path: Path, password: str | None = None) -> Ed25519PrivateKey:
    """Read the private key of a PEM file. Raises UnreadableError, InputError."""
    return load_private_key(_read(path), str(path), password)


def load_private_key(data: bytes, where: str, password: str | None = None) -> Ed25519PrivateKey:
    """Parse the private key of a PEM text; `where` names it in errors. Raises InputError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(data, password.encode() if password else None)
    except TypeError:
        raise InputError(
            "The private key and the password do not go together.",
            where,
            "Give the password of this key in LAMSACH_KEY_PASSWORD.",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(
            "This is no private key, or its password is another.", where, "Give an Ed25519 key in PEM."
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError("The key is not of the kind Ed25519.", where, "Make one with --new-key.")
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """Read the public key of a PEM file. Raises UnreadableError, InputError."""
    return load_public_key(_read(path), str(path))


def load_public_key(data: bytes, where: str) -> Ed25519PublicKey:
    """Parse the public key of a PEM text; `where` names it in errors. Raises InputError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if b"PRIVATE KEY" in data:
        raise InputError(
            "This is a private key, which only the signer may have.", where, "Give the public key (.pub)."
        )
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise InputError("This is no public key.", where, "Give an Ed25519 key in PEM.") from None
    if not isinstance(key, Ed25519PublicKey):
        raise InputError("The key is not of the kind Ed25519.", where, "Make one with --new-key.")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return a key's fingerprint: `SHA256:` and base64 of the digest of its 32 bytes."""
    from cryptography.hazmat.primitives import serialization as form

    raw = key.public_bytes(form.Encoding.Raw, form.PublicFormat.Raw)
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_KEY_BYTES)
    except OSError as error:
        raise UnreadableError("The key cannot be read.", f"{path} ({error.strerror})") from None


SIGNATURE = "signature.json"
"""Name of the member with the signature."""


class BrokenSeal(Exception):  # noqa: N818 - each kind of file says it in its own words
    """Invalid signature, or one by none of the given keys."""


class DamagedSeal(BrokenSeal):
    """Unreadable signature."""


class ChangedContent(BrokenSeal):
    """Signature claimed by a known key, but not of these bytes."""


def seal(statement: bytes, key: Ed25519PrivateKey, prefix: bytes) -> str:
    """Return the text of `signature.json`: the same for the same arguments (Ed25519 is deterministic)."""
    record = {
        "algorithm": "Ed25519",
        "key": fingerprint(key.public_key()),
        "signature": base64.b64encode(key.sign(prefix + statement)).decode(),
    }
    return json.dumps(record, indent=1, sort_keys=True) + "\n"


def signer(statement: bytes, signed: bytes, keys: Iterable[Ed25519PublicKey], prefix: bytes) -> str:
    """Return the fingerprint of the signing key; the file's own claim is for errors. Raises BrokenSeal."""
    from cryptography.exceptions import InvalidSignature

    signature, claimed = read_seal(signed)
    known = []
    for key in keys:
        try:
            key.verify(signature, prefix + statement)
        except InvalidSignature:
            known.append(fingerprint(key))
            continue
        return fingerprint(key)
    if claimed in known:
        raise ChangedContent
    raise BrokenSeal


def read_seal(signed: bytes) -> tuple[bytes, str]:
    """Return signature and claimed fingerprint of a `signature.json`. Raises DamagedSeal."""
    try:
        record = json.loads(signed)
        signature, claimed = base64.b64decode(record["signature"], validate=True), record["key"]
        if not isinstance(claimed, str):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DamagedSeal from None
    return signature, claimed[:100]


def member(archive: zipfile.ZipFile, name: str, limit: int, too_large: LimitError) -> bytes:
    """Read a member of limited size, as its entry states. Raises `too_large`, BadZipFile, KeyError."""
    with archive.open(entry_of(archive, name, limit, too_large)) as stream:
        return stream.read()


def entry_of(archive: zipfile.ZipFile, name: str, limit: int, too_large: LimitError) -> zipfile.ZipInfo:
    """Find a member of limited size with an ordinary compression. Raises as `member`."""
    entry = archive.getinfo(name)
    if entry.file_size > limit or entry.file_size > 1000 * max(entry.compress_size, 1024):
        raise too_large
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile
    return entry


_MOST = 1024 * 1024
_TEXT = 200


def stated_version(document: str) -> ListVersion | None:
    """Return the unverified version that a signed release states; None for any other list."""
    try:
        path = Path(document)
        with path.open("rb") as stream:
            if stream.read(4) != b"PK\x03\x04":
                return None
        with zipfile.ZipFile(path) as archive:
            if set(archive.namelist()) != RELEASE_MEMBERS:
                return None
            with archive.open("manifest.json") as member:
                manifest = json.loads(member.read(_MOST))
        return ListVersion(
            document, str(manifest["name"])[:_TEXT], int(manifest["version"]), str(manifest["digest"])[:64]
        )
    except (*ZIP_ERRORS, TypeError):
        return None


def stated_versions(documents: Iterable[str]) -> tuple[ListVersion, ...]:
    """Return the versions of those documents that are signed releases, in order."""
    return tuple(found for document in documents if (found := stated_version(document)) is not None)
