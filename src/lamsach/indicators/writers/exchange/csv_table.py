"""CSV (RFC 4180) with every field of an indicator; the stamp stands in the first row's cell of the column `list`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lamsach.indicators.values.writing import COLUMNS, as_row
from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.model import Indicator
from lamsach.spreadsheets import BOM, csv_row


class CsvTable(Writer):
    """UTF-8 with a byte-order mark, as spreadsheets want it; text that would be a formula gets an apostrophe."""

    name = "csv"
    title = "CSV table"
    suffix = ".csv"
    facts = frozenset({"threat", "source", "valid_from", "valid_until", "confidence", "tlp"})

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """The heading, then row by row."""
        yield BOM + csv_row([*COLUMNS, "list"])
        for place, item in enumerate(items):
            cells = [" ".join(cell.splitlines()) for cell in as_row(item)]
            yield csv_row([*cells, "" if place else stamp.text()])
