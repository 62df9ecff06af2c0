"""Tables and paragraphs of documents, as every reader of one kind gives them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from lamsach.documents.workbook import Merge


def merged_everywhere(rows: dict[int, list[str]], merges: Iterable[Merge], most: int) -> int:
    """Put the text of merged cells into each of their rows and columns that the table has. `rows` are texts by 1-based number.

    Returns how many more of `most` cells might have been filled; with a negative number it ended early.
    """
    numbers = sorted(rows)
    widest = max((len(cells) for cells in rows.values()), default=0)
    found = [
        (merge, rows[merge[0]][merge[1]])
        for merge in merges
        if merge[0] in rows and merge[1] < len(rows[merge[0]]) and rows[merge[0]][merge[1]]
    ]
    for (top, left, bottom, right), text in found:
        for number in numbers[bisect_left(numbers, top) : bisect_right(numbers, bottom)]:
            cells = rows[number]
            most -= min(right, widest - 1) + 1 - left
            if most < 0:
                return most
            cells += [""] * (min(right + 1, widest) - len(cells))
            for column in range(left, min(right + 1, widest)):
                cells[column] = cells[column] or text
    return most
