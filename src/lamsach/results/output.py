"""Writing of results: the suffix selects the writer, and files are written atomically."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lamsach.errors import UsageError
from lamsach.i18n import mark
from lamsach.results.atomic import atomic_file, refuse_unwritable
from lamsach.results.sealed.files import Seal, result_suffix, seal_for, sealing
from lamsach.runtime.registry import imported

if TYPE_CHECKING:
    from lamsach.model import Findings

Writer = Callable[["Findings", BinaryIO, str, Mapping[str, str]], None]

WRITERS: Mapping[str, str] = {
    ".html": "html:write_html",
    ".xlsx": "xlsx:write_xlsx",
    ".csv": "csv_:write_csv",
    ".jsonl": "jsonl:write_jsonl",
    ".zip": "bundle:write_bundle",
}
"""Writers by suffix: module and function, imported on first use."""


def check_output(path: Path) -> None:
    """Raise UsageError for an unknown suffix, OutputError for an unwritable file, before a long hunt."""
    if result_suffix(path) not in WRITERS:
        raise UsageError(
            mark("The kind of result is chosen by the end of its name, and this one is not known."),
            str(path),
            mark("Use a name that ends in .html, .xlsx, .csv, .jsonl or .zip."),
        )
    refuse_unwritable(path)


def write(
    findings: Findings,
    path: Path,
    language: str = "vi",
    reasons: Mapping[str, str] | None = None,
    seal: Seal | None = None,
) -> None:
    """Write findings to a file, atomically; sealed when its name ends in `.age`.

    `reasons` maps reason codes to English sentences. Raises UsageError for an unknown suffix and OutputError
    when the file cannot be written; the old file then remains.
    """
    check_output(path)
    writer: Writer = imported(f"lamsach.results.{WRITERS[result_suffix(path)]}")
    with atomic_file(path) as stream, sealing(stream, seal_for(path, seal)) as inner:
        writer(findings, inner, language, reasons or {})
