"""Signed words for links in e-mails: nobody can make one, and what it is for is signed with it."""

from __future__ import annotations

import secrets

from django.core.signing import BadSignature, Signer


def nonce() -> str:
    """A fresh unguessable word; keep it in the row that the link leads to."""
    return secrets.token_urlsafe(24)


def sign(purpose: str, word: str) -> str:
    """The word with its signature for this purpose, safe in an address."""
    return Signer(salt=f"lamsach.{purpose}").sign(word).replace(":", "~")


def read(purpose: str, token: str) -> str | None:
    """The word, or None when the signature is not ours or for another purpose."""
    try:
        return Signer(salt=f"lamsach.{purpose}").unsign(token.replace("~", ":"))
    except BadSignature:
        return None
