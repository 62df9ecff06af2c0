"""A document's tables from their parts on its pages, with continued and uncertain rows at page breaks."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from lamsach.documents.pdf.rows import MAYBE, NUMBER, Knowledge, PageRow, PageTable, column_of, line_relations

_SAME_EDGE = 4.0
"""Maximum difference of a column's edges on two pages, in points."""
# 12    - 12 -    Trang 3/7    Page 3 of 7
_PAGE_NUMBER = re.compile(r"\W*(?:trang|page)?\W*\d{1,4}\W*(?:(?:of|trên)?\W*\d{1,4})?\W*", re.IGNORECASE)


@dataclass(slots=True)
class WholeTable:
    """A table with its parts on following pages joined."""

    xs: list[float]
    page: int
    line: int
    heads: PageRow | None
    rows: list[PageRow] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)


def whole_tables(
    parts: Sequence[PageTable],
    pages: Sequence[Sequence[str]],
    used: Sequence[Container[int]],
    knowledge: Knowledge,
) -> list[WholeTable]:
    """Return the tables of a document, from their parts in order.

    `pages` are the lines of its pages, headers and footers blank; `used` are the numbers of those that are in
    tables or may be.
    """
    found: list[WholeTable] = []
    last: PageTable | None = None
    tagged: dict[int, WholeTable] = {}
    for part in parts:
        if part.tagged is not None:
            if part.tagged not in tagged:
                tagged[part.tagged] = WholeTable(part.xs, part.page, part.line, None)
                found.append(tagged[part.tagged])
            _append_tagged(tagged[part.tagged], part)
            last = None
            continue
        between = _between(last, part, pages) if last is not None else None
        if (
            last is None
            or between is None
            or any(text for _, _, text in between)
            or not _has_same_columns(last, part)
        ):
            if (
                last
                and between is not None
                and all(place in used[page] for page, place, text in between if text)
            ):
                _doubt_all(last, part, knowledge)
            found.append(WholeTable(part.xs, part.page, part.line, part.heads, spans=part.spans))
        _append(found[-1], part, knowledge)
        last = part
    return found


def _between(
    last: PageTable, part: PageTable, pages: Sequence[Sequence[str]]
) -> list[tuple[int, int, str]] | None:
    """Return the lines between a table and one on the next page, with 0-based pages and numbers, or None."""
    if part.page != last.page + 1:
        return None
    places = [(last.page - 1, place) for place in last.below] + [
        (part.page - 1, place) for place in part.above
    ]
    texts = ((page, place, pages[page][place].strip()) for page, place in places)
    return [(page, place, "" if _PAGE_NUMBER.fullmatch(text) else text) for page, place, text in texts]


def _has_same_columns(last: PageTable, part: PageTable) -> bool:
    if last.spans or part.spans:
        places = [column_of(last.spans, span) for span in part.spans]
        return bool(places) and None not in places and len(set(places)) == len(places)
    few, many = sorted(([x - xs[0] for x in xs] for xs in (last.xs, part.xs)), key=len)
    return all(min(abs(x - other) for other in many) <= _SAME_EDGE for x in few)


def _doubt_all(last: PageTable, part: PageTable, knowledge: Knowledge) -> None:
    """Doubt the rows at a page break without tags or rules that show a table's end or beginning."""
    if not (_is_loose(last) or _is_loose(part)):
        return
    first = next((row for row in part.rows if not knowledge.are_heads(row.texts)), None)
    for row in (last.rows[-1], first):
        if row is not None:
            row.doubted = set(row.cells)


def _is_loose(table: PageTable) -> bool:
    return bool(table.spans) or table.heads is not None


