"""Units of which nothing may be erased now. Whatever erases by the calendar asks here; the app `privacy`, which keeps the legal holds, answers."""

from __future__ import annotations

from collections.abc import Callable

_ANSWERS: list[Callable[[], set[int]]] = []


def register(answer: Callable[[], set[int]]) -> None:
    """Let a function say which units are held."""
    if answer not in _ANSWERS:
        _ANSWERS.append(answer)


def held_units() -> set[int]:
    """The units of which nothing may be erased."""
    return {unit for answer in _ANSWERS for unit in answer()}
