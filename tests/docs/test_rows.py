"""Tables of rows in one test."""

from __future__ import annotations

import inspect

import pytest

from tests.rows import each_row


def test_every_row_is_checked_and_reported() -> None:
    checked: list[int] = []

    @each_row("number", [1, 2, 3])
    def odd(number: int, limit: int) -> None:
        checked.append(number)
        assert number < limit

    assert list(inspect.signature(odd).parameters) == ["limit"]
    with pytest.raises(ExceptionGroup) as raised:
        odd(limit=2)
    assert checked == [1, 2, 3]
    assert [problem.__notes__ for problem in raised.value.exceptions] == [["number: 2"], ["number: 3"]]
    odd(limit=4)


@each_row("number", [1, 2])
def test_it_takes_fixtures_and_parameters(number: int, tmp_path: object) -> None:
    assert number
    assert tmp_path
