"""Syslog times whose month a machine wrote in its own language, French or Vietnamese: `févr. 03 10:00:01`, `Thg 3 04 10:00:01`.

Source: glibc's locales `fr_FR` and `vi_VN` (`abmon`, `mon`), by which `journalctl` and `strftime("%b %d %T")` write.
"""

from __future__ import annotations

import re

from lamsach.logs.text.times.timestamps import MONTHS

STARTS = frozenset("jfmasondt")
"""Letters with which such a time begins and no English one."""
_FRENCH = (
    *("janv", "f[ée]vr", "mars", "avr", "mai", "juin"),
    *("juil", "ao[ûu]t", "sept", "oct", "nov", "d[ée]c"),
)
_LONG = (
    *("janvier", "f[ée]vrier", "mars", "avril", "mai", "juin"),
    *("juillet", "ao[ûu]t", "septembre", "octobre", "novembre", "d[ée]cembre"),
)
_MONTH = re.compile(
    "(?:"
    + "|".join(rf"({long}|{short}\.?)" for long, short in zip(_LONG, _FRENCH, strict=True))
    + r"|(?:thg|th|tháng) ?(\d{1,2}))(?= {1,2}\d{1,2} \d{2}:\d{2}:\d{2}\b)",
    re.IGNORECASE,
)
_NAMES = tuple(MONTHS)


def in_english(text: str) -> str | None:
    """The text with its month in English; None when it begins with no such time."""
    match = _MONTH.match(text)
    if match is None:
        return None
    number = int(match[13]) if match[13] else match.lastindex or 0
    return _NAMES[number - 1] + text[match.end() :] if 1 <= number <= 12 else None
