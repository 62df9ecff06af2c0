"""Plain tables for a terminal, also valid Markdown for a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_printed: list[str] = []


def emit(line: str = "") -> None:
    """Print a line, and store it for the document."""
    print(line, flush=True)
    _printed.append(line)


@contextmanager
def recorded(document: Path | None, part: str, introduction: str) -> Iterator[None]:
    """Write the output between the document's lines `<!-- begin PART -->` and `<!-- end PART -->`.

    The output comes after an introduction.
    """
    _printed.clear()
    yield
    if document is None:
        return
    text = document.read_text("utf-8")
    begin, end = f"<!-- begin {part} -->", f"<!-- end {part} -->"
    body = "\n".join([begin, "", introduction, *_printed, "", end])
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{document} has no lines {begin} and {end}")
    document.write_text(pattern.sub(lambda _: body, text), "utf-8")


class Table:
    """Rows of text and numbers under a heading."""

    def __init__(self, *columns: str) -> None:
        self._rows: list[list[str]] = [list(columns)]

    def row(self, *cells: object) -> None:
        """Add a row; numbers get three significant digits."""
        self._rows.append([_text(cell) for cell in cells])

    def print(self, title: str) -> None:
        """Print the table on standard output."""
        widths = [max(len(row[column]) for row in self._rows) for column in range(len(self._rows[0]))]
        emit()
        emit(f"### {title}")
        emit()
        for index, row in enumerate(self._rows):
            cells = [
                text.ljust(width) if not column else text.rjust(width)
                for column, (text, width) in enumerate(zip(row, widths, strict=True))
            ]
            emit(f"| {' | '.join(cells)} |")
            if not index:
                rules = ("-" * (width + 1) for width in widths)
                emit(
                    "|"
                    + "|".join(f"{rule}:" if column else f"{rule}-" for column, rule in enumerate(rules))
                    + "|"
                )


def _text(cell: object) -> str:
    if isinstance(cell, float):
        if cell != cell:
            return "-"
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return str(cell)
