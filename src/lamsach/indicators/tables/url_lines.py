"""URLs that hold the character by which a table's cells are parted: a list of them is no table, and a row's link is not cut."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lamsach.indicators.tables.fields import read_date
from lamsach.indicators.values.records import whole_value

_URL = re.compile(r"\s*(?:h(?:tt|xx)ps?|s?ftps?|fxp)\[?:\]?//[^\s\"]+\s*", re.IGNORECASE)
# a/x.php    id=5    setup.exe
_OF_A_URL = re.compile(r"[/?=&%]|\.[A-Za-z][A-Za-z0-9]{1,4}$")
_WORD = re.compile(r"[^\W\d_]{3}")


def cuts_urls(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether the delimiter stands within URLs, one a line, and parts no columns: `http://evil.example/a,b/x.php`."""
    several = [line for line in lines if delimiter in line]
    urls = [line.split(delimiter) for line in several if _URL.fullmatch(line)]
    if not urls or len(urls) * 10 < 9 * len(several):
        return False
    if len({len(parts) for parts in urls}) > 1:
        return True
    return not any(map(_is_column, zip(*(parts[1:] for parts in urls), strict=True)))


def _is_column(cells: Sequence[str]) -> bool:
    """Return whether cells say something of a URL: dates, values, or words that come again."""
    texts = [cell.strip() for cell in cells]
    if any(texts) and all(
        not text or (read_date(text) is not None and len(text) >= 8) or whole_value(text) for text in texts
    ):
        return True
    if any(map(_OF_A_URL.search, texts)):
        return False
    return all(map(_WORD.search, texts)) and len(set(texts)) * 2 <= len(texts)


def whole_urls(cells: list[str], width: int, delimiter: str) -> list[str]:
    """The cells of a row that has more than its headings because a URL without quotes holds the delimiter, that URL whole; any other row as it is."""
    surplus = len(cells) - width
    if not width or not 0 < surplus < len(cells):
        return cells
    for place, cell in enumerate(cells[: len(cells) - surplus]):
        tail = cells[place + 1 : place + 1 + surplus]
        if (
            _URL.fullmatch(cell)
            and " " not in "".join(tail)
            and _OF_A_URL.search(tail[-1])
            and not any(map(whole_value, tail))
        ):
            return [*cells[:place], delimiter.join([cell, *tail]), *cells[place + 1 + surplus :]]
    return cells
