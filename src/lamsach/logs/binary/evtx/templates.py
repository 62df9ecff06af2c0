"""The templates of an EVTX file's binary XML: what stands at which place of an event, read once for all the records that refer to it.

Source: https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc. Windows writes a record as the number of a template
and the values that belong into it; the event's own data are a value that is laid out in the same way. The first record of a chunk that needs
a template holds its definition: a GUID, the size, the elements. An element's name is written where the chunk first needs it, elsewhere
its place is named; so a definition that is known is told by its bytes but for these places, and by what stands there.
What is laid out otherwise than the usual event is left to the library (`UnusualError`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from lamsach.logs.binary.evtx.elements import (
    FRAGMENT,
    STRING,
    Content,
    Element,
    ElementReader,
    Names,
    UnusualError,
)

UINT16, FILETIME, BINARY_XML = 6, 17, 33
"""Kinds of values."""
INSTANCE = FRAGMENT + b"\x0c\x01"
"""What a record, and its data, begin with: a fragment's header, then an instance of a template."""
DEFINITION_HEAD = 24
"""Next definition, GUID, size of what follows."""
MOST_VALUES = 64
_LONGEST = 8192
_MOST_LAYOUTS = 16
_KEPT_BYTES = 5
"""What is kept of a definition that has been read, for each of its bytes."""
_U32 = struct.Struct("<I")
ANY = 255
"""The kind of a value that stands nowhere."""
_SCHEMA = {
    "Provider": frozenset({"Name", "Guid", "EventSourceName"}),
    "EventID": frozenset({"Qualifiers"}),
    "TimeCreated": frozenset({"SystemTime"}),
    "Correlation": frozenset({"ActivityID", "RelatedActivityID"}),
    "Execution": frozenset(
        {"ProcessID", "ThreadID", "ProcessorID", "SessionID", "KernelTime", "UserTime", "ProcessorTime"}
    ),
    "Security": frozenset({"UserID"}),
}
_IN_ORDER = ["Provider", "EventID", "TimeCreated", "Channel", "Computer"]


