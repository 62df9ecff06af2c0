"""A table of many rows in one test.

Each test costs pytest some milliseconds in every process, which a thousand short rows do not pay back.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any


def each_row(
    name: str, table: Iterable[Any], call: Callable[[Any], str] = repr
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run one test over rows, as `pytest.mark.parametrize` with one name does; `call` selects rows.

    The test goes on to the end and reports every row that fails.
    """

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def every(**others: Any) -> None:
            wrong: list[Exception] = []
            for row in table:
                try:
                    test(**others, **{name: row})
                except Exception as problem:
                    problem.add_note(f"{name}: {call(row)[:200]}")
                    wrong.append(problem)
            if wrong:
                raise ExceptionGroup(f"{len(wrong)} rows are wrong", wrong)

        signature = inspect.signature(test)
        rest = [parameter for parameter in signature.parameters.values() if parameter.name != name]
        every.__signature__ = signature.replace(parameters=rest)  # type: ignore[attr-defined]
        return every

    return decorate
