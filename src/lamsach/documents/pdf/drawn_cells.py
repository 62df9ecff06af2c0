"""The cells of a page by drawing order: lines drawn one below the other, and rows of such cells.

Programs draw a table cell by cell, each from its first line to its last, and row by row.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from lamsach.documents.pdf.grid import FLUSH, TextLine, joined, split
from lamsach.documents.pdf.loose_lines import PITCH
from lamsach.documents.pdf.painter import Shown

_APART = 0.7
"""How far apart the texts of two columns are at least that one string shows, in heights of the font."""
_WORDS_APART = 0.3
"""How far apart two words are at most, in heights of the font; two columns may be as near."""
_AROUND = 8.0
"""How far above and below it is looked which of them it is, in heights of the font."""
_SAME_HEIGHT = 0.35
"""How far apart the baselines of one line's texts are at most, in heights of the font."""
_NEXT_LINE = 0.5
"""How far apart the lines of a cell are at least, in heights of the font."""
_ALIGNED = 3.0
"""How far apart the edges or the middles of two cells of a column are at most, in points."""
_COLUMN_LEAST = 5
"""How many strings begin at the same place around it at least where a column does."""


@dataclass(slots=True)
class Line:
    """A line of a cell: strings that follow each other without a gap."""

    items: list[tuple[Shown, int]]
    text: TextLine

    @property
    def left(self) -> float:
        """Return where its text begins."""
        return self.text.left

    @property
    def right(self) -> float:
        """Return where its text ends."""
        return self.text.right

    @property
    def low(self) -> float:
        """Return how low it reaches on its baseline's height."""
        return self.text.base - _SAME_HEIGHT * self.text.size

    @property
    def high(self) -> float:
        """Return how high it reaches."""
        return self.text.base + _SAME_HEIGHT * self.text.size

    def overlaps(self, other: Line | Block) -> bool:
        """Return whether one is above the other in part."""
        return self.left < other.right and other.left < self.right


@dataclass(slots=True)
class Block:
    """Lines that are drawn one directly below the other."""

    lines: list[Line]

    @property
    def left(self) -> float:
        """Return where its first text begins."""
        return min(line.left for line in self.lines)

    @property
    def right(self) -> float:
        """Return where its last text ends."""
        return max(line.right for line in self.lines)

    @property
    def high(self) -> float:
        """Return how high its first line reaches."""
        return self.lines[0].high

    @property
    def low(self) -> float:
        """Return how low its last line reaches."""
        return self.lines[-1].low

    @property
    def texts(self) -> list[str]:
        """Its lines as text."""
        return [line.text.text for line in self.lines]

    def overlaps(self, other: Block) -> bool:
        """Return whether one is above the other in part."""
        return self.left < other.right and other.left < self.right

    def takes(self, line: Line) -> bool:
        """Return whether a line that is drawn next is the next one of the same cell."""
        drop = (self.lines[-1].text.base - line.text.base) / line.text.size
        return _NEXT_LINE <= drop <= PITCH and line.overlaps(self) and is_aligned(self.lines[-1], line)


Row = list[Block]


def rows_of(strings: Iterable[tuple[Shown, int]]) -> list[Row]:
    """The rows that strings make in the order in which they are drawn."""
    return _rows(_parted(_blocks(_lines(strings))))


def is_running(lines: Sequence[Line]) -> bool:
    """Return whether lines are running text: of three words and more."""
    return sum(line.text.text.strip().count(" ") for line in lines) >= 2 * len(lines)


def is_aligned(cell: Block | Line, other: Block | Line) -> bool:
    """Return whether two begin or end at the same place or have the same middle, as those of a column do."""
    left, right = cell.left - other.left, cell.right - other.right
    return min(abs(left), abs(right), abs(left + right) / 2) <= _ALIGNED


def _lines(strings: Iterable[tuple[Shown, int]]) -> Iterator[Line]:
    """Yield what is drawn without a gap, or with one between words: other gaps part columns."""
    runs = [Line(items, joined(items)) for items in _runs(strings)]
    by_base = sorted(runs, key=lambda run: run.text.base)
    bases = [run.text.base for run in by_base]
    items = list(runs[0].items) if runs else []
    for last, run in pairwise(runs):
        gap = run.left - last.right
        level = abs(last.text.base - run.text.base) <= _SAME_HEIGHT * run.text.size
        reach = _AROUND * run.text.size
        near = slice(bisect_left(bases, run.text.base - reach), bisect_right(bases, run.text.base + reach))
        if (
            level
            and not run.items[0][0].apart
            and 0 < gap <= _WORDS_APART * run.text.size
            and _crosses(by_base[near], last.right, run.left)
        ):
            items += run.items
            continue
        yield Line(items, joined(items))
        items = list(run.items)
    if items:
        yield Line(items, joined(items))


def _crosses(lines: Iterable[Line], left: float, right: float) -> bool:
    """Return whether more of the lines around a gap cross it than begin or end there."""
    crossing = 0
    for line in lines:
        if line.left < left and right < line.right:
            crossing += 1
        elif left - right < line.right - left <= 0.5 or -0.5 <= line.left - right < right - left:
            crossing -= 1
    return crossing > -2  # the two beside it end and begin there


def _runs(strings: Iterable[tuple[Shown, int]]) -> Iterator[list[tuple[Shown, int]]]:
    """Strings drawn without a gap, but for those that begin where others begin on lines of their own."""
    pieces = [(piece, number) for shown, number in strings for piece in split(shown, _APART)]
    flush = [False, *(_is_flush(last, shown) for (last, _), (shown, _) in pairwise(pieces))][: len(pieces)]
    begins: dict[int, list[float]] = {}
    for item, follows in zip(pieces, flush, strict=True):
        if not follows:
            insort(begins.setdefault(round(item[0].edges[0]), []), item[0].base)
    items: list[tuple[Shown, int]] = []
    for item, follows in zip(pieces, flush, strict=True):
        if items and not (follows and not _begins_column(item[0], begins)):
            yield items
            items = []
        items.append(item)
    if items:
        yield items


def _begins_column(shown: Shown, begins: Mapping[int, Sequence[float]]) -> bool:
    bases, reach = begins.get(round(shown.edges[0]), ()), _AROUND * shown.size
    return bisect_right(bases, shown.base + reach) - bisect_left(bases, shown.base - reach) >= _COLUMN_LEAST


def _is_flush(last: Shown, shown: Shown) -> bool:
    level = abs(last.base - shown.base) <= _SAME_HEIGHT * shown.size
    return level and not shown.apart and abs(shown.edges[0] - last.edges[-1]) <= FLUSH


def _blocks(lines: Iterable[Line]) -> list[Block]:
    blocks: list[Block] = []
    for line in lines:
        if blocks and blocks[-1].takes(line):
            blocks[-1].lines.append(line)
        else:
            blocks.append(Block([line]))
    return blocks


def _parted(blocks: Sequence[Block]) -> Iterator[Block]:
    """Blocks without running text above a row's first cell and below its last, over the next cell."""
    for last, block, following in zip([None, *blocks], blocks, [*blocks[1:], None], strict=False):
        marked = [
            (
                is_running([line])
                and (
                    (last is not None and line.high < last.low and line.overlaps(last.lines[-1]))
                    or (
                        following is not None
                        and line.low > following.high
                        and line.overlaps(following.lines[0])
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
        if rows:
            last = rows[-1]
            level = block.high > min(cell.low for cell in last) and block.low < max(
                cell.high for cell in last
            )
            if level and block.left + block.right > last[-1].left + last[-1].right:
                last.append(block)
                continue
        rows.append([block])
    return rows
