"""The campaign that a bundle carries from the start, and the key whose lists it takes."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Any

from lamsach.scanner.campaign import FOLDER, Terms, signed

ENTRY = "app/lamsach_scanner.py"


def with_campaign(wanted: argparse.Namespace, files: dict[str, bytes]) -> dict[str, bytes]:
    """The program's files with the campaign's lists, signed, and with the key that it takes lists from: the signing one, the trusted one, or any (none is put in)."""
    key = ""
    if wanted.list:
        key = signing_key(wanted).public_key().public_bytes_raw().hex()
    elif wanted.trust is not None:
        key = trusted_key(wanted.trust)
    entry = files[ENTRY].replace(b"@PUBLIC_KEY@", key.encode())
    return {**files, **campaign(wanted), ENTRY: entry}


def campaign(wanted: argparse.Namespace) -> dict[str, bytes]:
    """The campaign's lists, with a signature over their digests; nothing without a list."""
    if not wanted.list:
        if wanted.portal:
            sys.exit("--portal needs --list: the address is signed together with the campaign's list.")
        return {}
    lists = {path.name: path.read_bytes() for path in wanted.list}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in lists.items()}
    own = signed(digests, signing_key(wanted), Terms(portal=wanted.portal))
    return {f"{FOLDER}/{name}": data for name, data in {**lists, **own}.items()}


def trusted_key(path: Path) -> str:
    """The key of a PEM file as 64 hexadecimal digits. Ends the program for what is none."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key = load_pem_public_key(path.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        sys.exit("The trusted key is no Ed25519 key.")
    return key.public_bytes_raw().hex()


def signing_key(wanted: argparse.Namespace) -> Any:
    """The private key. Ends the program without one: a list without a signature is not carried."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if wanted.signing_key is None:
        sys.exit("--list needs --signing-key. Make one: openssl genpkey -algorithm ed25519 -out key.pem")
    key = load_pem_private_key(wanted.signing_key.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        sys.exit("The signing key is no Ed25519 key.")
    return key
