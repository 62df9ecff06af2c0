"""Implementation of `lamsach indicators explain`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from lamsach.cli.command_line import Exit
from lamsach.cli.console import emit, problem_line, translate
from lamsach.cli.indicators.shared import write_out
from lamsach.errors import ExitStatus
from lamsach.indicators.judge.explanation import Explained, explanations
from lamsach.indicators.values.mappings import as_mapping
from lamsach.model import Indicator, Problem


def explain(file: str, value: str | None, *, as_json: bool, ocr: bool) -> None:
    """Print each value of a list with the deciding rule."""
    problems: list[Problem] = []
    count = 0

    def counted() -> Iterator[Explained]:
        nonlocal count
        for entry in explanations(file, problems.append, value, ocr=ocr):
            count += 1
            yield entry

    if sys.stdout.isatty() and not as_json:
        from lamsach.cli.indicators.tables import show_explained

        show_explained(counted())
    else:
        for entry in counted():
            write_out(json.dumps(_record(entry), ensure_ascii=False) + "\n")
    for problem in problems:
        emit(problem_line(problem))
    if problems:
        raise Exit(ExitStatus.PARTIAL if count else ExitStatus.INPUT)
    if not count:
        _ = translate()
        emit(_("The list holds no value.") if value is None else _("No reader saw this value in the list."))
        raise Exit(ExitStatus.NOTHING_FOUND)


def _record(entry: Explained) -> dict[str, object]:
    verdict = "taken" if isinstance(entry.entry, Indicator) else "refused"
    return {
        "verdict": verdict,
        "reader": entry.reader,
        "rule": entry.rule,
        "fired": list(entry.fired),
        **as_mapping(entry.entry),
    }
