"""Signed marks of letters, so that an answer or a bounce finds its letter and nobody can make one up.

A mark is `l12-abcdefghijklmnop`: the letter's number and 80 bits of HMAC-SHA-256 in base32. It fits the local part of an address (RFC 5321 4.5.3.1.1)
and survives servers that change its case.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_MARK = re.compile(r"l(\d{1,18})-([a-z2-7]{16})")


def mark_of(letter_id: int) -> str:
    """The mark of a letter."""
    digest = salted_hmac("lamsach.mail", str(letter_id), algorithm="sha256").digest()[:10]
    return f"l{letter_id}-{base64.b32encode(digest).decode().lower()}"


def letter_id(text: str) -> int | None:
    """The letter of the first valid mark in an address or Message-ID (its first 2,000 letters); None without one."""
    for found in _MARK.finditer(text[:2000].lower()):
        if constant_time_compare(mark_of(int(found[1])), found[0]):
            return int(found[1])
    return None


def reply_address(letter_id: int) -> str:
    """Return where answers to a letter and its bounces go: `LAMSACH_MAIL_REPLY` with the mark in it; empty when it is not set."""
    pattern: str = settings.MAIL_REPLY
    return pattern.replace("{tag}", mark_of(letter_id)) if "{tag}" in pattern else ""


def message_id(letter_id: int, stamp: int) -> str:
    """The Message-ID of a letter; `stamp` tells a repetition that a person asked for from the first one."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "lamsach.invalid"
    return f"<{mark_of(letter_id)}.{stamp}@{host}>"
