"""One way to write a result: the suffix of its name chooses the writer, and the file is written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from lamsach.errors import UsageError
from lamsach.i18n import mark
from lamsach.model import Findings
from lamsach.results.atomic import atomic_file

Writer = Callable[[Findings, BinaryIO, str, Mapping[str, str]], None]

WRITERS: Mapping[str, str] = {
    ".html": "html:write_html",
    ".xlsx": "xlsx:write_xlsx",
    ".csv": "csv_:write_csv",
    ".jsonl": "jsonl:write_jsonl",
    ".zip": "bundle:write_bundle",
}
"""The writers by suffix: module and function, imported when one is needed."""


def writer_for(path: Path) -> Writer:
    """The writer for a result's name. Raises UsageError for a suffix that none writes; ask before a long hunt."""
    name = WRITERS.get(path.suffix.lower())
    if name is None:
        raise UsageError(
            mark("The kind of result is chosen by the end of its name, and this one is not known."),
            str(path),
            mark("Use a name that ends in .html, .xlsx, .csv, .jsonl or .zip."),
        )
    module, _, function = name.partition(":")
    writer: Writer = getattr(import_module(f"lamsach.results.{module}"), function)
    return writer


def write(
    findings: Findings, path: Path, language: str = "vi", reasons: Mapping[str, str] | None = None
) -> None:
    """Write findings to a file, atomically.

    `reasons` gives the English sentence of each reason's code. Raises UsageError for an unknown suffix and OutputError
    when the file cannot be written; the old file is then kept.
    """
    writer = writer_for(path)
    with atomic_file(path) as stream:
        writer(findings, stream, language, reasons or {})
