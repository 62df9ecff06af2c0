"""The campaign that a bundle carries from the start, and the key whose lists it takes."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from typing import TYPE_CHECKING

from lamsach.indicators.releases.seal import private_key, public_key
from lamsach.scanner.campaign import FOLDER, Terms, signed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ENTRY = "app/lamsach_scanner.py"


def with_campaign(wanted: argparse.Namespace, files: dict[str, bytes]) -> dict[str, bytes]:
    """The program's files with the campaign's lists, signed, and with the key that it takes lists from: the
    signing one, the trusted one, or any (none is put in).
    """
    key = ""
    if wanted.list:
        key = signing_key(wanted).public_key().public_bytes_raw().hex()
    elif wanted.trust is not None:
        key = public_key(wanted.trust).public_bytes_raw().hex()
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


def signing_key(wanted: argparse.Namespace) -> Ed25519PrivateKey:
    """The private key, its password from LAMSACH_KEY_PASSWORD.

    Ends the program without one: a list without a signature is not carried.
    """
    if wanted.signing_key is None:
        sys.exit("--list needs --signing-key. Make one: openssl genpkey -algorithm ed25519 -out key.pem")
    return private_key(wanted.signing_key, os.environ.get("LAMSACH_KEY_PASSWORD"))
