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
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    locked: form.KeySerializationEncryption = (
        form.BestAvailableEncryption(password.encode()) if password else form.NoEncryption()
    )
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, locked)
    public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    public_path = path.with_name(path.name + ".pub")
    _write_new(path, private, 0o600)
    _write_new(public_path, public, 0o644)
    return public_path


def _write_new(path: Path, data: bytes, mode: int) -> None:
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
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_read(path), password.encode() if password else None)
    except TypeError:
        raise InputError(
            "The private key and the password do not go together.",
            str(path),
            "Give the password of this key in LAMSACH_KEY_PASSWORD.",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(
            "This is no private key, or its password is another.", str(path), "Give an Ed25519 key in PEM."
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError("The key is not of the kind Ed25519.", str(path), "Make one with --new-key.")
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key of a PEM file. Raises UnreadableError, InputError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    data = _read(path)
    if b"PRIVATE KEY" in data:
        raise InputError(
            "This is a private key, which only the signer may have.", str(path), "Give the public key (.pub)."
        )
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise InputError("This is no public key.", str(path), "Give an Ed25519 key in PEM.") from None
    if not isinstance(key, Ed25519PublicKey):
        raise InputError("The key is not of the kind Ed25519.", str(path), "Make one with --new-key.")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """What people compare by telephone: `SHA256:` and the base64 of the digest of the key's 32 bytes."""
    from cryptography.hazmat.primitives import serialization as form

    raw = key.public_bytes(form.Encoding.Raw, form.PublicFormat.Raw)
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_KEY_BYTES)
    except OSError as error:
        raise UnreadableError("The key cannot be read.", f"{path} ({error.strerror})") from None
