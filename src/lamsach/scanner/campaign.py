"""The campaign's lists that a bundle carries: taken only with the campaign's own signature (Ed25519, RFC 8032)."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path

from lamsach.errors import InputError
from lamsach.i18n import mark

_WHAT = mark("The list in this bundle was changed after it was signed; it is not used.")
_TODO = mark("Fetch the bundle again from where it was published.")


@dataclass(frozen=True, slots=True)
class Carried:
    """What a bundle carries of a campaign: the paths of its lists, and where the unit's machines report (`.../api/campaigns/NUMBER`, or empty)."""

    lists: tuple[str, ...]
    portal: str = ""


def read_campaign(folder: Path, public_key: str) -> Carried:
    """What the folder holds. `public_key` is the raw key as 64 hexadecimal digits.

    Raises InputError when the signature, a digest or the set of files is not what was signed.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        manifest = (folder / "manifest.json").read_bytes()
        signature = (folder / "manifest.sig").read_bytes()
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(signature, manifest)
        document = json.loads(manifest)
        stated = dict(document["lists"])
        present = {path.name for path in folder.iterdir()} - {"manifest.json", "manifest.sig"}
        if present != set(stated):
            raise ValueError
        for name, digest in stated.items():
            found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            if not hmac.compare_digest(found, str(digest)):
                raise ValueError
    except (OSError, ValueError, KeyError, TypeError, InvalidSignature):
        raise InputError(_WHAT, str(folder), _TODO) from None
    lists = tuple(str(folder / name) for name in sorted(stated))
    return Carried(lists, str(document.get("portal", "")).rstrip("/"))
