"""Templates of NetFlow v9 and IPFIX, and the records that they lay out (RFC 3954 section 5, RFC 7011 sections 3.4 and 7)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from lamsach.logs.binary.netflow.elements import ADDRESSES, TEXTS, WANTED

Record = dict[int, int | bytes]
"""The values of the elements that are wanted: numbers, or the bytes of addresses and texts."""

MOST_FIELDS = 512
_VARIABLE = 0xFFFF
_ENTERPRISE = 0x8000


class Template:
    """How records of one kind are laid out. `options`: they tell of the exporter, not of flows."""

    __slots__ = ("_fields", "_layout", "_names", "_odd", "options", "size")

    def __init__(self, fields: list[tuple[int, int]], *, options: bool) -> None:
        self.options = options
        self._fields = [field for field in fields if field[1]]
        self.size = 0 if any(length == _VARIABLE for _, length in fields) else sum(n for _, n in fields)
        """Bytes of a record; 0 when it varies."""
        names: list[int] = []
        layout = [">"]
        self._odd: list[int] = []
        for element, length in fields if self.size else ():
            if element not in WANTED or element in names or not length:
                layout.append(f"{length}x")
                continue
            names.append(element)
            if element in _AS_BYTES or length not in _NUMBERS:
                layout.append(f"{length}s")
                if element not in _AS_BYTES:
                    self._odd.append(element)
            else:
                layout.append(_NUMBERS[length])
        self._names = tuple(names)
        self._layout = struct.Struct("".join(layout))

    @property
    def fields(self) -> list[tuple[int, int]]:
        """Pairs of element and length, of which the template can be made again."""
        return list(self._fields)

    def records(self, data: bytes, start: int, end: int) -> Iterator[Record]:
        """The records in a data set's body; what is left over is padding."""
        if not self.size:
            yield from self._varying(data, start, end)
            return
        whole = (end - start) // self.size * self.size
        for values in self._layout.iter_unpack(memoryview(data)[start : start + whole]):
            record: Record = dict(zip(self._names, values, strict=True))
            for element in self._odd:
                record[element] = int.from_bytes(values[self._names.index(element)], "big")
            yield record

    def _varying(self, data: bytes, at: int, end: int) -> Iterator[Record]:
        if not any(length for _, length in self._fields):
            return
        while at < end:
            record: Record = {}
            for element, length in self._fields:
                if length == _VARIABLE:
                    if at >= end:
                        return
                    length, at = data[at], at + 1
                    if length == 255:
                        length, at = int.from_bytes(data[at : at + 2], "big"), at + 2
                if at + length > end:
                    return
                if element in WANTED and element not in record:
                    raw = data[at : at + length]
                    record[element] = raw if element in _AS_BYTES else int.from_bytes(raw, "big")
                at += length
            yield record


_NUMBERS = {1: "B", 2: "H", 4: "I", 8: "Q"}
_AS_BYTES = ADDRESSES | TEXTS


def read_fields(
    data: bytes, at: int, end: int, count: int, *, enterprises: bool
) -> tuple[list[tuple[int, int]] | None, int]:
    """So many pairs of element and length, and where they end; None when they are cut off."""
    fields: list[tuple[int, int]] = []
    if count > MOST_FIELDS:
        return None, end
    for _ in range(count):
        if at + 4 > end:
            return None, end
        element, length = data[at] << 8 | data[at + 1], data[at + 2] << 8 | data[at + 3]
        at += 4
        if enterprises and element & _ENTERPRISE:
            if at + 4 > end:
                return None, end
            element = int.from_bytes(data[at : at + 4], "big") << 16 | element & 0x7FFF
            at += 4
        fields.append((element, length))
    return fields, at


def templates_v9(data: bytes, at: int, end: int) -> Iterator[tuple[int, Template]]:
    """The templates in a set of NetFlow v9 with the number 0."""
    while at + 4 <= end:
        identity, count = data[at] << 8 | data[at + 1], data[at + 2] << 8 | data[at + 3]
        if identity < 256:
            return
        fields, at = read_fields(data, at + 4, end, count, enterprises=False)
        if fields is None:
            return
        yield identity, Template(fields, options=False)


def options_v9(data: bytes, at: int, end: int) -> Iterator[tuple[int, Template]]:
    """The templates in a set of NetFlow v9 with the number 1; lengths of scope and options are in bytes."""
    while at + 6 <= end:
        identity = data[at] << 8 | data[at + 1]
        size = (data[at + 2] << 8 | data[at + 3]) + (data[at + 4] << 8 | data[at + 5])
        if identity < 256:
            return
        fields, at = read_fields(data, at + 6, end, size // 4, enterprises=False)
        if fields is None:
            return
        yield identity, Template(fields, options=True)


def templates_ipfix(
    data: bytes, at: int, end: int, *, options: bool
) -> Iterator[tuple[int, Template | None]]:
    """The templates in a set of IPFIX with the number 2 or 3; None withdraws one."""
    while at + 4 <= end:
        identity, count = data[at] << 8 | data[at + 1], data[at + 2] << 8 | data[at + 3]
        if identity < 256 and not (identity in (2, 3) and not count):
            return
        at += 4
        if not count:
            yield identity, None
            continue
        if options:
            at += 2
        fields, at = read_fields(data, at, end, count, enterprises=True)
        if fields is None:
            return
        yield identity, Template(fields, options=options)
