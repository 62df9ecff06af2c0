"""Chart geometry for templates: stacked bars, and lines over days; QR codes, and PDF files that show one.

Horizontal positions are percentages of the width, vertical ones pixels, so that a chart fits any window and
its text has a constant size. A table next to it holds the same numbers.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from lamsach.portal.base.lists import Cell, Quiet, State

HEIGHT, TOP, BOTTOM = 300, 28, 34
_LABEL = 17


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a bar: tone, text, count, address of its list; position and width in percent."""

    tone: str
    words: Any
    count: int
    url: str = ""
    x: float = 0
    width: float = 0


def bar(parts: Iterable[Part], whole: int = 0) -> list[Part]:
    """Place the parts one after another; together they fill the bar, or their share of `whole`."""
    listed = list(parts)
    total, done, placed = max(1, whole, sum(part.count for part in listed)), 0, []
    for part in listed:
        x, end = (round(100 * count / total, 2) for count in (done, done + part.count))
        placed.append(Part(part.tone, part.words, part.count, part.url, x, round(end - x, 2)))
        done += part.count
    return placed


@dataclass(frozen=True, slots=True)
class Branch:
    """A unit with all units below it, and its bar."""

    unit: Any
    parts: Sequence[Part]

    @property
    def all(self) -> int:
        """Sum of the parts' counts."""
        return sum(part.count for part in self.parts)


def branch_cells(whole: str, parts: Sequence[Any], nothing: Any, *more: Cell) -> tuple[Cell, ...]:
    """Columns of a list of `Branch` rows: unit, `more`, bar, sum, parts; `nothing`: sum of an empty one."""

    def part(index: int) -> Callable[[Branch], int | None]:
        return lambda row: row.parts[index].count if row.all else None

    def unit(row: Branch) -> Any:
        return row.unit.name, Quiet(row.unit.code)

    return (
        Cell("Unit", unit, "unit__name", template="base/branch.html"),
        *more,
        Cell("", template="base/branch_bar.html", css="drawn"),
        Cell(whole, lambda row: row.all or State("unsearched", nothing), "all", css="number"),
        *(
            Cell(words, part(index), f"parts__{index}__count", css="number")
            for index, words in enumerate(parts)
        ),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its points, its last value, and the heights of its end and its label."""

    tone: str
    words: Any
    points: str
    value: int
    end_y: float
    label_y: float


@dataclass(frozen=True, slots=True)
class Mark:
    """Mark on an axis; `anchor`: the end of a day's text that is at the position."""

    at: float
    value: int
    day: date | None = None
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over days, from zero."""

    lines: tuple[Line, ...]
    heights: tuple[Mark, ...]
    days: tuple[Mark, ...]
    height: int = HEIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM
    deep: int = HEIGHT - TOP - BOTTOM


def chart(days: Sequence[date], rows: Sequence[tuple[str, Any, Sequence[int]]]) -> Chart:
    """Lay out lines over days. Each row: tone, text, and values for the first days."""
    largest = max(1, *(max(values) for _tone, _words, values in rows))
    step = mark_step(largest)
    top, last = step * -(-largest // step), max(len(days) - 1, 1)

    def deep(value: int) -> float:
        return round((HEIGHT - TOP - BOTTOM) * (1 - value / top), 1)

    def across(index: int) -> float:
        return round(100 * index / last, 2)

    ends = {tone: round(TOP + deep(values[-1]), 1) for tone, _words, values in rows}
    labels = spread_labels(ends)
    lines = tuple(
        Line(
            tone,
            words,
            " ".join(f"{across(index)},{deep(value)}" for index, value in enumerate(values)),
            values[-1],
            ends[tone],
            labels[tone],
        )
        for tone, words, values in rows
    )
    interval = max(1, -(-len(days) // 5))
    return Chart(
        lines,
        tuple(Mark(round(TOP + deep(value), 1), value) for value in range(0, top + 1, step)),
        tuple(
            Mark(
                at := across(index), index, days[index], "start" if at < 5 else "end" if at > 95 else "middle"
            )
            for index in range(0, len(days), interval)
        ),
    )


def mark_step(largest: int, marks: int = 5) -> int:
    """Distance between two marks: 1, 2 or 5 times a power of ten; at most `marks` up to the largest value."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if factor * size * marks >= largest:
                return factor * size
        size *= 10


def spread_labels(ends: Mapping[str, float]) -> dict[str, float]:
    """Heights of the labels: at the ends of their lines, moved apart, within the picture."""
    order = sorted(ends, key=lambda name: ends[name])
    placed: list[float] = []
    for name in order:
        placed.append(max(ends[name], placed[-1] + _LABEL) if placed else ends[name])
    limit = float(HEIGHT - BOTTOM)
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], limit)
        limit = placed[index] - _LABEL
    return {name: round(at, 1) for name, at in zip(order, placed, strict=True)}


def qr(text: str) -> bytes:
    """QR code (ISO/IEC 18004, error correction M) as SVG, with a quiet zone of four modules."""
    import qrcode  # type: ignore[import-untyped]
    from qrcode.image.svg import SvgPathFillImage  # type: ignore[import-untyped]

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(text)
    buffer = BytesIO()
    code.make_image(image_factory=SvgPathFillImage).save(buffer)
    return buffer.getvalue()


def qr_address(text: str) -> str:
    """The QR code as a data address for an image element."""
    return "data:image/svg+xml;base64," + base64.b64encode(qr(text)).decode()


def typeset(template: Path, content: Mapping[str, Any], address: str) -> bytes:
    """PDF by Typst (Apache-2.0) from a template, its texts as data, and the QR code of an address."""
    import typst

    data = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace").decode()
    sources = {"main.typ": template.read_bytes(), "qr.svg": qr(address)}
    compiled: Any = typst.compile  # its stub lacks multiple sources
    pdf = compiled(sources, format="pdf", ignore_system_fonts=True, sys_inputs={"data": data}, timestamp=0)
    assert isinstance(pdf, bytes)
    return pdf
