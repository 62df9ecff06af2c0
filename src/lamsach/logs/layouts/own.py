"""User-defined Layouts: TOML files in `~/.config/lamsach/formats/` or named on the command line.

A file is data, never code: its expressions and examples are checked, and errors reported with their location.
Only regular expressions of bounded cost are accepted (`pattern_cost.py`).
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
from lamsach.logs.layouts.pattern_cost import compile_bounded
from lamsach.model import Action, EventKind

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
