"""How a key names the one after it, so that partners need not compare fingerprints again when a key is replaced in good order.

A link is the new public key and the old key's signature over it (Ed25519, with a prefix of its own and the unit's code). A partner believes a link whose old key it
believes; a key that it ended names nobody any more. A key that may be in foreign hands is replaced without a link.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lamsach.errors import InputError
from lamsach.indicators.releases.seal import fingerprint, load_public_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PREFIX = b"lamsach exchange key succession 1\n"
LONGEST = 10
"""At most so many links are carried: a partner that missed more keys compares again."""


def name_successor(old: Ed25519PrivateKey, code: str, public: str) -> str:
    """The old key's signature over the new public key (PEM) of the unit with this code, in base64."""
    return base64.b64encode(old.sign(_said(code, public))).decode()


def _said(code: str, public: str) -> bytes:
    return PREFIX + code.encode() + b"\n" + public.encode()


def link(public: str, signature: str) -> dict[str, str]:
    """A link as the manifest carries it."""
    return {"public": public, "signature": signature}


def successors(
    links: Sequence[Mapping[str, Any]], code: str, believed: Iterable[Ed25519PublicKey]
) -> dict[str, str]:
    """The keys that follow from believed ones: PEM by fingerprint, in their order. A link that does not fit leads nowhere."""
    from cryptography.exceptions import InvalidSignature

    keys = list(believed)
    known = {fingerprint(key) for key in keys}
    found: dict[str, str] = {}
    for one in links[:LONGEST]:
        public, signature = one.get("public"), one.get("signature")
        if not isinstance(public, str) or not isinstance(signature, str) or len(public) > 1000:
            continue
        try:
            key = load_public_key(public.encode(), code)
            raw = base64.b64decode(signature, validate=True)
        except (InputError, ValueError):
            continue
        for old in keys:
            try:
                old.verify(raw, _said(code, public))
            except InvalidSignature:
                continue
            if fingerprint(key) not in known:
                found[fingerprint(key)] = public
                known.add(fingerprint(key))
            keys.append(key)
            break
    return found
