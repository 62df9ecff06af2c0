"""Where the value of an event's field comes from, when its format was asked with stand-ins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.lists import items_told
from lamsach.logs.bulk.shades import MARK

NOTHING = ("is", None)
Source = tuple[Any, ...]
"""Where a field comes from: ("is", value); ("of", parts), each a text as it is or a key and what is made of its column; ("list", sources of its items); or
("items", keys of lists, whether each value is told once)."""


def source_of(value: Any, stand_ins: Mapping[Any, Source]) -> Source:
    """Return where a field's value comes from. Raises Unusual when a stand-in is in it and nothing is known of how."""
    if not isinstance(value, tuple):
        source = _found(value, stand_ins)
        if source[0] == "item":
            raise Unusual
        return source
    if not value:
        return NOTHING
    parts = tuple(_found(one, stand_ins) for one in value)
    if any(part[0] == "item" for part in parts):
        return items_told(parts)
    return ("is", value) if all(part[0] == "is" for part in parts) else ("list", parts)


def _found(value: Any, stand_ins: Mapping[Any, Source]) -> Source:
    if not value and value != 0:
        return NOTHING
    if value in stand_ins:
        return stand_ins[value]
    if not isinstance(value, str):
        return ("is", value)
    texts = sorted((text for text in stand_ins if isinstance(text, str)), key=len, reverse=True)
    pieces = re.split(f"({'|'.join(map(re.escape, texts))})", value)
    if len(pieces) == 1 and MARK not in value:
        return ("is", str(value))
    told = [stand_ins[piece] if at % 2 else piece for at, piece in enumerate(pieces) if piece]
    if any(MARK in one if isinstance(one, str) else one[0] == "item" for one in told):
        raise Unusual
    return ("of", tuple(one if isinstance(one, str) else one[1][0] for one in told))
