"""User-defined Layouts: TOML files in `~/.config/lamsach/formats/` or named on the command line.

A file is data, never code: its expressions and examples are checked, and errors reported with their location.
Only regular expressions of bounded cost are accepted. Python's engine backtracks, so each repetition must
have a single possible end: what follows it must not match what it repeats.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from lamsach.errors import LineError, UnreadableError, UsageError
from lamsach.logs.base import FileContext
from lamsach.logs.events.ends import Role, Way
from lamsach.logs.events.records import event_record
from lamsach.logs.formats import FORMATS
from lamsach.logs.layouts import Layout, Of, Shape
from lamsach.logs.layouts.kinds import KINDS, USUAL, verbs
from lamsach.logs.layouts.line import LayoutFormat
from lamsach.model import Action, EventKind

LONGEST_PATTERN = 2000
_MOST_WAYS, _MOST_TIMES = 256, 8
_LETTERS = [chr(code) for code in range(256)]
_ANY = frozenset(_LETTERS)
_REMEDY = "Put a letter between them that the first cannot match, as in [^ ]+ followed by a space."
_FORBIDDEN = frozenset(
    {"ASSERT", "ASSERT_NOT", "GROUPREF", "GROUPREF_EXISTS", "ATOMIC_GROUP", "POSSESSIVE_REPEAT"}
)


def compile_bounded(pattern: str, where: str) -> re.Pattern[str]:
    """Compile an expression. Raises UsageError for an invalid one or one of unbounded cost."""
    if len(pattern) > LONGEST_PATTERN:
        raise UsageError("The pattern is too long.", where, "Use at most 2,000 characters.")
    try:
        compiled = re.compile(pattern, re.ASCII)
        tree = re._parser.parse(pattern, re.ASCII)  # type: ignore[attr-defined]
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError("The pattern is no regular expression.", where, str(error)[:200]) from None
    cost = _CostCheck(where)
    cost.sequence(list(tree), frozenset())
    if cost.ways > _MOST_WAYS:
        raise UsageError(
            "The pattern has too many choices that begin alike.",
            where,
            "Let optional parts and alternatives begin with different letters.",
        )
    return compiled


class _CostCheck:
    """Cost analysis of an expression. `ways`: upper bound of retries, as choices begin alike."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.ways = 1

    def sequence(self, nodes: list[Any], after: frozenset[str]) -> tuple[frozenset[str], bool]:
        """Return a sequence's possible first characters, and whether it can be empty.

        `after`: the characters that may follow it."""
        begin, empty = after, True
        for node in reversed(nodes):
            first, may_be_empty = self.node(node, begin)
            begin = first | begin if may_be_empty else first
            empty = empty and may_be_empty
        return begin, empty

    def node(self, node: Any, after: frozenset[str]) -> tuple[frozenset[str], bool]:
        """Return the same for one node."""
        kind, value = str(node[0]), node[1]
        if kind in _FORBIDDEN:
            raise UsageError(
                "The pattern looks around or back.",
                self.where,
                "Leave out look-around, atomic groups and back references.",
            )
        if kind == "SUBPATTERN":
            return self.sequence(list(value[3]), after)
        if kind == "BRANCH":
            parts = [self.sequence(list(part), after) for part in value[1]]
            firsts = [first for first, _ in parts]
            if sum(map(len, firsts)) > len(frozenset().union(*firsts)):
                self.ways *= len(parts)
            return frozenset().union(*firsts), any(empty for _, empty in parts)
        if kind == "AT":
            return frozenset(), True
        if kind in ("MAX_REPEAT", "MIN_REPEAT"):
            return self.repetition(int(value[0]), int(value[1]), list(value[2]), after)
        return _letters(node), False

    def repetition(
        self, least: int, most: int, body: list[Any], after: frozenset[str]
    ) -> tuple[frozenset[str], bool]:
        """Return the same for a repetition."""
        if len(body) == 1 and str(body[0][0]) in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
            first = _letters(body[0])
            if most != least and first & after:
                raise UsageError("Two parts of the pattern can match the same letters.", self.where, _REMEDY)
            return first, least == 0
        if most > _MOST_TIMES:
            raise UsageError(
                "The pattern repeats a group too often.",
                self.where,
                "Repeat a group at most 8 times, as in {0,8}; one letter or class as often as you like.",
            )
        before = self.ways
        first, _ = self.sequence(body, after)
        if most > 1:  # the group may follow itself
            first, _ = self.sequence(body, after | first)
        if first & after:
            self.ways *= 2
        self.ways = min(before * (self.ways // before) ** most, _MOST_WAYS + 1)
        return first, least == 0


def _letters(node: Any) -> frozenset[str]:
    """Return the characters that a single-character node matches."""
    kind, value = str(node[0]), node[1]
    if kind == "LITERAL":
        return frozenset({chr(value)})
    if kind == "NOT_LITERAL":
        return _ANY - {chr(value)}
    if kind == "ANY":
        return _ANY
    found: set[str] = set()
    for code, part in value:
        name = str(code)
        if name == "LITERAL":
            found.add(chr(part))
        elif name == "RANGE":
            found |= {letter for letter in _LETTERS if part[0] <= ord(letter) <= part[1]}
        elif name == "CATEGORY":
            found |= {letter for letter in _LETTERS if _CATEGORIES[str(part)].fullmatch(letter)}
    return _ANY - found if str(value[0][0]) == "NEGATE" else frozenset(found)


_CATEGORIES = {
    f"CATEGORY_{'NOT_' * negated}{name}": re.compile(letter.upper() if negated else letter, re.ASCII)
    for name, letter in (("DIGIT", r"\d"), ("SPACE", r"\s"), ("WORD", r"\w"))
    for negated in (False, True)
}


LONGEST_FILE = 1 << 18
_MOST_SHAPES = 32
_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")
_GROUP = re.compile(r"([a-z_]+)\d*")
_ROOM = 4096
_ROLES = {
    "between": Role.BETWEEN,
    "resolver": Role.SERVES_THE_UNIT,
    "proxy": Role.SERVES_THE_UNIT,
    "server": Role.BETWEEN,
}
_KEYS = {"name", "title", "source", "role", "marks", "shapes", "examples"}
_SHAPE_KEYS = {"pattern", "kind", "kinds", "allowed", "blocked", "other"}
_CLOCKS = {"time": "iso"}


def add_own_formats(files: Iterable[Path]) -> None:
    """Register the formats of these files before all others. Raises UsageError, UnreadableError."""
    for path in files:
        log_format = own_format(path)
        FORMATS.add(log_format.name, log_format, log_format.layout.marks)


def own_format(path: Path) -> type[LayoutFormat]:
    """Load a format and verify its examples. Raises UsageError, UnreadableError."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LONGEST_FILE + 1)
        if len(data) > LONGEST_FILE:
            raise UsageError("The format file is too long.", str(path), "Use at most 256 kB.")
        declared = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise UnreadableError("The file cannot be read.", str(path), error.strerror or "") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError("The format file is no TOML.", str(path), str(error)[:200]) from None
    layout = _layout(declared, str(path))
    log_format: type[LayoutFormat] = type(
        "OwnFormat", (LayoutFormat,), {"layout": layout, "__doc__": layout.source}
    )
    _try_examples(log_format, str(path))
    return log_format


def _need(fine: bool, what: str, where: str, advice: str) -> None:
    if not fine:
        raise UsageError(what, where, advice)


def _layout(declared: Mapping[str, Any], where: str) -> Layout:
    _known(declared, _KEYS, where)
    name = _text(declared, "name", where)
    advice = "Use small letters, digits and underscores."
    _need(_NAME.fullmatch(name) is not None, "The format's name is not allowed.", f"{where}: name", advice)
    taken = name in FORMATS.names and not FORMATS.was_added(name)
    _need(not taken, "There is a format of this name already.", f"{where}: name", "Choose another name.")
    role = declared.get("role", "between")
    _need(role in _ROLES, "The role is not known.", f"{where}: role", f"One of: {', '.join(_ROLES)}.")
    shapes = _tables(declared, "shapes", where)
    what = "A format needs at least one shape, and at most 32."
    _need(1 <= len(shapes) <= _MOST_SHAPES, what, f"{where}: shapes", "Add [[shapes]].")
    examples = _tables(declared, "examples", where)
    what, advice = "A format needs at least two examples.", "Add [[examples]] with line and gives."
    _need(len(examples) >= 2, what, f"{where}: examples", advice)
    return Layout(
        name=name,
        title=_text(declared, "title", where),
        source=_text(declared, "source", where),
        marks=_marks(declared, where),
        room=_ROOM,
        anywhere=True,
        role=_ROLES[role],
        shapes=tuple(_shape(table, role, f"{where}: shapes {at}") for at, table in enumerate(shapes, 1)),
        examples=tuple(_example(table, f"{where}: examples {at}") for at, table in enumerate(examples, 1)),
    )


def _marks(declared: Mapping[str, Any], where: str) -> tuple[str, ...]:
    marks = declared.get("marks", [])
    fine = isinstance(marks, list) and marks and all(isinstance(mark, str) and mark for mark in marks)
    what = "A format needs marks: each of its lines holds at least one of them."
    _need(bool(fine), what, f"{where}: marks", 'As in marks = ["gate: "].')
    return tuple(marks)


def _shape(declared: Mapping[str, Any], role: str, where: str) -> Shape:
    _known(declared, _SHAPE_KEYS, where)
    pattern = _text(declared, "pattern", where)
    expression = compile_bounded(pattern, f"{where}: pattern")
    kind = _value_of(EventKind, declared.get("kind", "connection"), "kind of event", f"{where}: kind")
    other = _value_of(Action, declared.get("other", "unknown"), "action", f"{where}: other")
    fields: dict[str, Any] = {"kind": kind} | ({"way": Way.CALLED} if role == "server" else {})
    kinds = declared.get("kinds", {})
    groups = {found[1] for name in expression.groupindex if (found := _GROUP.fullmatch(name))}
    for name in sorted(groups | {*kinds}):
        kind = kinds.get(name, _CLOCKS.get(name))
        if name == "action":
            fields[name] = Of(_verbs(declared, other, where), ("action",), absent=other)
        elif kind is not None:
            fine = kind in KINDS and name in groups and (name in USUAL or name in _CLOCKS)
            what = "The kind of a value is not known, or its group is not."
            _need(fine, what, f"{where}: kinds.{name}", f"One of: {', '.join(KINDS)}.")
            fields[name] = KINDS[kind]
        else:
            advice = f"One of: {', '.join(sorted({*USUAL, 'time', 'action'}))}."
            _need(name in USUAL, "A group is named after no field.", f"{where}: {name}", advice)
    if "action" not in groups:
        fields["action"] = other
    return Shape(pattern, fields)  # fmt: skip


def _value_of(values: type[StrEnum], value: Any, title: str, where: str) -> Any:
    try:
        return values(value)
    except ValueError:
        raise UsageError(f"The {title} is not known.", where, f"One of: {', '.join(values)}.") from None


def _verbs(declared: Mapping[str, Any], other: Action, where: str) -> Any:
    words = {key: declared.get(key, []) for key in ("allowed", "blocked")}
    for key, given in words.items():
        fine = isinstance(given, list) and all(isinstance(word, str) for word in given)
        _need(fine, "The words are no list of texts.", f"{where}: {key}", 'As in blocked = ["DROP"].')
    return verbs(**{key: frozenset(given) for key, given in words.items()}, other=other)


def _known(declared: Mapping[str, Any], keys: set[str], where: str) -> None:
    for unknown in sorted({*declared} - keys):
        raise UsageError("A key is not known.", f"{where}: {unknown}", f"One of: {', '.join(sorted(keys))}.")


def _text(declared: Mapping[str, Any], key: str, where: str) -> str:
    value = declared.get(key)
    fine = isinstance(value, str) and value.strip()
    _need(bool(fine), "A text is missing.", f"{where}: {key}", f'As in {key} = "...".')
    return str(value)


def _tables(declared: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
    value: Any = declared.get(key, [])
    fine = isinstance(value, list) and all(isinstance(table, dict) for table in value)
    _need(fine, "A list of tables is missing.", f"{where}: {key}", f"Write each as [[{key}]].")
    return list(value)


def _example(declared: Mapping[str, Any], where: str) -> tuple[str, Mapping[str, Any]]:
    line = _text(declared, "line", where)
    _known(declared, {"line", "gives"}, where)
    gives: Any = declared.get("gives")
    what, advice = "An example does not say what it gives.", 'As in gives = { source_ip = "10.1.1.5" }.'
    _need(isinstance(gives, dict) and bool(gives), what, where, advice)
    return line, dict(gives)


def _try_examples(log_format: type[LayoutFormat], where: str) -> None:
    for at, (line, gives) in enumerate(log_format.layout.examples, 1):
        place = f"{where}: examples {at}"
        advice = "Compare its line with the patterns and the marks."
        _need(log_format.recognises(line), "An example has none of the shapes.", place, advice)
        try:
            event = log_format(FileContext()).parse(line, 1)
        except LineError as error:
            raise UsageError("An example is refused.", place, error.what) from None
        found = event_record(event) if event else {}
        for key, value in gives.items():
            result = found.get(key)
            _need(result == value, "An example gives something else.", f"{place}: {key}", repr(result)[:200])
