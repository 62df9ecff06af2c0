"""A layout: a document, its values, and digests to fill it with."""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class Layout(NamedTuple):
    name: str
    data: bytes
    values: frozenset[str]
    may: frozenset[str]
    """Values that may be accepted or not."""


def layout(name: str, data: str | bytes | dict[str, Any] | list[Any], values: str, may: str = "") -> Layout:
    """Return a layout; records are written as JSON, values are separated by blanks."""
    text = json.dumps(data) if isinstance(data, dict | list) else data
    encoded = text.encode() if isinstance(text, str) else text
    return Layout(name, encoded, frozenset(values.split()), frozenset(may.split()))


def sha256(digit: str) -> str:
    return digit * 62 + "01"


def sha1(digit: str) -> str:
    return digit * 38 + "01"


def md5(digit: str) -> str:
    return digit * 30 + "01"