@dataclass(frozen=True, slots=True)
class System:
    """Where an event's system part has its values: an index among the values, or the text itself."""

    number: int
    time: int
    body: int
    provider: int | str
    channel: int | str
    computer: int | str


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A definition: the kind of each of its values, and what they mean: an event's system part, or its data as names and
    indexes, -1 for a value that is never stated; neither of a definition that is unusual. Two that mean the same are one object."""

    kinds: tuple[int, ...] = ()
    system: System | None = None
    data: tuple[tuple[str, int], ...] = ()


UNUSUAL = Template()


class _Met(NamedTuple):
    """A definition that was met: in most chunks of a log the names that are met first stand at the same places, and so the bytes are the same.
    `here`, `elsewhere`: the places of names in it and before it."""

    body: bytes
    start: int
    here: dict[int, str]
    elsewhere: tuple[int, ...]
    names_elsewhere: tuple[str, ...]


class Layout:
    """A definition that has been read: its bytes but for the places of names, and these."""

    __slots__ = (
        *("_bits", "_fields", "_mask", "template"),
        *("_inline", "_last", "_names_elsewhere", "_names_here", "_places_elsewhere", "_places_here"),
    )

    def __init__(self, body: bytes, reader: ElementReader, template: Template) -> None:
        mask = bytearray(b"\xff") * len(body)
        for place in reader.masked:
            mask[place : place + 4] = bytes(4)
        self._mask = int.from_bytes(mask, "little")
        self._bits = int.from_bytes(body, "little") & self._mask
        names = tuple(name for _, _, name in reader.places)
        here = [at for at, (_, inline, _) in enumerate(reader.places) if inline]
        elsewhere = [at for at, (_, inline, _) in enumerate(reader.places) if not inline]
        self._inline = tuple(reader.places[at][1] for at in here)
        self._names_here = tuple(names[at] for at in here)
        self._names_elsewhere = tuple(names[at] for at in elsewhere)
        self._places_here, self._places_elsewhere = _picked(here), _picked(elsewhere)
        end, parts = 0, ["<"]
        for place, _, _ in reader.places:
            parts.append(f"{place - end}xI")
            end = place + 4
        self._fields = struct.Struct("".join(parts))
        self._last = _Met(b"", 0, {}, (), ())
        self.template = template

    def fits(self, body: bytes, start: int, names: Names) -> bool:
        """Whether a definition of this size, whose elements begin at this offset of the chunk, is the same. Raises UnusualError."""
        last, last_start, last_here, places, told = self._last
        if body == last and (start == last_start or not last_here):
            names.known.update(last_here)
            return names.are(places, told)
        if int.from_bytes(body, "little") & self._mask != self._bits:
            return False
        places = self._fields.unpack_from(body)
        here = tuple(map(start.__add__, self._inline))
        if self._places_here(places) != here:
            return False
        own = dict(zip(here, self._names_here, strict=True))
        names.known.update(own)
        elsewhere = self._places_elsewhere(places)  # the names here are among the bytes
        if not names.are(elsewhere, self._names_elsewhere):
            return False
        others = {
            at: name for at, name in zip(elsewhere, self._names_elsewhere, strict=True) if at not in own
        }
        self._last = _Met(body, start, own, tuple(others), tuple(others.values()))
        return True


def _picked(which: Sequence[int]) -> Callable[[tuple[int, ...]], tuple[int, ...]]:
    """What takes these of some numbers."""
    return itemgetter(*which) if len(which) > 1 else lambda some: tuple(some[at] for at in which)


class Templates:
    """The definitions that have been read, for all files of the process; how much is kept is bounded."""

    def __init__(self, most_bytes: int = 8 << 20) -> None:
        self._layouts: dict[bytes, list[Layout]] = {}
        self._meanings: dict[tuple[object, ...], Template] = {}
        self._kept, self._most = 0, most_bytes

    def at(self, chunk: memoryview, place: int, names: Names) -> Template:
        """What the definition at this offset of the chunk means."""
        start = place + DEFINITION_HEAD
        if place <= 0 or start > len(chunk):
            return UNUSUAL
        key = chunk[place + 4 : start].tobytes()
        (size,) = _U32.unpack_from(key, 16)
        body = chunk[start : start + size].tobytes()
        if len(body) != size or size > _LONGEST:
            return UNUSUAL
        try:
            known = self._layouts.get(key, ())
            for layout in known:
                if layout.fits(body, start, names):
                    return layout.template
            return self._read(key, body, start, names)
        except UnusualError:
            return UNUSUAL

    def _read(self, key: bytes, body: bytes, start: int, names: Names) -> Template:
        reader = ElementReader(body, start, names)
        try:
            template = _meaning(reader.root())
            meaning = (template.kinds, template.system, template.data)
            template = self._meanings.setdefault(meaning, template)
        except (UnusualError, struct.error, IndexError):
            if not reader.whole:
                raise UnusualError from None
            template = UNUSUAL
        self._kept += _KEPT_BYTES * len(body)
        if self._kept > self._most:
            self._layouts.clear()
            self._meanings.clear()
            self._kept = _KEPT_BYTES * len(body)
        layouts = self._layouts.setdefault(key, [])
        layouts.insert(0, Layout(body, reader, template))
        del layouts[_MOST_LAYOUTS:]
        return template


def _meaning(root: Element) -> Template:
    kinds: dict[int, int] = {}
    _collect(root, kinds)
    count = max(kinds, default=-1) + 1
    if count > MOST_VALUES:
        raise UnusualError
    in_order = tuple(kinds.get(index, ANY) for index in range(count))
    if root.name == "Event":
        return Template(in_order, system=_system(root))
    if root.name == "EventData":
        return Template(in_order, data=_data(root))
    raise UnusualError


def _collect(element: Element, kinds: dict[int, int]) -> None:
    for item in (*element.attributes.values(), *element.content):
        if isinstance(item, Element):
            _collect(item, kinds)
        elif not isinstance(item, str) and kinds.setdefault(*item) != item[1]:
            raise UnusualError


def _system(event: Element) -> System:
    if len(event.content) != 2 or not isinstance(event.content[0], Element):
        raise UnusualError
    system, body = event.content
    if not isinstance(system, Element) or system.name != "System" or system.attributes:
        raise UnusualError
    parts: dict[str, Element] = {}
    for part in system.content:
        if not isinstance(part, Element) or part.name in parts or len(part.content) > 1:
            raise UnusualError
        if not _SCHEMA.get(part.name, frozenset()) >= part.attributes.keys():
            raise UnusualError
        parts[part.name] = part
    if [name for name in parts if name in _IN_ORDER] != _IN_ORDER:
        raise UnusualError
    provider = _first(parts["Provider"], "Name")
    time = _first(parts["TimeCreated"], "SystemTime")
    number, channel, computer = (_only(parts[name]) for name in ("EventID", "Channel", "Computer"))
    return System(
        _index(number, UINT16),
        _index(time, FILETIME),
        _index(body, BINARY_XML),
        _text(provider),
        _text(channel),
        _text(computer),
    )


def _first(element: Element, name: str) -> Content:
    if next(iter(element.attributes), None) != name:
        raise UnusualError
    return element.attributes[name]


def _only(element: Element) -> Content | Element:
    if len(element.content) != 1:
        raise UnusualError
    return element.content[0]


def _index(value: Content | Element, kind: int) -> int:
    if not isinstance(value, tuple) or value[1] != kind:
        raise UnusualError
    return value[0]


def _text(value: Content | Element) -> int | str:
    return value if isinstance(value, str) else _index(value, STRING)


def _data(root: Element) -> tuple[tuple[str, int], ...]:
    indexes: dict[str, int] = {}
    if root.attributes or not root.content:
        raise UnusualError
    for item in root.content:
        if (
            not isinstance(item, Element)
            or item.name != "Data"
            or list(item.attributes) != ["Name"]
            or len(item.content) > 1
        ):
            raise UnusualError
        name = item.attributes["Name"]
        value = item.content[0] if item.content else (-1, 0)
        if (
            not isinstance(name, str)
            or not isinstance(value, tuple)
            or name in indexes
            or name in ("Data", "#attributes", "#text")
        ):
            raise UnusualError
        indexes[name] = value[0]
    return tuple(indexes.items())
