"""Short codes for the printed sheet: somebody without e-mail types one on the public page, after the three questions, and is counted."""

from __future__ import annotations

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that looks like another or like a digit."""
LENGTH = 8
_LOOK_ALIKE = str.maketrans("OIL", "011")


def new() -> str:
    """A fresh code of 40 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown(code: str | None) -> str:
    """As it is printed: `7K2M-9QXA`."""
    return f"{code[:4]}-{code[4:]}" if code else ""


def canonical(text: str) -> str | None:
    """The code that somebody typed, whatever the case, blanks and look-alikes; None for what is none."""
    plain = re.sub(r"[\s-]", "", text).upper().translate(_LOOK_ALIKE)
    return plain if len(plain) == LENGTH and set(plain) <= set(ALPHABET) else None
