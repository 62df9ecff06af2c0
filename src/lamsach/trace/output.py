"""Output of a trace: the name's suffix selects the writer; files are written atomically."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from lamsach.errors import UsageError
from lamsach.i18n import mark
from lamsach.results.atomic import atomic_file, refuse_unwritable
from lamsach.results.sealed.files import Seal, result_suffix, seal_for, sealing
from lamsach.trace.letter import Letter, write_letter
from lamsach.trace.model import Trace

WRITERS: Mapping[str, str] = {
    ".html": "formats.html:write_html",
    ".xlsx": "formats.xlsx:write_xlsx",
    ".csv": "formats.csv_:write_csv",
    ".jsonl": "formats.jsonl:write_jsonl",
    ".zip": "findings:write_findings",
}
"""The writers of the result by suffix: module and function, imported on demand."""
LETTERS = (".docx", ".pdf")
"""The suffixes of the answer to the authority."""


def check(path: Path) -> None:
    """Raise UsageError for an unknown suffix, OutputError for an unwritable file, before a long trace."""
    if result_suffix(path) not in (*WRITERS, *LETTERS):
        raise UsageError(
            mark("The kind of result is chosen by the end of its name, and this one is not known."),
            str(path),
            mark(
                "Use a name that ends in .html, .xlsx, .csv, .jsonl, .zip (for a portal), or "
                ".docx or .pdf for the answer to the authority."
            ),
        )
    refuse_unwritable(path)


def write(
    trace: Trace, path: Path, language: str = "vi", letter: Letter | None = None, seal: Seal | None = None
) -> None:
    """Write a result, or the answer (`.docx`, `.pdf`), atomically; sealed when its name ends in `.age`.

    Raises UsageError for an unknown suffix, and OutputError when the file cannot be written; an old file then
    remains.
    """
    check(path)
    suffix = result_suffix(path)
    with atomic_file(path) as stream, sealing(stream, seal_for(path, seal)) as inner:
        if suffix in LETTERS:
            write_letter(trace, inner, suffix, letter or Letter())
            return
        module, _, function = WRITERS[suffix].partition(":")
        getattr(import_module(f"lamsach.trace.{module}"), function)(trace, inner, language)
