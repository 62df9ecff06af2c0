"""A Layout over single lines: the `LogFormat` that it makes."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.events.ends import Role, Side, Way, side_of
from lamsach.logs.events.placing import placed
from lamsach.logs.layouts import Layout, Made, Of, Shape
from lamsach.logs.layouts.kinds import Clock
from lamsach.logs.text.syslog import split_header
from lamsach.model import Event

Texts = dict[str, str | None]
Opened = tuple[datetime | None, str | None, str]
"""The header's time and sender, and the record."""


class LayoutFormat(LogFormat):
    """Reads the lines of a Layout. A product's class may put its own `recognises`, `head` and `opened` in place of the usual ones."""

    layout: ClassVar[Layout]

    def __init_subclass__(cls) -> None:
        if "layout" in cls.__dict__:
            cls.name, cls.title, cls.gives = cls.layout.name, cls.layout.title, cls.layout.gives
            cls.lease_markers, cls.of_resolver = cls.layout.leases, cls.layout.of_resolver

    @classmethod
    def recognises(cls, line: str) -> bool:
        """See `LogFormat`: one of the marks, and a shape that fits."""
        layout = cls.layout
        if layout.marks and not any(mark in line for mark in layout.marks):
            return False
        return any(shape.expression.search(line, 0, layout.room) is not None for shape in layout.shapes)

    @classmethod
    def fits(cls, record: str) -> bool:
        """Whether a record gives an event."""
        probe = cls(FileContext())
        matches = ((shape, shape.expression.match(record)) for shape in cls.layout.shapes)
        return any(match is not None and probe.event(shape, match) is not None for shape, match in matches)

    def head(self, line: str, start: int) -> tuple[datetime | None, str | None]:
        """The time and the sender that stand before a record which begins there."""
        header, _ = split_header(line, self.context)
        return header.time, header.host

    def opened(self, line: str) -> Opened:
        """The record behind the line's header."""
        header, message = split_header(line, self.context)
        return header.time, header.host, message

    def parse(self, line: str, number: int) -> Event | None:
        """See `LogFormat`. None for a line of the product that no shape fits, where records begin behind a header."""
        if self.layout.anywhere:
            for shape in self.layout.shapes:
                match = shape.expression.search(line, 0, self.layout.room)
                if match is not None and (event := self.event(shape, match)) is not None:
                    return placed(event, self, number, *self.head(line, match.start()))
            raise LineError("The line is not of this product.", line[:80])
        time, observer, record = self.opened(line)
        for shape in self.layout.shapes:
            match = shape.expression.match(record)
            if match is not None and (event := self.event(shape, match)) is not None:
                return placed(event, self, number, time, observer)
        if not self.recognises(line):
            raise LineError("The line is not of this product.", line[:80])
        return None

    def event(self, shape: Shape, match: re.Match[str]) -> Event | None:
        """The event of a record of a shape; None when it lacks what the shape needs."""
        texts = shape.apart(self, match) if shape.apart else texts_of(shape, match)
        if texts is None:
            return None
        values: dict[str, Any] = shape.constant.copy()
        for field, name, read in shape.plain:
            if text := texts.get(name):
                values[field] = read(text)
        for field, how in shape.others_made:
            values[field] = self._made(how, texts)
        for field in shape.needs:
            if values.get(field) is None:
                return None
        return decided(values, self.layout)

    def _made(self, how: Of | Made, texts: Texts) -> Any:
        if isinstance(how, Made):
            return how.function(*[texts.get(name) or None for name in how.names])
        for name in how.names:
            if text := texts.get(name):
                kind = how.kind
                value = kind.read(text, self.context) if isinstance(kind, Clock) else kind.read(text)
                if value is not None:
                    return value
        return how.absent


def texts_of(shape: Shape, match: re.Match[str]) -> Texts:
    """The named texts of a record."""
    texts: Texts = match.groupdict()
    for other in shape.others:
        found = other.search(match.string, match.end())
        if found is not None:
            texts.update(found.groupdict())
    return texts


def decided(values: dict[str, Any], layout: Layout) -> Event:
    """The event of a record's fields, with the unit's own machine and what is stated of it."""
    take = values.pop
    source, inner = values.get("source_ip"), take("inner_ip", None) or values.get("destination_ip")
    way, mac = take("way", Way.UNSTATED), take("client_mac", None) or values.get("source_mac")
    near, far = take("source_name", None), take("destination_name", None)
    if "device_ip" not in values:
        side = side_of(layout.role, way, source, inner)
        if side is Side.SOURCE:
            values["device_ip"] = source
            if mac and source and not values.get("device_mac"):
                values["device_mac"] = mac
        elif side is Side.DESTINATION:
            values["device_ip"] = inner
            near = far
        elif layout.role is Role.SERVER:
            near = None
        if near and not values.get("device_name"):
            values["device_name"] = near
    return Event(**values)
