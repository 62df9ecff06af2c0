"""A table in one test reports every row that fails."""

from __future__ import annotations

import inspect

import pytest

from tests.rows import each_row


def test_every_row_is_looked_at_and_told() -> None:
    seen: list[int] = []

    @each_row("number", [1, 2, 3])
    def odd(number: int, limit: int) -> None:
        seen.append(number)
        assert number < limit

    assert list(inspect.signature(odd).parameters) == ["limit"]
    with pytest.raises(ExceptionGroup) as told:
        odd(limit=2)
    assert seen == [1, 2, 3]
    assert [problem.__notes__ for problem in told.value.exceptions] == [["number: 2"], ["number: 3"]]
    odd(limit=4)


@each_row("number", [1, 2])
def test_it_takes_fixtures_and_parameters(number: int, tmp_path: object) -> None:
    assert number
    assert tmp_path
