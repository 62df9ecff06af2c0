"""Interpreter of a PDF's page: characters with positions, and rules (ISO 32000-2, 8.5 and 9.4).

The page's program is run once, its forms included. Coordinates are those of the page turned so that most of
its text is upright: x grows to the right, y upwards, in points. Colours, clipping and pictures are ignored.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from lamsach.documents.pdf.glyphs import Glyphs

if TYPE_CHECKING:
    from pypdf import PageObject
    from pypdf.generic import ContentStream

Matrix = tuple[float, float, float, float, float, float]

_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_MAX_FORM_DEPTH = 12
_MAX_SAVED = 512
_MAX_RULE_PT = 3.0
"""Maximum thickness of a filled box that is a rule, in points."""
_MAX_RULES = 40_000
MAX_PAGE_STEPS = 150_000
"""Maximum number of steps of a page, its forms included; a full page of text has some thousands."""
_BYTES_PER_STEP = 28
"""Bytes of a program that count as one step: reading costs too."""


class Shown(NamedTuple):
    """One string of a page.

    Its text, the left edge of each character and the right edge of the last one (x, one more than
    characters), baseline, font height, number of its marked content (MCID; -1: none), and whether it is a
    separate text even if it touches another.
    """

    text: str
    edges: tuple[float, ...]
    base: float
    size: float
    mark: int = -1
    apart: bool = False


Numbered = tuple[Shown, int]
"""A string and the 0-based number of its line on the page."""


class Rule(NamedTuple):
    """A straight line along `at` (x of an upright one, y of a level one), from `start` to `end`."""

    at: float
    start: float
    end: float


@dataclass(slots=True)
class Drawing:
    """A page's strings in drawing order, indices of those that begin a text object (`BT`), and rules."""

    shown: list[Shown] = field(default_factory=list)
    objects: list[int] = field(default_factory=list)
    upright: list[Rule] = field(default_factory=list)
    level: list[Rule] = field(default_factory=list)


@dataclass(slots=True)
class _State:
    """State saved by `q`: the matrix and the text state (ISO 32000-2, tables 51 and 103)."""

    matrix: Matrix = _IDENTITY
    font: Glyphs | None = None
    size: float = 12.0
    spacing: float = 0.0
    word_spacing: float = 0.0
    scale: float = 1.0
    leading: float = 0.0
    rise: float = 0.0


