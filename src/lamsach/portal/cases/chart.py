"""The chart of machines over time, as places in a picture; the template writes the SVG. Zero based, lines named at their end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from lamsach.portal.cases.dashboard import LINES, Series

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 54, 164, 28, 34
_LABEL = 17


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its points, its last value, and where its name stands."""

    name: str
    points: str
    value: int
    end_y: float
    label_y: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on an axis."""

    at: float
    value: int
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole picture, in its own units."""

    lines: tuple[Line, ...]
    heights: tuple[Mark, ...]
    days: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM
    top: int = TOP


def step_of(largest: int, marks: int = 5) -> int:
    """The distance between two marks: 1, 2 or 5 times a power of ten, so that at most `marks` reach the largest value."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if factor * size * marks >= largest:
                return factor * size
        size *= 10


def chart(found: Series) -> Chart:
    """Where everything is."""
    largest = max(1, *(max(values) for values in found.counts.values()))
    step = step_of(largest)
    top = step * -(-largest // step)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    last = max(len(found.days) - 1, 1)

    def x(place: int) -> float:
        return round(LEFT + wide * place / last, 1)

    def y(value: int) -> float:
        return round(TOP + high * (1 - value / top), 1)

    ends = {name: y(found.counts[name][-1]) for name in LINES}
    labels = spread(ends)
    lines = tuple(
        Line(
            name,
            " ".join(f"{x(place)},{y(value)}" for place, value in enumerate(found.counts[name])),
            found.counts[name][-1],
            ends[name],
            labels[name],
        )
        for name in LINES
    )
    heights = tuple(Mark(y(value), value) for value in range(0, top + 1, step))
    every = max(1, -(-len(found.days) // 5))
    days = tuple(Mark(x(place), place, found.days[place]) for place in range(0, len(found.days), every))
    return Chart(lines, heights, days)


def spread(ends: Mapping[str, float]) -> dict[str, float]:
    """Heights of the labels: at the ends of their lines, moved apart where they would touch, inside the picture."""
    order = sorted(ends, key=lambda name: ends[name])
    placed: list[float] = []
    for name in order:
        placed.append(max(ends[name], placed[-1] + _LABEL) if placed else ends[name])
    over = placed[-1] - (HEIGHT - BOTTOM) if placed else 0
    if over > 0:
        limit = float(HEIGHT - BOTTOM)
        for place in range(len(placed) - 1, -1, -1):
            placed[place] = min(placed[place], limit)
            limit = placed[place] - _LABEL
    return {name: round(at, 1) for name, at in zip(order, placed, strict=True)}
