"""Columnar readers: parse many lines of usual shape together, in Arrow's columns.

The format defines the meaning of a line; a bulk reader only computes the same events faster.
A reader returns the events of a piece of a log as columns, or None when any line is unusual: the format then
parses each line. Rare shapes are therefore never handled here. For every piece, three lines are also parsed
by the format and must give the same events.
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
"""Bulk readers by format name, as `module:class`, imported on demand."""


RECORDS: Mapping[str, str] = {
    "paloalto": "paloalto:PaloAltoColumns",
    "pairs": "pairs:PairRecords",
    "cef": "cef_leef:CefRecords",
    "leef": "cef_leef:LeefRecords",
    "quoted": "pairs:QuotedRecords",
    "json": "json_lines:JsonRecords",
    "header": "delimited:HeaderColumns",
    "sentences": "sentences:SentenceReader",
    "cells": "delimited:CellRows",
}
"""Bulk readers by `Records.reader`, for formats that describe their records."""


def bulk_reader_of(parser: LineParser, context: FileContext) -> BulkReader | None:
    """Return the bulk reader for the file's main format; None without one, or for several formats."""
    from importlib import import_module

    if parser.main is None:
        return None
    if isinstance(parser.main, LayoutFormat):
        from lamsach.logs.layouts.column import LayoutColumns

        return LayoutColumns(parser.main, context) if parser.main.layout.in_columns else None
    records = parser.main.records
    location = RECORDS[records.reader] if records else READERS.get(parser.main.name)
    if location is None:
        return None
    module, _, name = location.partition(":")
    reader: BulkReader = getattr(import_module(f"lamsach.logs.bulk.readers.{module}"), name)(
        parser.main, context
    )
    return reader
