"""Output of a result: the name's ending selects its kind; files are written atomically."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, BinaryIO

from lamsach.errors import OutputError, UsageError
from lamsach.i18n import translator
from lamsach.scanner.findings import Result
from lamsach.scanner.report import records
from lamsach.scanner.report.bundle import write_bundle
from lamsach.scanner.report.page import html_page

KINDS = (".html", ".zip", ".jsonl", ".json")


Through = Callable[[BinaryIO], AbstractContextManager[BinaryIO]]
"""Transformation of a result on its way into the file, such as sealing."""


def check_name(path: Path) -> None:
    """Raise UsageError for an unknown ending, before a long scan."""
    if _kind(path) not in KINDS:
        raise UsageError(
            "The kind of result is chosen by the end of its name, and this one is not known.",
            str(path),
            "Use a name that ends in .html, .zip, .jsonl or .json.",
        )


def write_result(
    result: Result,
    path: Path,
    language: str,
    actions: Sequence[dict[str, Any]] = (),
    through: Through = nullcontext,
) -> None:
    """Write the result, sealed when its name ends in `.age`.

    Raises OutputError; an existing file then remains.
    """
    check_name(path)
    temporary = path.with_name(f".lamsach-{secrets.token_hex(8)}.tmp")
    try:
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600
        )
        with os.fdopen(descriptor, "wb") as stream:
            with through(stream) as inner:
                _write(result, inner, _kind(path), language, actions)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OutputError(
            "The result could not be written.",
            f"{path} ({error.strerror or error})",
            "Choose another name or folder for the result. Nothing was changed.",
        ) from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def _kind(path: Path) -> str:
    return (path.with_suffix("") if path.suffix.lower() == ".age" else path).suffix.lower()


def _write(
    result: Result, stream: BinaryIO, kind: str, language: str, actions: Sequence[dict[str, Any]]
) -> None:
    if kind == ".zip":
        write_bundle(result, stream, language, actions)
    elif kind == ".html":
        stream.write(html_page(result, language, actions).encode("utf-8", "backslashreplace"))
    else:
        _ = translator(language)
        for finding in result.findings:
            stream.write(records.json_line(records.finding_record(finding, _)))
        stream.write(records.json_line({"summary": records.summary_record(result)}))