def _append(table: WholeTable, part: PageTable, knowledge: Knowledge) -> None:
    """Append another page's rows by index of columns; its first row may be the rest of the last one."""
    columns = {place: column_of(table.spans, span) or 0 for place, span in enumerate(part.spans)} or {
        place: min(
            range(len(table.xs)), key=lambda other: abs(table.xs[other] - table.xs[0] - x + part.xs[0])
        )
        for place, x in enumerate(part.xs)
    }
    rows = list(part.rows)
    for row in rows:
        row.cells = {columns[place]: lines for place, lines in row.cells.items()}
        row.merged = {columns[place] for place in row.merged}
        row.doubted = {columns[place] for place in row.doubted}
    if table.rows:
        rows = _continue_row(table, rows, knowledge, loose=_is_loose(part))
    table.rows += rows


def _continue_row(
    table: WholeTable, rows: list[PageRow], knowledge: Knowledge, *, loose: bool
) -> list[PageRow]:
    """Return a page's rows but repeated headings and a rest, which extends the last row."""
    last = table.rows[-1]
    repeated = _repeated(table.rows, rows)
    rows = rows[repeated:]
    others = rows[:1] if rows and not repeated and loose and knowledge.are_heads(rows[0].texts) else []
    rows = rows[len(others) :]
    numbered = sum(map(_number, table.rows)) * 2 > len(table.rows)
    if rows and not others and _is_rest(last, rows[0], knowledge, numbered=numbered):
        for column, lines in rows.pop(0).cells.items():
            last.cells.setdefault(column, []).extend(lines)
    elif rows and loose and not (numbered and _number(last) and _number(rows[0])):
        _doubt(last, rows[0], knowledge)
    return others + rows


def _repeated(above: Sequence[PageRow], rows: Sequence[PageRow]) -> int:
    """Return the number of repeated headings at the top of a page."""
    place = next(
        (place for place, row in enumerate(above) if rows and has_same_lines(rows[0], row)), len(above)
    )
    count = 0
    while (
        place + count < len(above) and count < len(rows) and has_same_lines(rows[count], above[place + count])
    ):
        count += 1
    return count


def _number(row: PageRow) -> bool:
    lines = row.cells.get(0, [])
    return bool(lines) and NUMBER.fullmatch(lines[0].text) is not None


def _doubt(last: PageRow, first: PageRow, knowledge: Knowledge) -> None:
    """Doubt cells of two rows without numbers at a page break that would be other values if joined."""
    for column, lines in list(first.cells.items()):
        above = last.cells.get(column, [])
        if above and knowledge.differ_joined(above, lines):
            last.cells[column] = [*above, *first.cells.pop(column)]
            last.doubted.add(column)
            first.doubted.discard(column)


def _append_tagged(table: WholeTable, part: PageTable) -> None:
    """Append the rows of another page: a known row is continued, or repeated like headings."""
    last = {row.number: row for row in table.rows}
    for row in part.rows:
        known = last.get(row.number)
        if known is None:
            table.rows.append(row)
        elif not has_same_lines(known, row):
            for column, lines in row.cells.items():
                known.cells.setdefault(column, []).extend(lines)


def has_same_lines(row: PageRow, other: PageRow) -> bool:
    """Return whether two rows hold the same lines."""
    texts = [
        {place: [line.text for line in lines] for place, lines in either.cells.items() if lines}
        for either in (row, other)
    ]
    return texts[0] == texts[1]


def _is_rest(last: PageRow, first: PageRow, knowledge: Knowledge, *, numbered: bool) -> bool:
    """Return whether a page's first row is the rest of the last: no number, and its texts continue in it."""
    if numbered and _number(last):
        return not first.cells.get(0)
    if numbered and _number(first):
        return not last.cells.get(0)  # the number is mid-cell, on the second page
    pairs = [(last.cells.get(column), lines) for column, lines in first.cells.items() if lines]
    open_cells = [
        before and line_relations([before[-1], *lines], knowledge)[1] == MAYBE for before, lines in pairs
    ]
    empty = any(not first.cells.get(column) for column, lines in last.cells.items() if lines)
    return bool(open_cells) and all(open_cells) and empty
