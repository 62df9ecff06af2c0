"""Layouts run over single lines, as a `LogFormat`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.events.ends import Role, Side, Way, changed, side_of
from lamsach.logs.layouts import Layout, Made, Of, Shape
from lamsach.logs.layouts.kinds import Clock
from lamsach.logs.text.key_value import pairs
from lamsach.logs.text.syslog import split_header
from lamsach.model import Event

Texts = dict[str, str | None]
Opened = tuple[datetime | None, str | None, str]
"""The header's time and sender, and the record."""


class LayoutFormat(LogFormat):
    """Parser of a Layout's lines.

    A product's class may override `recognises`, `head` and `opened`."""

    layout: ClassVar[Layout]

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.clock = context
        """Context for times without a zone."""

    def __init_subclass__(cls) -> None:
        if "layout" in cls.__dict__:
            cls.name, cls.title, cls.gives = cls.layout.name, cls.layout.title, cls.layout.gives
            cls.lease_markers, cls.of_resolver = cls.layout.leases, cls.layout.of_resolver

    @classmethod
    def recognises(cls, line: str) -> bool:
        """See `LogFormat`: requires a mark and a matching shape."""
        layout = cls.layout
        if layout.marks and not any(mark in line for mark in layout.marks):
            return False
        return any(shape.expression.search(line, 0, layout.room) is not None for shape in layout.shapes)

    @classmethod
    def fits(cls, record: str) -> bool:
        """Return whether a record gives an event."""
        probe = cls(FileContext())
        matches = ((shape, shape.expression.match(record)) for shape in cls.layout.shapes)
        return any(match is not None and probe.event(shape, match) is not None for shape, match in matches)

    def applies(self, shape: Shape) -> bool:
        """Return whether the file may have lines of the shape, according to its header lines."""
        return True

    def head(self, line: str, start: int) -> tuple[datetime | None, str | None]:
        """Return time and sender before a record that begins at `start`."""
        header, _ = split_header(line, self.context)
        return header.time, header.host

    def opened(self, line: str) -> Opened:
        """Split a line into header and record."""
        header, message = split_header(line, self.context)
        return header.time, header.host, message

    def read(self, line: str) -> Event | None:
        """See `LogFormat`. Returns None for a line without a matching shape, if records follow a header."""
        if self.layout.anywhere:
            for shape in self.layout.shapes:
                room = len(line) if shape.whole else self.layout.room
                match = shape.expression.search(line, 0, room) if self.applies(shape) else None
                if match is not None and (event := self.event(shape, match, *self.head(line, match.start()))):
                    return event
            raise LineError("The line is not of this product.", line[:80])
        time, observer, record = self.opened(line)
        for shape in self.layout.shapes:
            match = shape.expression.match(record)
            if match is not None and (event := self.event(shape, match, time, observer)):
                return event
        if not self.recognises(line):
            raise LineError("The line is not of this product.", line[:80])
        return None

    def event(
        self, shape: Shape, match: re.Match[str], time: datetime | None = None, observer: str | None = None
    ) -> Event | None:
        """Return the event of a record, with its header's time and observer; None without required fields."""
        texts = shape.apart(self, match) if shape.apart else texts_of(shape, match)
        if texts is None:
            return None
        if isinstance(texts, Event):
            return changed(texts, time=texts.time or time, observer=texts.observer or observer)
        values: dict[str, Any] = shape.constant.copy()
        given = texts.get
        for field, name, read, absent in shape.plain:
            value = read(text) if (text := given(name)) else None
            values[field] = absent if value is None else value
        for field, how in shape.others_made:
            values[field] = self._made(how, texts)
        for field in shape.needs:
            if values.get(field) is None:
                return None
        values["time"] = values.get("time") or time
        values["observer"] = values.get("observer") or observer or values.pop("sender", None)
        values.pop("sender", None)
        return decided(values, self.layout.role, deciding=shape.deciding)

    def _made(self, how: Of | Made, texts: Texts) -> Any:
        if isinstance(how, Made):
            return how.function(*[texts.get(name) or None for name in how.names])
        for name in how.names:
            if text := texts.get(name):
                kind = how.kind
                value = kind.read(text, self.clock) if isinstance(kind, Clock) else kind.read(text)
                if value is not None:
                    return value
        return how.absent


def texts_of(shape: Shape, match: re.Match[str]) -> Texts:
    """Return the named texts of a record."""
    if shape.pairs:
        return dict(pairs(match.string[match.start() :].lstrip(" :")))
    texts: Texts = match.groupdict()
    for other in shape.others:
        found = other.search(match.string, match.end())
        if found is not None:
            texts.update(found.groupdict())
    return texts


def decided(values: dict[str, Any], role: Role, *, deciding: bool) -> Event:
    """Build the event of a record's fields, and decide the unit's own machine and its properties.

    `deciding`: whether any field affects others."""
    source, inner = values.get("source_ip"), values.get("destination_ip")
    if not deciding:
        side = side_of(role, Way.UNSTATED, source, inner)
        values["device_ip"] = source if side is Side.SOURCE else inner if side is Side.DESTINATION else None
        return Event(**values)
    take = values.pop
    inner = take("inner_ip", None) or inner
    way, mac = take("way", Way.UNSTATED), take("client_mac", None) or values.get("source_mac")
    near, far = take("source_name", None), take("destination_name", None)
    if "device_ip" not in values:
        side = side_of(role, way, source, inner)
        if side is Side.SOURCE:
            values["device_ip"] = source
            if mac and source and not values.get("device_mac"):
                values["device_mac"] = mac
        elif side is Side.DESTINATION:
            values["device_ip"] = inner
            near = far
        elif way == Way.CALLED:
            near = None
        if near and not values.get("device_name"):
            values["device_name"] = near
    return Event(**values)
