"""Names and addresses that nothing but a slash parts: `evil-a[.]site/evil-b[.]site`, where the author marked the points of each."""

from __future__ import annotations

import re

from lamsach.indicators.values.domains import ends_as_a_file
from lamsach.indicators.values.suffixes import suffixes

_POINT = r"(?:\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\))"
_NAME = rf"[a-z0-9][\w-]{{0,62}}(?:\.[\w-]{{1,63}}){{0,6}}{_POINT}[\w-]{{1,63}}(?:(?:\.|{_POINT})[\w-]{{1,63}}){{0,6}}"
_SEVERAL = re.compile(
    rf"(?<![\w/.:@=\])}}-]){_NAME}(?:[/&+]{_NAME}){{1,7}}(?![\w/?=@\[({{-]|\.\w)", re.IGNORECASE
)
_MARK = re.compile(_POINT, re.IGNORECASE)
_BETWEEN = re.compile(r"[/&+]")


def apart(text: str) -> str:
    """The text with a space for the slash between such names; a path that ends as a file does stays with its host."""
    return _SEVERAL.sub(_apart, text)


def _apart(match: re.Match[str]) -> str:
    names = _BETWEEN.split(match[0])
    lasts = [_MARK.sub(".", name).lower().rpartition(".")[2] for name in names]
    known = suffixes().top_levels
    whole = all(last.isdigit() or last in known for last in lasts)
    return " ".join(names) if whole and not any(map(ends_as_a_file, lasts[1:])) else match[0]
