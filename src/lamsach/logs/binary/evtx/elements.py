"""The elements of a template's definition in an EVTX file's binary XML.

Source: https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc. An element's name is written where the chunk first needs
it, elsewhere its place is named. What a usual event has not (CDATA, entities, instructions) is not read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

STRING = 1
FRAGMENT = b"\x0f\x01\x01\x00"
"""What every fragment of binary XML begins with."""
_DEEPEST = 8
_U16, _U32 = struct.Struct("<H"), struct.Struct("<I")
_NAME = struct.Struct("<IHH")
Substitution = tuple[int, int]
"""The index and the kind of the value that is put there."""
Content = str | Substitution


class UnusualError(ValueError):
    """A record or template that is not laid out as nearly all are."""


@dataclass(slots=True)
class Element:
    """An element of a definition: its attributes and what is in it, in order."""

    name: str
    attributes: dict[str, Content] = field(default_factory=dict)
    content: list[Content | Element] = field(default_factory=list)


class Names:
    """The names of one chunk. `known`: those that have been read, by their places."""

    def __init__(self, chunk: memoryview) -> None:
        self._chunk = chunk
        self.known: dict[int, str] = {}

    def at(self, place: int) -> str:
        """The name at this offset. Raises UnusualError."""
        name = self.known.get(place)
        if name is None:
            if not 0 < place <= len(self._chunk) - _NAME.size:
                raise UnusualError
            _, _, length = _NAME.unpack_from(self._chunk, place)
            name = self.known[place] = _utf16(self._chunk, place + _NAME.size, length)
        return name

    def are(self, places: tuple[int, ...], names: tuple[str, ...]) -> bool:
        """Whether just these names stand at these places. Raises UnusualError."""
        return tuple(map(self.known.get, places)) == names or tuple(map(self.at, places)) == names


def _utf16(chunk: bytes | memoryview, start: int, length: int) -> str:
    piece = bytes(chunk[start : start + 2 * length])
    if len(piece) != 2 * length:
        raise UnusualError
    try:
        text = piece.decode("utf-16-le")
    except UnicodeDecodeError as error:
        raise UnusualError from error
    if "\0" in text:
        raise UnusualError
    return text


class ElementReader:
    """Reads the elements of one definition. `places`: where names are named, as offset within the definition, the inline name's offset or 0, name."""

    def __init__(self, body: bytes, start: int, names: Names) -> None:
        self._body, self._start, self._names = body, start, names
        self._at = 0
        self.places: list[tuple[int, int, str]] = []
        self.masked: list[int] = []
        self.whole = False

    def root(self) -> Element:
        """The one element of the definition. Raises UnusualError, struct.error, IndexError."""
        if self._body[:4] != FRAGMENT:
            raise UnusualError
        self._at = 4
        root = self._element(0)
        if self._token() != 0:
            raise UnusualError
        self.whole = True
        return root

    def _token(self) -> int:
        token = self._body[self._at]
        self._at += 1
        return token

    def _u16(self) -> int:
        (value,) = _U16.unpack_from(self._body, self._at)
        self._at += 2
        return int(value)

    def _name(self) -> str:
        at = self._at
        (place,) = _U32.unpack_from(self._body, at)
        self._at = at + 4
        name = self._names.at(place)
        inline = self._at if place == self._start + self._at else 0
        self.places.append((at, inline, name))
        self.masked.append(at)
        if inline:
            self.masked.append(inline)
            self._at += _NAME.size + len(name.encode("utf-16-le")) + 2
        return name

    def _element(self, depth: int) -> Element:
        token = self._token()
        if token not in (0x01, 0x41) or depth > _DEEPEST:
            raise UnusualError
        self._at += 6  # dependency, size
        element = Element(self._name())
        if token == 0x41:
            self._attributes(element)
        closing = self._token()
        if closing == 0x02:
            self._content(element, depth)
        elif closing != 0x03:
            raise UnusualError
        return element

    def _attributes(self, element: Element) -> None:
        self._at += 4
        more = True
        while more:
            token = self._token()
            if token not in (0x06, 0x46):
                raise UnusualError
            more = token == 0x46
            name = self._name()
            if name in element.attributes:
                raise UnusualError
            element.attributes[name] = self._value(self._token())

    def _content(self, element: Element, depth: int) -> None:
        while (token := self._body[self._at]) != 0x04:
            if token in (0x01, 0x41):
                element.content.append(self._element(depth + 1))
            else:
                self._at += 1
                element.content.append(self._value(token))
        self._at += 1

    def _value(self, token: int) -> Content:
        if token == 0x05:
            if self._token() != STRING:
                raise UnusualError
            length = self._u16()
            text = _utf16(self._body, self._at, length)
            self._at += 2 * length
            return text
        if token not in (0x0D, 0x0E):
            raise UnusualError
        return self._u16(), self._token()
