"""Problems that say the same of several rows of one file, merged into one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from lamsach.model import Problem

_ROWS_SHOWN = 12


def alike_problems(problems: Iterable[Problem]) -> Iterator[tuple[str, Problem]]:
    """Problems with places; those alike of several rows in one line, such as `inventory.xlsx:PCs:4, 9`."""
    for (start, _where, _what, _todo), group in groupby(problems, key=_said):
        every = list(group)
        rows = [problem.where.rpartition(":")[2] for problem in every]
        shown = ", ".join(rows[:_ROWS_SHOWN]) + (", …" if len(rows) > _ROWS_SHOWN else "")
        yield (f"{start}:{shown}" if start else every[0].where), every[0]


def _said(problem: Problem) -> tuple[str, str, str, str]:
    """Return what makes two problems alike: the words, and the file of a row, else the whole place."""
    start, _colon, row = problem.where.rpartition(":")
    numbered = bool(start) and row.isdigit()
    return start if numbered else "", "" if numbered else problem.where, problem.what, problem.todo
