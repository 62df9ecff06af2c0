"""Campaign in a bundle: lists, address and word for reports, with the publisher's Ed25519 signature.

The folder `campaign` holds `manifest.json`, the raw signature `manifest.sig`, the publisher's public key in
`key` (64 hexadecimal digits) and the lists that the manifest names by their SHA-256. A bundle built for one
key (`packaging/release.py --trust` or `--list`) accepts no other, regardless of `key`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamsach.errors import InputError
from lamsach.i18n import mark

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FOLDER = "campaign"
PREFIX = b"lamsach campaign in a scanner 1\n"
"""Prefix of the signed manifest, so that the signature is valid for nothing else."""
_FILES = ("manifest.json", "manifest.sig", "key")
_MAX_BYTES = 1_000_000
_WORD = re.compile(r"[A-Za-z0-9_-]{0,200}")
_WHAT = mark("The list in this bundle was changed after it was signed; it is not used.")
_REMEDY = mark("Fetch the bundle again from where it was published.")


@dataclass(frozen=True, slots=True)
class Terms:
    """Signed terms, in addition to the lists.

    `portal`: `.../api/campaigns/NUMBER`, or empty; `word`: a machine's credential there; `unit` and
    `campaign` by name. `made` and `expires` are ISO 8601 times with their zone, or empty: after `expires`
    there is a newer list.
    """

    portal: str = ""
    word: str = ""
    unit: str = ""
    campaign: str = ""
    made: str = ""
    expires: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """Content of a bundle: the paths of its lists, the terms, and the fingerprint of the signing key."""

    lists: tuple[str, ...]
    terms: Terms = Terms()
    signer: str = ""

    def is_old(self, now: datetime) -> bool:
        """Return whether the list has expired."""
        return bool(self.terms.expires) and now > datetime.fromisoformat(self.terms.expires)


def signed(lists: Mapping[str, str], key: Ed25519PrivateKey, terms: Terms) -> dict[str, bytes]:
    """Return the folder's own files, by name, for lists of name and SHA-256; deterministic."""
    statement = {"lists": dict(lists), **{name: value for name, value in asdict(terms).items() if value}}
    manifest = json.dumps(statement, ensure_ascii=False, sort_keys=True).encode() + b"\n"
    public = key.public_key().public_bytes_raw().hex()
    return dict(zip(_FILES, (manifest, key.sign(PREFIX + manifest), public.encode()), strict=True))


def read_campaign(folder: Path, public_key: str = "") -> Carried:
    """Read and verify a campaign folder.

    `public_key`: the only accepted key, as 64 hexadecimal digits; empty for the key named in the folder.
    Raises InputError when the signature, a digest or the set of files does not match.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        manifest, signature, named = (_small(folder / name) for name in _FILES)
        raw = bytes.fromhex(public_key or named.decode("ascii").strip())
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, PREFIX + manifest)
        document = json.loads(manifest)
        lists = _lists(folder, dict(document["lists"]))
        terms = _terms(document)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, InvalidSignature):
        raise InputError(_WHAT, str(folder), _REMEDY) from None
    fingerprint = "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")
    return Carried(lists, terms, fingerprint)


def _small(path: Path) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise ValueError
    return data


def _lists(folder: Path, stated: dict[str, Any]) -> tuple[str, ...]:
    """Return the lists' paths if exactly these are present, each as signed.

    Names come from the folder, so none leads out of it.
    """
    present = {path.name for path in folder.iterdir()} - set(_FILES)
    if present != set(stated):
        raise ValueError
    for name, digest in stated.items():
        with (folder / name).open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if not hmac.compare_digest(found, str(digest)):
            raise ValueError
    return tuple(str(folder / name) for name in sorted(stated))


def _terms(document: Mapping[str, Any]) -> Terms:
    values = {field.name: str(document.get(field.name, "")) for field in fields(Terms)}
    if not _WORD.fullmatch(values["word"]):
        raise ValueError
    if values["expires"] and datetime.fromisoformat(values["expires"]).tzinfo is None:
        raise ValueError
    return Terms(**{**values, "portal": values["portal"].rstrip("/")})
