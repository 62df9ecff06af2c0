"""Reader of a form that was filled in by hand as DOCX or XLSX.

Each value has a certainty; a person confirms it. Rows are found by their wording, not by their place: people
move, merge, split and retype cells. Numbers are read as people write them: "05", "1.204", "12 đơn vị", "không
có". Values that differ between two places of a document are never certain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from lamsach.letters import filled_texts
from lamsach.letters.filled_texts import ENUMERATION, bare, wording
from lamsach.letters.form import Form
from lamsach.letters.lines import OLD_LETTERS, Line, convert_lines, lines_of
from lamsach.letters.numbers import number_of, plain

_LEAST_ALIKE = 0.72
_SAME = 0.03
"""Maximum difference of similarity at which wordings are the same row, found in several places."""
_BLANK = " \t\n\r.…_\u00a0"
_DITTO = frozenset({"nt", "n t", "nhu tren"})
_DITTO_MARKS = frozenset('"”″〃') | {"''", "-nt-"}
_AMOUNTS = frozenset(
    {
        "so luong",
        "sl",
        "so lieu",
        "ket qua",
        "tong so",
        "so don vi",
        "so luong don vi",
        "don vi so luong",
        "gia tri",
        "tong cong",
        "so luong co quan don vi",
    }
)
_UNIT_WORDS = frozenset({"don vi", "dv", "co quan", "to chuc", "don vi to chuc", "co quan don vi"})


@dataclass(frozen=True, slots=True)
class FormValue:
    """Value of the form: text, number if it is one, and certainty from 0 (guess) to 1."""

    key: str
    raw: str
    value: int | None
    sure: float


def read_filled(content: bytes, form: Form) -> tuple[FormValue, ...]:
    """Read the form's texts and figures from a document, in the form's order; missing ones are omitted.

    Raises UnreadableError for a file that is no DOCX or XLSX, and LimitError for one that unpacks to more
    than allowed.
    """
    lines = lines_of(content)
    found = _read(lines, form)
    keys = {row.key for row in form.rows}
    for change in OLD_LETTERS:
        if any(value.key in keys for value in found):
            break
        old = _read(convert_lines(lines, change), form)
        found = old if any(value.key in keys for value in old) else found
    return tuple(found)


def _read(lines: list[Line], form: Form) -> list[FormValue]:
    found = [
        FormValue(field.key, text, None, sure)
        for field in form.fields
        if (match := filled_texts.text_of(field, lines)) is not None
        for text, sure in (match,)
    ]
    amounts = _amount_columns(lines, form.columns[2])
    rows, joined = [row.label for row in form.rows], _join_rows(lines)
    previous: FormValue | None = None
    for row in form.rows:
        read = _figure(
            row.key,
            [
                *_places(row.label, rows, lines, amounts),
                *_places(row.label, rows, joined, amounts, joined=True),
            ],
        )
        if read is not None and _is_ditto(read.raw):
            read = replace(
                read,
                value=previous.value if previous else None,
                sure=0.5 if previous and previous.value is not None else 0.0,
            )
        if read is not None:
            found.append(read)
        previous = read
    return found


def _is_ditto(raw: str) -> bool:
    """Return whether a cell repeats the row above: `nt`, `như trên`, a ditto mark."""
    return raw.strip() in _DITTO_MARKS or plain(raw) in _DITTO


_Span = tuple[int, int]
"""First grid column under a heading, and the first after it."""


def _amount_columns(lines: Sequence[Line], title: str) -> dict[int, _Span]:
    """Map each table to the grid columns under the heading of the amounts, in any of its spellings.

    A table that continues after a break inherits the preceding one's.
    """
    found: dict[int, _Span] = {}
    headings = _AMOUNTS | {plain(title)}
    previous: tuple[tuple[int, ...], _Span] | None = None
    for line in lines:
        if not line.table or line.table in found or len(line.cells) < 2:
            continue
        for place, cell in enumerate(line.cells):
            if plain(cell.partition("(")[0]) in headings:
                found[line.table] = _under_heading(line, place, headings)
                previous = (line.columns, found[line.table])
                break
        else:
            if previous is not None and line.columns == previous[0]:
                found[line.table] = previous[1]
    return found


def _under_heading(line: Line, place: int, headings: Set[str]) -> _Span:
    """Return the columns under a heading and its repetitions: a heading over two columns may be split."""
    begin = line.columns[place]
    for column, cell in zip(line.columns[place + 1 :], line.cells[place + 1 :], strict=True):
        if plain(cell.partition("(")[0]) not in headings:
            return begin, column
    return begin, line.columns[-1] + 1


@dataclass(frozen=True, slots=True)
class _Found:
    score: float
    raw: str
    value: int | None
    sure: float

    @property
    def rank(self) -> tuple[bool, float, bool]:
        """Order that prefers a text with a number."""
        return (bool(self.raw), round(self.score, 2), self.value is not None)


def _figure(key: str, found: Sequence[_Found]) -> FormValue | None:
    """Return the amount of the row with the most similar wording."""
    if not found:
        return None
    top = max(match.score for match in found)
    near = [match for match in found if match.score >= top - _SAME]
    best = max(near, key=lambda match: match.rank)
    sure = best.sure * min(1.0, best.score + 0.05)
    if len({match.value for match in near if match.value is not None}) > 1:
        sure = min(sure, 0.4)
    return FormValue(key, best.raw, best.value, round(sure, 2))


def _join_rows(lines: Sequence[Line]) -> list[Line]:
    """Join each table row with the row below: the wording may be broken in two."""
    rows = []
    for upper, lower in pairwise(lines):
        if upper.table and upper.table == lower.table and upper.columns == lower.columns:
            cells = tuple(f"{a}\n{b}" if a != b else a for a, b in zip(upper.cells, lower.cells, strict=True))
            rows.append(Line(cells, upper.columns, upper.table))
    return rows


def _places(
    label: str, rows: Sequence[str], lines: Sequence[Line], amounts: dict[int, _Span], *, joined: bool = False
) -> list[_Found]:
    """Find the places of a wording; a text more similar to another row of the form belongs to that row."""
    found = []
    for number, line in enumerate(lines):
        for place, cell in enumerate(line.cells):
            score, inside = wording(cell, label)
            if joined and inside:
                continue
            if score < _LEAST_ALIKE or any(
                wording(cell, other)[0] > score + _SAME for other in rows if other != label
            ):
                continue
            span = amounts.get(line.table)
            raw, moved = _row_amount(line, place, inside, span)
            if not raw and number + 1 < len(lines):
                raw, moved = _below(line, place, lines[number + 1], span), 0.7
            if number_of(raw)[0] is None and _is_heading(line, place, label, rows):
                raw, moved = _under(line, place, lines[number + 1 :]) or (raw, moved)
            value, sure = number_of(raw)
            found.append(_Found(score, raw.strip(), value, sure * moved))
    return found


def _row_amount(line: Line, place: int, inside: str, span: _Span | None) -> tuple[str, float]:
    """Return the amount of a row, possibly in the wording's own cell (`inside`), or with a remark."""
    raw, moved = _amount(line, place, span)
    stated, own = number_of(raw)[0], number_of(inside)
    if not inside or (stated is not None and (own[0] is None or (span is not None and own[1] < 0.85))):
        return raw, moved
    differ = span is not None and stated is not None and stated != own[0]
    return inside, 0.4 if differ else 1.0


