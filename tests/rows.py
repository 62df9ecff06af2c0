"""Tables of many short rows in one test, which saves pytest's overhead per test."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any


def each_row(
    name: str, table: Iterable[Any], call: Callable[[Any], str] = repr
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test over rows, as `pytest.mark.parametrize` with one name; `call` labels rows.

    All rows run, and every failing one is reported.
    """

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def run_all(**fixtures: Any) -> None:
            problems: list[Exception] = []
            for row in table:
                try:
                    test(**fixtures, **{name: row})
                except Exception as problem:
                    problem.add_note(f"{name}: {call(row)[:200]}")
                    problems.append(problem)
            if problems:
                raise ExceptionGroup(f"{len(problems)} rows are wrong", problems)

        signature = inspect.signature(test)
        rest = [parameter for parameter in signature.parameters.values() if parameter.name != name]
        run_all.__signature__ = signature.replace(parameters=rest)  # type: ignore[attr-defined]
        return run_all

    return decorate
