"""Reading many lines at once, where all of them have the usual shape of their product.

What a line means is said by its format; here it is only done faster.

A reader takes a piece of a log and gives the events in columns, or None when any line is not quite usual:
then the format reads each. So nothing is read here that is rare. Of each piece two lines are read by the
format too, and must come out the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from lamsach.logs.base import FileContext
from lamsach.logs.bulk.reader import BulkReader
from lamsach.logs.layouts.line import LayoutFormat
from lamsach.logs.reading.lines import LineParser

__all__ = ["BulkReader", "bulk_reader_of"]

READERS: Mapping[str, str] = {
    "csv_columns": "delimited:NamedCells",
    "json_lines": "json_lines:NamedKeys",
    "windows_event_json": "windows:WindowsObjects",
}
"""The bulk readers by format: module and class, imported when one is needed."""


RECORDS: Mapping[str, str] = {
    "paloalto": "paloalto:PaloAltoColumns",
    "pairs": "pairs:PairRecords",
    "cef": "announced:CefRecords",
    "leef": "announced:LeefRecords",
    "quoted": "pairs:QuotedRecords",
    "json": "json_lines:JsonRecords",
    "header": "delimited:HeaderColumns",
    "sentences": "sentences:SentenceReader",
    "cells": "delimited:CellRows",
}
"""The readers of records whose format says how they are read in columns (`lamsach.logs.mappings.records`), by
how they are written."""


def bulk_reader_of(parser: LineParser, context: FileContext) -> BulkReader | None:
    """The reader for the file's format; None when there is none, or the file holds several."""
    from importlib import import_module

    if parser.main is None:
        return None
    if isinstance(parser.main, LayoutFormat):
        from lamsach.logs.layouts.column import LayoutColumns

        return LayoutColumns(parser.main, context) if parser.main.layout.in_columns else None
    records = parser.main.records
    place = RECORDS[records.reader] if records else READERS.get(parser.main.name)
    if place is None:
        return None
    module, _, name = place.partition(":")
    reader: BulkReader = getattr(import_module(f"lamsach.logs.bulk.readers.{module}"), name)(
        parser.main, context
    )
    return reader