class Painter:
    """Interpreter of page programs."""

    def __init__(self) -> None:
        self.steps = 0
        """Number of steps of the last page."""
        self._fonts: dict[int, Glyphs] = {}
        self._strings: list[tuple[str, list[float], Matrix, float, int, bool]] = []
        self._begins = False
        self._marks: list[int] = []
        self._segments: list[tuple[float, float, float, float]] = []
        self._path: list[list[tuple[float, float]]] = []
        self._state = _State()
        self._saved: list[_State] = []
        self._text = self._line = _IDENTITY

    def page(self, page: PageObject) -> Drawing:
        """Return the drawing of a page.

        Raises LimitReachedError beyond `MAX_PAGE_STEPS`, any error of the library for a damaged page.
        """
        from pypdf.generic import ContentStream

        self.steps = 0
        self._strings, self._segments, self._path = [], [], []
        self._state, self._saved, self._marks = _State(), [], []
        contents = page.get("/Contents")
        if contents is not None and (found := contents.get_object()) is not None:
            content = ContentStream(found, page.pdf, "bytes")
            self._step(len(content.get_data()) // _BYTES_PER_STEP)
            self._run(content, _dictionary(page.get_inherited("/Resources")), 0)
        return _turn(self._strings, self._segments)

    def _step(self, weight: int) -> None:
        self.steps += weight
        if self.steps > MAX_PAGE_STEPS:
            from pypdf.errors import LimitReachedError

            raise LimitReachedError("steps")

    def _run(self, content: ContentStream, resources: Any, depth: int) -> None:
        for operands, operator in content.operations:
            self._step(1 + len(operands) // 64)
            try:
                if operator == b"Do":
                    self._form(resources, operands[0], depth)
                elif operator == b"Tf":
                    self._set_font(resources, operands)
                elif operator in (b"BDC", b"BMC"):
                    self._mark(resources, operands, is_page=depth == 0)
                elif operator in self._settings:
                    name, factor = self._settings[operator]
                    setattr(self._state, name, float(operands[0]) * factor)
                elif (operation := self._operations.get(operator)) is not None:
                    operation(self, operands)
            except (IndexError, KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
                continue  # a step with wrong operands draws nothing

    def _form(self, resources: Any, name: Any, depth: int) -> None:
        from pypdf.generic import ContentStream

        form = _dictionary(_dictionary(resources["/XObject"])[name])
        if form.get("/Subtype") != "/Form" or depth >= _MAX_FORM_DEPTH:
            return
        self._step(1 + len(form.get_data()) // _BYTES_PER_STEP)
        saved, around = self._state, self._saved
        self._state, self._saved = copy(saved), []
        if "/Matrix" in form:
            self._state.matrix = _multiply(_matrix(form["/Matrix"]), saved.matrix)
        self._run(
            ContentStream(form, None, "bytes"), _dictionary(form.get("/Resources")) or resources, depth + 1
        )
        self._state, self._saved = saved, around

    def _set_font(self, resources: Any, operands: Any) -> None:
        from pypdf.generic._font import Font

        self._state.size = float(operands[1])
        self._state.font = None
        found = _dictionary(_dictionary(resources["/Font"])[operands[0]])
        if id(found) not in self._fonts:
            self._fonts[id(found)] = Glyphs(Font.from_font_resource(found))
        self._state.font = self._fonts[id(found)]

    def _mark(self, resources: Any, operands: Any, *, is_page: bool) -> None:
        """Begin a marked content (`BDC`, `BMC`). A form's numbers are not the page's."""
        around = self._marks[-1] if self._marks else -1
        self._marks.append(around)
        if is_page and len(operands) > 1:
            properties = operands[1]
            facts = (
                properties
                if isinstance(properties, dict)
                else _dictionary(resources["/Properties"])[properties]
            )
            self._marks[-1] = int(_dictionary(facts).get("/MCID", around))

    def _end_mark(self, _: Any) -> None:
        if self._marks:
            self._marks.pop()

    def _save(self, _: Any) -> None:
        if len(self._saved) < _MAX_SAVED:
            self._saved.append(copy(self._state))

    def _restore(self, _: Any) -> None:
        if self._saved:
            self._state = self._saved.pop()

    def _transform(self, operands: Any) -> None:
        self._state.matrix = _multiply(_matrix(operands), self._state.matrix)

    def _begin_text(self, _: Any) -> None:
        self._text = self._line = _IDENTITY
        self._begins = True

    def _place_text(self, operands: Any) -> None:
        self._text = self._line = _matrix(operands)

    def _move_text(self, operands: Any) -> None:
        self._text = self._line = _multiply((1, 0, 0, 1, float(operands[0]), float(operands[1])), self._line)

    def _move_text_leading(self, operands: Any) -> None:
        self._state.leading = -float(operands[1])
        self._move_text(operands)

    def _show_on_next_line(self, operands: Any) -> None:
        if len(operands) > 1:
            self._state.word_spacing, self._state.spacing = float(operands[0]), float(operands[1])
        self._move_text((0, -self._state.leading))
        self._show(([operands[-1]],))

    def _show(self, operands: Any) -> None:
        state = self._state
        parts = operands[0] if isinstance(operands[0], list) else [operands[0]]
        if state.font is None:
            return
        matrix = _multiply(self._text, state.matrix)
        text: list[str] = []
        edges: list[float] = []
        pen, scale = 0.0, state.size * state.scale / 1000
        for part in parts:
            if not isinstance(part, (bytes, str)):
                jump = -float(part)
                if jump > state.font.gap and text and text[-1] != " ":
                    text.append(" ")
                    edges.append(pen)
                pen += jump * scale
                continue
            for shown, width, widened in state.font.of(part):
                step = (
                    width * scale + (state.spacing + (state.word_spacing if widened else 0.0)) * state.scale
                )
                for place, character in enumerate(shown):  # a ligature is several
                    text.append(character)
                    edges.append(pen + step * place / len(shown))
                pen += step
        self._text = _multiply((1, 0, 0, 1, pen, 0), self._text)
        if text:
            risen = _multiply((1, 0, 0, 1, 0, state.rise), matrix)
            mark = self._marks[-1] if self._marks else -1
            self._strings.append(("".join(text), [*edges, pen], risen, state.size, mark, self._begins))
            self._begins = False

    def _curve(self, operands: Any) -> None:
        # a curve is no rule: the path begins at its end
        self._path[-1] = [self._point(operands[-2:])]

    def _box(self, operands: Any) -> None:
        x, y, width, height = map(float, operands)
        corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y))
        self._path.append([self._point(corner) for corner in corners])

    def _stroke(self, _: Any) -> None:
        for points in self._path:
            for (x, y), (to_x, to_y) in itertools.pairwise(points):
                self._segment(x, y, to_x, to_y)
        self._path = []

    def _fill(self, _: Any) -> None:
        # thin boxes are rules, others are backgrounds
        for points in self._path:
            xs, ys = [x for x, _ in points], [y for _, y in points]
            left, right, low, high = min(xs), max(xs), min(ys), max(ys)
            if right - left <= min(_MAX_RULE_PT, high - low):
                self._segment((left + right) / 2, low, (left + right) / 2, high)
            elif high - low <= min(_MAX_RULE_PT, right - left):
                self._segment(left, (low + high) / 2, right, (low + high) / 2)
        self._path = []

    def _segment(self, x: float, y: float, to_x: float, to_y: float) -> None:
        if len(self._segments) < _MAX_RULES:
            self._segments.append((x, y, to_x, to_y))

    def _point(self, operands: Any) -> tuple[float, float]:
        a, b, c, d, e, f = self._state.matrix
        x, y = float(operands[0]), float(operands[1])
        return a * x + c * y + e, b * x + d * y + f

    _operations: ClassVar[dict[bytes, Callable[[Painter, Any], None]]] = {
        b"q": _save, b"Q": _restore, b"cm": _transform, b"EMC": _end_mark,
        b"BT": _begin_text, b"Tm": _place_text, b"Td": _move_text,
        b"TD": _move_text_leading, b"T*": lambda painter, _: painter._move_text((0, -painter._state.leading)),
        b"Tj": _show, b"TJ": _show, b"'": _show_on_next_line, b'"': _show_on_next_line,
        b"m": lambda painter, operands: painter._path.append([painter._point(operands)]),
        b"l": lambda painter, operands: painter._path[-1].append(painter._point(operands)),
        b"h": lambda painter, _: painter._path[-1].append(painter._path[-1][0]),
        b"n": lambda painter, _: painter._path.clear(),
        b"c": _curve, b"v": _curve, b"y": _curve, b"re": _box, b"f": _fill, b"F": _fill, b"f*": _fill,
        **dict.fromkeys((b"S", b"s", b"B", b"B*", b"b", b"b*"), _stroke),
    }  # fmt: skip
    _settings: ClassVar[dict[bytes, tuple[str, float]]] = {
        b"Tc": ("spacing", 1), b"Tw": ("word_spacing", 1), b"Tz": ("scale", 0.01), b"TL": ("leading", 1),
        b"Ts": ("rise", 1),
    }  # fmt: skip


def _dictionary(found: Any) -> Any:
    return {} if found is None else found.get_object()


def _matrix(operands: Any) -> Matrix:
    a, b, c, d, e, f = (float(operand) for operand in operands)
    return a, b, c, d, e, f


def _multiply(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _turn(
    strings: list[tuple[str, list[float], Matrix, float, int, bool]],
    segments: list[tuple[float, float, float, float]],
) -> Drawing:
    """Return the page turned so that most text runs to the right; other text is moved far off."""
    turns: Counter[int] = Counter()
    for text, _, matrix, *_ in strings:
        turns[_quarter(matrix)] += len(text)
    quarter = max(turns, key=lambda turn: turns[turn], default=0)
    across, up = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter], ((0, 1), (-1, 0), (0, -1), (1, 0))[quarter]
    drawing = Drawing()
    for text, edges, matrix, size, mark, begins in strings:
        a, b, c, d, e, f = matrix
        length, height = math.hypot(a, b), math.hypot(c, d) * abs(size)
        x, y = e * across[0] + f * across[1], e * up[0] + f * up[1]
        if _quarter(matrix) != quarter:
            x, y = x, y - 1e6 * (1 + _quarter(matrix))
        places = tuple(x + edge * length for edge in edges)
        if begins:
            drawing.objects.append(len(drawing.shown))
        drawing.shown.append(Shown(text, places, y, height, mark))
    for x, y, to_x, to_y in segments:
        left, right = sorted((x * across[0] + y * across[1], to_x * across[0] + to_y * across[1]))
        low, high = sorted((x * up[0] + y * up[1], to_x * up[0] + to_y * up[1]))
        if right - left <= 1 < high - low:
            drawing.upright.append(Rule((left + right) / 2, low, high))
        elif high - low <= 1 < right - left:
            drawing.level.append(Rule((low + high) / 2, left, right))
    return drawing


def _quarter(matrix: Matrix) -> int:
    """Return a text's direction: right, up, left or down (0 to 3)."""
    a, b = matrix[0], matrix[1]
    return round(math.atan2(b, a) / (math.pi / 2)) % 4 if math.isfinite(a) and math.isfinite(b) else 0
