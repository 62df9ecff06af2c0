"""Which files are parts of one log that was rotated: a connection may begin in one of them and end in the next."""

from __future__ import annotations

import re
from functools import lru_cache

# asa.log.1   asa.log.2.gz   asa.log-20260610   asa-2026-06-10_23.log.xz   2026/06/10/asa.log   messages-1780797601
_COMPRESSED = re.compile(r"\.(?:gz|bz2|xz|zst|zstd|lz4|Z)(?=$|!)", re.ASCII)
_DAY = re.compile(
    r"(?<!\d)20\d\d([-_./]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?:[-_T./]?(?:[01]\d|2[0-3])(?:[-_.:]?[0-5]\d){0,2})?(?!\d)",
    re.ASCII,
)
_NUMBER = re.compile(r"(?<=[A-Za-z])(?:\.\d{1,4}|[-_.]1\d{9})$", re.ASCII)
_LEFT = re.compile(r"[-_.*]+(?=\.|$|!)", re.ASCII)


@lru_cache(maxsize=4096)
def one_log(file: str) -> str:
    """The name of the log that a file is a part of: without its day, its number among the old ones, and its compression."""
    name = _DAY.sub("*", _COMPRESSED.sub("", file))
    return _LEFT.sub("", _NUMBER.sub("", name))
