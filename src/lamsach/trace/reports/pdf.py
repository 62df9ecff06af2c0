"""Tables in PDF documents: the page's layout as text, its columns found by where the headings stand (ISO 32000)."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from itertools import pairwise

from lamsach.documents.archive import MIB
from lamsach.errors import LamsachError, LimitError, UnreadableError
from lamsach.indicators.files.opening import ListSource
from lamsach.trace.reports.cells import endpoints
from lamsach.trace.reports.grids import Cells, Grid, in_columns
from lamsach.trace.reports.headings import column_of

MAX_PAGES = 2000
MAX_PAGE_CONTENT = 8 * MIB
_CELL = re.compile(r"\S+(?: \S+)*")
_Placed = tuple[int, int, str]


def pdf_grids(source: ListSource) -> Iterator[Grid]:
    """The document's tables as one per run of pages with the same headings, else its lines. `page` is where a row stands.

    Raises UnreadableError for a damaged, locked or scanned document, LimitError for one too large.
    """
    columns: list[_Placed] = []
    headings: Cells = ()
    seen_text = False
    for page, lines in _pages(source):
        seen_text = seen_text or any(line.strip() for line in lines)
        placed = [(number, _cells(line)) for number, line in enumerate(lines, 1) if line.strip()]
        starts = [at for at, (_, cells) in enumerate(placed) if _is_heading(cells)]
        before = placed[: starts[0]] if starts else placed
        if columns:
            yield Grid(page, ((0, headings), *_records(columns, before)))
        elif before:
            yield in_columns(page, [(number, (lines[number - 1].strip(),)) for number, _ in before])
        for start, stop in pairwise([*starts, len(placed)]):
            columns, skipped = _second_line(placed[start][1], placed[start + 1 : stop])
            headings = tuple(cell for _, _, cell in columns)
            yield Grid(page, ((0, headings), *_records(columns, placed[start + 1 + skipped : stop])))
    if not seen_text:
        raise UnreadableError(
            "The pages are pictures (a scan), without text.",
            source.document,
            "Ask the sender for the file with its text, or type it into a table.",
        )


def _cells(line: str) -> list[_Placed]:
    return [(match.start(), match.end(), match[0]) for match in _CELL.finditer(line)]


def _is_heading(cells: list[_Placed]) -> bool:
    known = {column_of(text) for _, _, text in cells} - {None}
    return len(known) >= 2 and not any(endpoints(text) for _, _, text in cells)


def _second_line(columns: list[_Placed], rest: list[tuple[int, list[_Placed]]]) -> tuple[list[_Placed], int]:
    """Headings that go on on the next lines, before the first row with an address or a figure: put together."""
    skipped = 0
    for _, cells in rest[:2]:
        if any(endpoints(text) or text[:1].isdigit() for _, _, text in cells) or len(cells) > len(columns):
            break
        skipped += 1
        for start, end, text in cells:
            at = _column(columns, start, end)
            columns = [
                (min(a, start), max(b, end), f"{old} {text}") if place == at else (a, b, old)
                for place, (a, b, old) in enumerate(columns)
            ]
    return columns, skipped


def _column(columns: list[_Placed], start: int, end: int) -> int:
    """The column that a piece of text lies under: where it overlaps most, else the nearest."""
    return max(
        range(len(columns)), key=lambda at: (min(end, columns[at][1]) - max(start, columns[at][0]), -at)
    )


def _records(columns: list[_Placed], lines: list[tuple[int, list[_Placed]]]) -> Iterator[tuple[int, Cells]]:
    """One row for every line with an address; what stands above or below it in a cell of several lines belongs to it."""
    rows: list[tuple[int, list[str]]] = []
    waiting: list[str] = [""] * len(columns)
    for number, cells in lines:
        texts = [""] * len(columns)
        for start, end, text in cells:
            at = _column(columns, start, end)
            texts[at] = f"{texts[at]} {text}".strip()
        if any(endpoints(text) for text in texts):
            rows.append((number, [" ".join(filter(None, pair)) for pair in zip(waiting, texts, strict=True)]))
            waiting = [""] * len(columns)
        elif rows and all(
            not old or _goes_on(old, text) for old, text in zip(rows[-1][1], texts, strict=True) if text
        ):
            rows[-1] = (
                rows[-1][0],
                [" ".join(filter(None, pair)) for pair in zip(rows[-1][1], texts, strict=True)],
            )
        else:
            waiting = [" ".join(filter(None, pair)) for pair in zip(waiting, texts, strict=True)]
    for number, texts in rows:
        yield number, tuple(texts)


def _goes_on(old: str, text: str) -> bool:
    """Whether a piece below a cell may be its next line: a clock below a date, words below words."""
    if re.fullmatch(r"[\d:./-]+", text):
        return (":" in text) != (":" in old) or old.endswith(("-", "/"))
    return not text[:1].isdigit()


def _pages(source: ListSource) -> Iterator[tuple[int, list[str]]]:
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    where = source.document
    try:
        reader = PdfReader(io.BytesIO(source.whole()), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("The PDF is locked with a password.", where, "Save it without a password.")
        for number, page in enumerate(reader.pages, 1):
            content = page.get_contents()
            if number > MAX_PAGES or (content is not None and len(content.get_data()) > MAX_PAGE_CONTENT):
                raise LimitError("The PDF is larger than a list is.", where, "Split it into several files.")
            yield number, page.extract_text(extraction_mode="layout").splitlines()
    except LamsachError:
        raise
    except (MemoryError, RecursionError):
        raise LimitError("The PDF is larger than a list is.", where, "Split it into several files.") from None
    except Exception:  # noqa: BLE001 - a damaged PDF fails in any of the library's ways
        raise UnreadableError("The PDF is damaged.", where, "Fetch the file again.") from None
