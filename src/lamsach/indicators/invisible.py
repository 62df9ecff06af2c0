"""Characters of no width, which programs put between the characters of a long word so that a line may break there."""

from __future__ import annotations

import re

_NO_WIDTH = re.compile("[\u200b-\u200f\u2060-\u2064\ufeff]")


def visible(text: str) -> str:
    """A text without such characters."""
    return text if text.isascii() else _NO_WIDTH.sub("", text)
