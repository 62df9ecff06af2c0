"""Work of `lamsach indicators explain`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from lamsach.cli.command_line import Exit
from lamsach.cli.console import problem_line, tell, translate
from lamsach.cli.indicators.shared import write_out
from lamsach.errors import ExitStatus
from lamsach.indicators.judge.explanation import Explained, explanations
from lamsach.indicators.values.records import as_mapping
from lamsach.model import Indicator, Problem


def explain(file: str, value: str | None, *, as_json: bool, ocr: bool) -> None:
    """Print each value of a list with what decided about it."""
    problems: list[Problem] = []
    count = 0

    def counted() -> Iterator[Explained]:
        nonlocal count
        for one in explanations(file, problems.append, value, ocr=ocr):
            count += 1
            yield one

    if sys.stdout.isatty() and not as_json:
        from lamsach.cli.indicators.tables import show_explained

        show_explained(counted())
    else:
        for one in counted():
            write_out(json.dumps(_record(one), ensure_ascii=False) + "\n")
    for problem in problems:
        tell(problem_line(problem))
    if problems:
        raise Exit(ExitStatus.PARTIAL if count else ExitStatus.INPUT)
    if not count:
        _ = translate()
        tell(_("The list holds no value.") if value is None else _("No reader saw this value in the list."))
        raise Exit(ExitStatus.NOTHING_FOUND)


def _record(one: Explained) -> dict[str, object]:
    verdict = "taken" if isinstance(one.entry, Indicator) else "refused"
    return {
        "verdict": verdict,
        "reader": one.reader,
        "rule": one.rule,
        "fired": list(one.fired),
        **as_mapping(one.entry),
    }
