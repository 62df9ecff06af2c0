"""The campaign's lists that a bundle carries: taken only with the campaign's own signature (Ed25519, RFC 8032)."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

from lamsach.errors import InputError
from lamsach.i18n import mark

_WHAT = mark("The list in this bundle was changed after it was signed; it is not used.")
_TODO = mark("Fetch the bundle again from where it was published.")


def campaign_lists(folder: Path, public_key: str) -> list[str]:
    """The paths of the lists in the folder. `public_key` is the raw key as 64 hexadecimal digits.

    Raises InputError when the signature, a digest or the set of files is not what was signed.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        manifest = (folder / "manifest.json").read_bytes()
        signature = (folder / "manifest.sig").read_bytes()
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(signature, manifest)
        stated = dict(json.loads(manifest)["lists"])
        present = {path.name for path in folder.iterdir()} - {"manifest.json", "manifest.sig"}
        if present != set(stated):
            raise ValueError
        for name, digest in stated.items():
            found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            if not hmac.compare_digest(found, str(digest)):
                raise ValueError
    except (OSError, ValueError, KeyError, TypeError, InvalidSignature):
        raise InputError(_WHAT, str(folder), _TODO) from None
    return [str(folder / name) for name in sorted(stated)]
