"""Layouts: declarations of log products, run over single lines (`line.py`) and columns (`column.py`).

A Layout has record shapes, tried in order. A shape splits a record into named texts, from which the event's
fields are built: by the kind of value (`kinds.py`), by a function of several texts, or as constants. An
empty text counts as absent. A Layout does not state which end is the unit's own machine: it states the log's
role and the contact's direction (`role`, `way`), and `lamsach.logs.events.ends` decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lamsach.logs.events.ends import Role
from lamsach.logs.layouts.kinds import USUAL, Clock, Kind
from lamsach.model import Event

VIRTUAL = frozenset({"inner_ip", "way", "source_name", "destination_name", "client_mac", "sender"})
"""Fields that only affect others.

`inner_ip`: the real destination behind a translation; `way` (`ends.Way`); names of both ends and the
source's hardware address, which apply to the device if it is that end; `sender`: the observer if the header
names none.
"""
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Of:
    """A field from the first of these texts with a value of the kind; else `absent`."""

    kind: Kind | Clock
    names: tuple[str, ...]
    absent: Any = None


@dataclass(frozen=True, slots=True)
class Made:
    """A field computed from several texts by a function; absent ones are None.

    For columns the function runs once per distinct combination."""

    function: Callable[..., Any]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Shape:
    """Records of one pattern.

    Groups are named after the event's fields (`source_ip`; `domain2` for another position in an alternative)
    or arbitrarily."""

    pattern: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Fields of another kind than in `kinds.USUAL`, built from other texts (`Of`, `Made`), or constant."""
    also: tuple[str, ...] = ()
    """Patterns searched after the record, each at most once."""
    needs: tuple[str, ...] = ()
    """Fields that every line of the shape has."""
    lead: str | None = None
    """Pattern of a record's beginning, unless it is the pattern's part before its first group."""
    pairs: bool = False
    """Whether records are `key=value`, whose keys are the texts (the pattern has no groups)."""
    columns: bool = True
    """Whether Arrow may run the pattern (RE2 has no look-around)."""
    apart: Callable[[Any, re.Match[str]], dict[str, str | None] | Event | None] | None = None
    """Splits a record into texts, or parses its event, where groups do not suffice.

    Called with the format and the match; None: not of the shape. Such lines are read singly."""

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The compiled pattern."""
        return re.compile(self.pattern, re.ASCII)

    @property
    def begins(self) -> str:
        """Pattern of a record's beginning: see `lead`."""
        return self.pattern.partition("(?P<")[0] if self.lead is None else self.lead

    @cached_property
    def others(self) -> tuple[re.Pattern[str], ...]:
        """The compiled patterns of `also`."""
        return tuple(re.compile(pattern, re.ASCII) for pattern in self.also)

    @cached_property
    def made(self) -> Mapping[str, Of | Made]:
        """Fields computed from texts, in the order of their declaration."""
        groups = [group for expression in (self.expression, *self.others) for group in expression.groupindex]
        return fields_of([] if self.apart or self.pairs else groups, self.fields)

    @property
    def in_columns(self) -> bool:
        """Return whether the columnar reader may run the shape."""
        return self.columns and self.apart is None

    @cached_property
    def constant(self) -> dict[str, Any]:
        """Fields with the same value in every record."""
        return {
            key: value
            for key, value in self.fields.items()
            if not isinstance(value, Of | Made | Kind | Clock)
        }

    @property
    def whole(self) -> bool:
        """Return whether the pattern includes the line's end."""
        return self.pattern.endswith("$")

    @cached_property
    def plain(self) -> tuple[tuple[str, str, Callable[[str], Any], Any], ...]:
        """Fields of one text each: field, text, reader, and value when absent."""
        return tuple(
            (key, how.names[0], how.kind.read, how.absent)
            for key, how in self.made.items()
            if isinstance(how, Of) and isinstance(how.kind, Kind) and len(how.names) == 1
        )

    @cached_property
    def others_made(self) -> tuple[tuple[str, Of | Made], ...]:
        """The other fields computed from texts."""
        plain = {key for key, *_ in self.plain}
        return tuple((key, how) for key, how in self.made.items() if key not in plain)

    @cached_property
    def deciding(self) -> bool:
        """Return whether any field affects others."""
        return bool((VIRTUAL | {"device_ip", "source_mac"}) & {*self.made, *self.constant})


def fields_of(names: list[str], stated: Mapping[str, Any]) -> Mapping[str, Of | Made]:
    """Return how fields are computed from texts with these names, given a Layout's declarations."""
    groups_by_field: dict[str, list[str]] = {}
    for name in names:
        groups_by_field.setdefault(name.rstrip(_DIGITS), []).append(name)
    found: dict[str, Of | Made] = {
        key: Of(USUAL[key], tuple(groups))
        for key, groups in groups_by_field.items()
        if key in USUAL and key not in stated
    }
    for key, value in stated.items():
        if isinstance(value, Kind | Clock):
            found[key] = Of(value, tuple(groups_by_field.get(key, (key,))))
        elif isinstance(value, Of | Made):
            found[key] = value
    return found


@dataclass(frozen=True)
class Layout:
    """A log product."""

    name: str
    title: str
    shapes: tuple[Shape, ...]
    examples: tuple[tuple[str, Mapping[str, Any]], ...]
    """Lines with expected values; used as tests."""
    source: str = ""
    """The product's documentation."""
    marks: tuple[str, ...] = ()
    """Texts, one of them in each of its lines."""
    room: int = 300
    """Maximal offset of a record in a line."""
    anywhere: bool = False
    """Whether records are searched in the line, with the header before them; else they follow it."""
    role: Role = Role.BETWEEN
    of_resolver: bool = False
    leases: tuple[str, ...] = ()
    also_gives: tuple[str, ...] = ()
    """Fields that only `apart` code fills."""

    @property
    def in_columns(self) -> bool:
        """Return whether the columnar reader may run any shape."""
        return any(shape.in_columns for shape in self.shapes)

    @cached_property
    def gives(self) -> tuple[str, ...]:
        """Fields of events that it can fill."""
        given = {"time", "observer", *self.also_gives}
        for shape in self.shapes:
            given |= {*shape.made, *shape.constant}
        if given & {"source_ip", "destination_ip"}:
            given.add("device_ip")
        given |= {"device_name"} if given & {"source_name", "destination_name"} else set()
        given |= {"device_mac"} if given & {"source_mac", "client_mac"} else set()
        return tuple(sorted(given - VIRTUAL - {"kind", "source_mac"}))
