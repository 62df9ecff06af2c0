"""Implementation of `lamsach indicators read`."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TextIO

from lamsach.cli.command_line import Exit
from lamsach.cli.console import stop_writing
from lamsach.cli.indicators.shared import replacing
from lamsach.documents.spreadsheets import BOM, csv_row
from lamsach.errors import ExitStatus, UsageError
from lamsach.i18n import language_from_environment, translator
from lamsach.indicators.lists import ListContents, read_lists
from lamsach.indicators.values.mappings import COLUMNS, as_mapping, as_row
from lamsach.model import Indicator, Problem, Refusal

_SUFFIXES = (".csv", ".jsonl", ".json", ".txt")


def read(files: list[str], output: Path | None, *, as_json: bool, ocr: bool) -> None:
    """Read lists and print each indicator once in canonical form."""
    if output is not None and output.suffix.lower() not in _SUFFIXES:
        raise UsageError(
            "The kind of output is not known by its suffix.", str(output), "Use .csv, .jsonl, .json or .txt."
        )
    problems: list[Problem] = []
    contents = read_lists(files, problems.append, ocr=ocr)
    for_terminal = sys.stdout.isatty() and not as_json
    if output is None and for_terminal:
        from lamsach.cli.indicators.tables import show

        show(((item, {}) for item in contents.indicators), len(contents.indicators))
    elif output is None:
        _print(contents.indicators)
    else:
        with replacing(output) as raw:
            stream = io.TextIOWrapper(raw, encoding="utf-8", newline="")
            _WRITERS[output.suffix.lower()](stream, contents.indicators)
            stream.detach()
    if for_terminal:
        from lamsach.cli.indicators.tables import report_refused

        report_refused(contents.refusals)
    else:
        for refusal in contents.refusals:
            print(_json(refusal), file=sys.stderr)
    _report(problems)
    _summary(contents)
    if problems:
        raise Exit(ExitStatus.PARTIAL if contents.documents else ExitStatus.INPUT)


def _print(indicators: Iterable[Indicator]) -> None:
    try:
        for item in indicators:
            sys.stdout.write(_json(item) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        stop_writing()  # the reader closed the pipe


def _json(item: Indicator | Refusal) -> str:
    return json.dumps(as_mapping(item), ensure_ascii=False)


def _report(problems: list[Problem]) -> None:
    words = translator(language_from_environment())
    for problem in problems:
        advice = f" - {words(problem.todo)}" if problem.todo else ""
        print(f"{problem.where}: {words(problem.what)}{advice}", file=sys.stderr)


def _summary(contents: ListContents) -> None:
    words = translator(language_from_environment())
    text = words("{indicators} indicators, {refused} refused, from {documents} documents.")
    counts = {
        "indicators": len(contents.indicators),
        "refused": len(contents.refusals),
        "documents": len(contents.documents),
    }
    print(text.format(**counts), file=sys.stderr)


def _write_jsonl(stream: TextIO, indicators: Iterable[Indicator]) -> None:
    stream.writelines(_json(item) + "\n" for item in indicators)


def _write_json(stream: TextIO, indicators: Iterable[Indicator]) -> None:
    json.dump([as_mapping(item) for item in indicators], stream, ensure_ascii=False, indent=1)
    stream.write("\n")


def _write_csv(stream: TextIO, indicators: Iterable[Indicator]) -> None:
    stream.write(BOM + csv_row(COLUMNS))
    stream.writelines(csv_row(as_row(item)) for item in indicators)


def _write_txt(stream: TextIO, indicators: Iterable[Indicator]) -> None:
    stream.writelines(item.value + "\n" for item in indicators)


_WRITERS: dict[str, Callable[[TextIO, Iterable[Indicator]], None]] = {
    ".jsonl": _write_jsonl,
    ".json": _write_json,
    ".csv": _write_csv,
    ".txt": _write_txt,
}
