"""Ed25519 keys (RFC 8032) in PEM files: PKCS #8 for the private one, SubjectPublicKeyInfo for the public one."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from lamsach.errors import InputError, OutputError, UnreadableError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MAX_KEY_BYTES = 64 * 1024


def new_key(path: Path, password: str | None = None) -> Path:
    """Make a key: `path` takes the private half (readable by its owner alone), `path` + `.pub` the public one, whose path is given
    back. Raises OutputError when a file is there already or cannot be written."""
    private, public = make_key(password)
    public_path = path.with_name(path.name + ".pub")
    write_new(path, private, 0o600)
    write_new(public_path, public, 0o644)
    return public_path


def make_key(password: str | None = None) -> tuple[bytes, bytes]:
    """A new key in PEM: the private half, locked with the password if there is one, and the public one."""
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
    """Write a key into a new file. Raises OutputError when one is there already."""
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
    """The private key of a PEM file. Raises UnreadableError, InputError."""
    return load_private_key(_read(path), str(path), password)


def load_private_key(data: bytes, where: str, password: str | None = None) -> Ed25519PrivateKey:
    """The private key of a PEM text; `where` names it in errors. Raises InputError."""
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
    """The public key of a PEM file. Raises UnreadableError, InputError."""
    return load_public_key(_read(path), str(path))


def load_public_key(data: bytes, where: str) -> Ed25519PublicKey:
    """The public key of a PEM text; `where` names it in errors. Raises InputError."""
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
    """Return what people compare by telephone: `SHA256:` and the base64 of the digest of the key's 32 bytes."""
    from cryptography.hazmat.primitives import serialization as form

    raw = key.public_bytes(form.Encoding.Raw, form.PublicFormat.Raw)
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_KEY_BYTES)
    except OSError as error:
        raise UnreadableError("The key cannot be read.", f"{path} ({error.strerror})") from None
