"""Plain tables for a terminal, also valid Markdown."""

from __future__ import annotations


class Table:
    """Rows of text and numbers under a heading."""

    def __init__(self, *columns: str) -> None:
        self._rows: list[list[str]] = [list(columns)]

    def row(self, *cells: object) -> None:
        """Add a row; numbers get three significant digits."""
        self._rows.append([_text(cell) for cell in cells])

    def print(self, title: str) -> None:
        """Show the table on standard output."""
        widths = [max(len(row[column]) for row in self._rows) for column in range(len(self._rows[0]))]
        print(f"\n{title}\n", flush=True)
        for index, row in enumerate(self._rows):
            cells = [
                text.ljust(width) if not column else text.rjust(width)
                for column, (text, width) in enumerate(zip(row, widths, strict=True))
            ]
            print(f"| {' | '.join(cells)} |", flush=True)
            if not index:
                print(
                    "|"
                    + "|".join(
                        "-" * (width + 2) if not column else "-" * (width + 1) + ":"
                        for column, width in enumerate(widths)
                    )
                    + "|"
                )


def _text(cell: object) -> str:
    if isinstance(cell, float):
        if cell != cell:
            return "-"
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return str(cell)
