"""File names of foreign origin, made valid for every system."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

_FORBIDDEN = re.compile(
    r'[<>:"|?*\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]'
)
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³])(?:\s*\..*)?$")
_LONGEST_BYTES = 200


def safe_name(name: str) -> str:
    """Return the last part of a name without forbidden, reserved or hidden parts; `_` when empty."""
    plain = _FORBIDDEN.sub("_", re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]).strip(" .")
    plain = _shortened(plain) or "_"
    return f"_{plain}" if _RESERVED.match(plain) else plain


def distinct(names: list[str]) -> list[str]:
    """Return safe names in the same order, numbered where names differ only in case."""
    used: set[str] = set()
    result = []
    for name in map(safe_name, names):
        path, number, chosen = PurePosixPath(name), 1, name
        while chosen.casefold() in used:
            number += 1
            chosen = f"{path.stem} ({number}){path.suffix}"
        used.add(chosen.casefold())
        result.append(chosen)
    return result


def _shortened(name: str) -> str:
    """Shorten the name to `_LONGEST_BYTES` of UTF-8, preserving its suffix."""
    if len(name.encode()) <= _LONGEST_BYTES:
        return name
    path = PurePosixPath(name)
    suffix = path.suffix if len(path.suffix.encode()) <= 20 else ""
    stem = path.stem if suffix else name
    room = _LONGEST_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + suffix