def _is_heading(line: Line, place: int, label: str, rows: Sequence[str]) -> bool:
    """Return whether the wordings of several rows are adjacent: a transposed table."""
    others = [cell for number, cell in enumerate(line.cells) if number != place]
    return bool(line.table) and any(
        wording(cell, other)[0] >= _LEAST_ALIKE for cell in others for other in rows if other != label
    )


def _under(line: Line, place: int, below: Sequence[Line]) -> tuple[str, float] | None:
    """Return the amount under a heading: in the only row, in the total's row, else the sum of all rows."""
    found = []
    for row in below:
        if row.table != line.table:
            break
        at = row.at(line.columns[place])
        cell = row.cells[at] if at is not None else ""
        if number_of(cell)[0] is None or _counts_columns(row):
            continue
        if any(bare(other).startswith(("tong", "cong")) for other in row.cells):
            return cell, 0.7
        found.append(cell)
    return (" + ".join(str(number_of(cell)[0]) for cell in found), 0.7) if found else None


def _counts_columns(line: Line) -> bool:
    """Return whether a row only numbers the columns: (1), (2), (3)."""
    texts = [cell.strip(" ()") for cell in line.cells if cell.strip()]
    return (
        len(texts) > 2
        and all(text.isdecimal() for text in texts)
        and all(int(after) == int(before) + 1 for before, after in pairwise(texts))
    )


def _amount(line: Line, place: int, span: _Span | None) -> tuple[str, float]:
    """Return the amount of a row, and a certainty factor that is lower away from the expected place.

    Both parts of a split cell are returned.
    """
    if span is not None:
        under = [number for number, begin in enumerate(line.columns) if span[0] < begin < span[1]]
        first = line.at(span[0])
        places = [number for number in (first, *under) if number is not None and number != place]
        texts = [line.cells[number] for number in places if line.cells[number].strip(_BLANK)]
        numbers = [text for text in texts if number_of(text)[0] is not None]
        if texts:
            return " | ".join(numbers) or texts[0], 1.0
    for distance, cell in enumerate(line.cells[place + 1 :]):
        if cell.strip(_BLANK) and plain(cell) not in _UNIT_WORDS:
            return cell, 0.7 if distance else 1.0  # after an empty cell: merged or moved
    return "", 1.0


def _below(line: Line, place: int, following: Line, span: _Span | None) -> str:
    """Return the text below a wording without a number: in its merged cell's row or next paragraph."""
    if line.table and following.table == line.table:
        at = following.at(line.columns[place])
        if at is None:  # a sheet has no cells inside a merged one
            return _amount(following, -1, span)[0]
        if following.cells[at].strip() in ("", line.cells[place].strip()):
            return _amount(following, at, span)[0]
        return ""
    if not line.table and not following.table and len(following.cells[0]) < 60:
        text = ENUMERATION.sub("", following.cells[0])
        return text if re.match(r"\s*[\d(~]|\s*(?:không|chưa)\b", text) and number_of(text)[1] >= 0.7 else ""
    return ""
