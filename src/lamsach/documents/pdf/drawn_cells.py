"""Cells of a page by drawing order: lines drawn one below the other, and rows of such cells.

Programs draw a table cell by cell, each from its first line to its last, and row by row.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from lamsach.documents.pdf.grid import FLUSH, SAME_BASE, TextLine, by_height, join_strings, split
from lamsach.documents.pdf.painter import Numbered, Shown

PITCH = 2.2
"""Maximum distance between the lines of one row, in font heights."""
_MIN_COLUMN_GAP = 0.7
"""Minimum gap between the texts of two columns in one string, in font heights."""
_MAX_WORD_GAP = 0.3
"""Maximum gap between two words, in font heights; two columns may be as near."""
_REACH = 8.0
"""Distance above and below in which a gap is classified, in font heights."""
_NEXT_LINE = 0.5
"""Minimum distance between the lines of a cell, in font heights."""
_ALIGNED = 3.0
"""Maximum distance between edges or middles of two cells of a column, in points."""
_MIN_COLUMN_STARTS = 5
"""Minimum number of nearby strings with the same left edge that show a column."""


@dataclass(slots=True)
class Block:
    """Lines drawn one directly below the other."""

    lines: list[TextLine]

    @property
    def left(self) -> float:
        """Return the left edge of its texts."""
        return min(line.left for line in self.lines)

    @property
    def right(self) -> float:
        """Return the right edge of its texts."""
        return max(line.right for line in self.lines)

    @property
    def high(self) -> float:
        """Return the upper edge of its first line."""
        return self.lines[0].high

    @property
    def low(self) -> float:
        """Return the lower edge of its last line."""
        return self.lines[-1].low

    @property
    def texts(self) -> list[str]:
        """Return its lines as text."""
        return [line.text.strip() for line in self.lines]

    def continues_in(self, line: TextLine) -> bool:
        """Return whether the next drawn line continues the same cell."""
        drop = (self.lines[-1].base - line.base) / line.size
        return _NEXT_LINE <= drop <= PITCH and overlap(line, self) and is_aligned(self.lines[-1], line)


Row = list[Block]


def rows_of(strings: Iterable[Numbered]) -> list[Row]:
    """Return the rows of strings in drawing order."""
    return _rows(_split_blocks(_blocks(_lines(strings))))


def lines_of_columns(strings: Iterable[Numbered]) -> list[Row]:
    """Return the texts at each height of a page from the left, from top to bottom."""
    rows: list[Row] = []
    for line in _lines(item for row in by_height(strings) for item in row):
        if rows and rows[-1][-1].left < line.left and _is_level(rows[-1][0].lines[0], line):
            rows[-1].append(Block([line]))
        else:
            rows.append([Block([line])])
    return rows


def is_level(row: Row, other: Row) -> bool:
    """Return whether two rows are side by side, in part at least."""
    return min(block.low for block in row) < max(block.high for block in other) and min(
        block.low for block in other
    ) < max(block.high for block in row)


def _is_level(text: TextLine | Shown, other: TextLine | Shown) -> bool:
    return abs(text.base - other.base) <= SAME_BASE * other.size


def overlap(cell: Block | TextLine, other: Block | TextLine) -> bool:
    """Return whether two overlap horizontally."""
    return cell.left < other.right and other.left < cell.right


def is_running(lines: Sequence[TextLine]) -> bool:
    """Return whether lines are running text, of three words and more each."""
    return sum(line.text.strip().count(" ") for line in lines) >= 2 * len(lines)


def is_aligned(cell: Block | TextLine, other: Block | TextLine) -> bool:
    """Return whether two share an edge or the middle, as cells of a column do."""
    left, right = cell.left - other.left, cell.right - other.right
    return min(abs(left), abs(right), abs(left + right) / 2) <= _ALIGNED


def _lines(strings: Iterable[Numbered]) -> Iterator[TextLine]:
    """Yield strings drawn without a gap, or with one between words: other gaps separate columns."""
    runs = [join_strings(items) for items in _runs(strings)]
    by_base = sorted(runs, key=lambda run: run.base)
    bases = [run.base for run in by_base]
    items = list(runs[0].items) if runs else []
    for last, run in pairwise(runs):
        gap = run.left - last.right
        reach = _REACH * run.size
        near = slice(bisect_left(bases, run.base - reach), bisect_right(bases, run.base + reach))
        if (
            _is_level(last, run)
            and not run.items[0][0].apart
            and 0 < gap <= _MAX_WORD_GAP * run.size
            and _crosses(by_base[near], last.right, run.left)
        ):
            items += run.items
            continue
        yield join_strings(items)
        items = list(run.items)
    if items:
        yield join_strings(items)


def _crosses(lines: Iterable[TextLine], left: float, right: float) -> bool:
    """Return whether more of the lines around a gap cross it than begin or end there."""
    crossing = 0
    for line in lines:
        if line.left < left and right < line.right:
            crossing += 1
        elif left - right < line.right - left <= 0.5 or -0.5 <= line.left - right < right - left:
            crossing -= 1
    return crossing > -2  # the two on either side end and begin there


def _runs(strings: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    """Yield strings drawn without a gap, split where other lines show the start of a column."""
    pieces = [(piece, number) for shown, number in strings for piece in split(shown, _MIN_COLUMN_GAP)]
    flush = [False] if pieces else []
    for (last, _), (shown, _) in pairwise(pieces):
        gap = abs(shown.edges[0] - last.edges[-1])
        flush.append(_is_level(last, shown) and not shown.apart and gap <= FLUSH)
    begins: dict[int, list[float]] = {}
    for item, follows in zip(pieces, flush, strict=True):
        if not follows:
            insort(begins.setdefault(round(item[0].edges[0]), []), item[0].base)
    items: list[Numbered] = []
    for item, follows in zip(pieces, flush, strict=True):
        if items and not (follows and not _begins_column(item[0], begins)):
            yield items
            items = []
        items.append(item)
    if items:
        yield items


def _begins_column(shown: Shown, begins: Mapping[int, Sequence[float]]) -> bool:
    bases, reach = begins.get(round(shown.edges[0]), ()), _REACH * shown.size
    return (
        bisect_right(bases, shown.base + reach) - bisect_left(bases, shown.base - reach) >= _MIN_COLUMN_STARTS
    )


def _blocks(lines: Iterable[TextLine]) -> list[Block]:
    blocks: list[Block] = []
    for line in lines:
        if blocks and blocks[-1].continues_in(line):
            blocks[-1].lines.append(line)
        else:
            blocks.append(Block([line]))
    return blocks


def _split_blocks(blocks: Sequence[Block]) -> Iterator[Block]:
    """Split blocks at running text above a row's first cell and below its last, over the next cell."""
    for last, block, following in zip([None, *blocks], blocks, [*blocks[1:], None], strict=False):
        marked = [
            (
                is_running([line])
                and (
                    (last is not None and line.high < last.low and overlap(line, last.lines[-1]))
                    or (
                        following is not None
                        and line.low > following.high
                        and overlap(line, following.lines[0])
                    )
                ),
                line,
            )
            for line in block.lines
        ]
        yield from (
            Block([line for _, line in part]) for _, part in groupby(marked, key=lambda pair: pair[0])
        )


def _rows(blocks: Iterable[Block]) -> list[Row]:
    rows: list[Row] = []
    for block in blocks:
        last = rows[-1] if rows else []
        if last and is_level(last, [block]) and block.left + block.right > last[-1].left + last[-1].right:
            last.append(block)
        else:
            rows.append([block])
    return rows
