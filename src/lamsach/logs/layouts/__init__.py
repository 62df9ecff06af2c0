"""A Layout: one declaration of a log product, which is run over single lines (`line.py`) and over
columns of lines (`column.py`).

A Layout has record shapes, asked in their order. A shape takes a line's record apart into named texts; the
fields of the event are made of these: by the kind of value (`kinds.py`), by a function of several texts, or
constant. A text that is empty is absent. Which end is the unit's own machine is not the Layout's to say: it
states what the log does (`role`, `way`), and `lamsach.logs.events.ends` decides.
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
"""Fields that decide about others: `inner_ip`, where the destination really is behind a translation; `way`
(`ends.Way`); names of either end and the source's hardware address, which count for the device when it is
that end; `sender`, the observer where the header names none."""
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Of:
    """A field out of the first of these texts that states a value of the kind; else `absent`."""

    kind: Kind | Clock
    names: tuple[str, ...]
    absent: Any = None


@dataclass(frozen=True, slots=True)
class Made:
    """A field made of several texts by a function, to which an absent one is None.

    In columns the function is called once for each distinct combination."""

    function: Callable[..., Any]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Shape:
    """Records of one pattern.

    Groups are named after the event's fields (`source_ip`; `domain2` where an alternative has another place)
    or at will.

    `also`: patterns searched behind the record, each at most once. `fields`: the fields whose kind is not the
    usual one of `kinds.USUAL` (a Kind), that are made of other texts (`Of`, `Made`), or constant. `needs`:
    fields without which a line is not of the shape. `lead`: a pattern whose first place in a line is where a
    record begins, when it is not what the pattern has before its first group. `pairs`: whether records are
    `key=value` from where the pattern begins, whose keys are the texts (the pattern has no groups). `apart`:
    code that takes a record apart into texts, or reads its event, where groups do not suffice (given the
    format and the match; None: not of the shape); then lines are read singly. `columns`: whether Arrow may
    run the pattern (RE2 has no look-around)."""

    pattern: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    lead: str | None = None
    pairs: bool = False
    columns: bool = True
    apart: Callable[[Any, re.Match[str]], dict[str, str | None] | Event | None] | None = None

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The pattern."""
        return re.compile(self.pattern, re.ASCII)

    @property
    def begins(self) -> str:
        """See `lead`."""
        return self.pattern.partition("(?P<")[0] if self.lead is None else self.lead

    @cached_property
    def others(self) -> tuple[re.Pattern[str], ...]:
        """The patterns of `also`."""
        return tuple(re.compile(pattern, re.ASCII) for pattern in self.also)

    @cached_property
    def made(self) -> Mapping[str, Of | Made]:
        """The fields that are made of texts, in the order in which they are stated."""
        groups = [group for one in (self.expression, *self.others) for group in one.groupindex]
        return fields_of([] if self.apart or self.pairs else groups, self.fields)

    @property
    def in_columns(self) -> bool:
        """Return whether it may be read in columns."""
        return self.columns and self.apart is None

    @cached_property
    def constant(self) -> dict[str, Any]:
        """The fields that every record of the shape has."""
        return {
            key: value
            for key, value in self.fields.items()
            if not isinstance(value, Of | Made | Kind | Clock)
        }

    @property
    def whole(self) -> bool:
        """Return whether the pattern takes in the line's end."""
        return self.pattern.endswith("$")

    @cached_property
    def plain(self) -> tuple[tuple[str, str, Callable[[str], Any], Any], ...]:
        """The fields of one text each: field, text, how it is read, and the value where it is not stated."""
        return tuple(
            (key, how.names[0], how.kind.read, how.absent)
            for key, how in self.made.items()
            if isinstance(how, Of) and isinstance(how.kind, Kind) and len(how.names) == 1
        )

    @cached_property
    def others_made(self) -> tuple[tuple[str, Of | Made], ...]:
        """The other fields that are made of texts."""
        plain = {key for key, *_ in self.plain}
        return tuple((key, how) for key, how in self.made.items() if key not in plain)

    @cached_property
    def deciding(self) -> bool:
        """Return whether any field decides about others."""
        return bool((VIRTUAL | {"device_ip", "source_mac"}) & {*self.made, *self.constant})


def fields_of(names: list[str], stated: Mapping[str, Any]) -> Mapping[str, Of | Made]:
    """The fields that are made of texts with these names, and what a Layout states of them."""
    places: dict[str, list[str]] = {}
    for name in names:
        places.setdefault(name.rstrip(_DIGITS), []).append(name)
    found: dict[str, Of | Made] = {
        key: Of(USUAL[key], tuple(own)) for key, own in places.items() if key in USUAL and key not in stated
    }
    for key, value in stated.items():
        if isinstance(value, Kind | Clock):
            found[key] = Of(value, tuple(places.get(key, (key,))))
        elif isinstance(value, Of | Made):
            found[key] = value
    return found


@dataclass(frozen=True)
class Layout:
    """A log product.

    `source`: the document that it was written from. `marks`: texts of which each of its lines holds one;
    `room`: how far into a line its record begins at most. `anywhere`: whether records are searched in the
    line, and the header is what stands before; else they begin behind the syslog header. `also_gives`: fields
    that only code beside the shapes fills. `examples`: lines, each with what it must give; these are tests.
    """

    name: str
    title: str
    shapes: tuple[Shape, ...]
    examples: tuple[tuple[str, Mapping[str, Any]], ...]
    source: str = ""
    marks: tuple[str, ...] = ()
    room: int = 300
    anywhere: bool = False
    role: Role = Role.BETWEEN
    of_resolver: bool = False
    leases: tuple[str, ...] = ()
    also_gives: tuple[str, ...] = ()

    @property
    def in_columns(self) -> bool:
        """Return whether any shape may be read in columns."""
        return any(shape.in_columns for shape in self.shapes)

    @cached_property
    def gives(self) -> tuple[str, ...]:
        """The event's fields that it can fill."""
        given = {"time", "observer", *self.also_gives}
        for shape in self.shapes:
            given |= {*shape.made, *shape.constant}
        if given & {"source_ip", "destination_ip"}:
            given.add("device_ip")
        given |= {"device_name"} if given & {"source_name", "destination_name"} else set()
        given |= {"device_mac"} if given & {"source_mac", "client_mac"} else set()
        return tuple(sorted(given - VIRTUAL - {"kind", "source_mac"}))
