"""Merging of equal problems in several rows of one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from lamsach.model import Problem

_ROWS_SHOWN = 12


def alike_problems(problems: Iterable[Problem]) -> Iterator[tuple[str, Problem]]:
    """Yield problems with their places; equal ones merged, such as `inventory.xlsx:PCs:4, 9`."""
    for (start, _where, _what, _todo), group in groupby(problems, key=_merge_key):
        members = list(group)
        rows = [problem.where.rpartition(":")[2] for problem in members]
        shown = ", ".join(rows[:_ROWS_SHOWN]) + (", …" if len(rows) > _ROWS_SHOWN else "")
        yield (f"{start}:{shown}" if start else members[0].where), members[0]


def _merge_key(problem: Problem) -> tuple[str, str, str, str]:
    """Return the text of a problem and its file; the whole place instead if that names no row."""
    start, _colon, row = problem.where.rpartition(":")
    numbered = bool(start) and row.isdigit()
    return start if numbered else "", "" if numbered else problem.where, problem.what, problem.todo
