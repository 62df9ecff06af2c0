"""Column store of many indicators: little memory for lists of ten million values.

It builds `Indicator` objects on access; common properties (facts, document, page) are stored once,
rare ones (further places) aside.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

from lamsach.indicators.values.records import Plain, as_indicator
from lamsach.model import Indicator, IndicatorType, Reference

_TYPES = tuple(IndicatorType)
_INDEX_OF_TYPE = {kind: place for place, kind in enumerate(_TYPES)}
MAX_WORDED = 200_000
"""Number of values with stored surrounding words: lists of millions have none."""
_NO_ROW = 0xFFFF_FFFF
_NO_PLACE = Reference("")
_Shared = tuple[Any, ...]
"""What values have in common: their facts, document and page."""


class IndicatorColumns:
    """Indicators in the order of addition, by number."""

    def __init__(self) -> None:
        self._values: list[str] = []
        self._types = bytearray()
        self._rows = array("I")
        self._shared = array("I")
        self._samples: list[_Shared] = []
        self._known: dict[_Shared, int] = {}
        self._aside: dict[int, Indicator] = {}
        self._worded = 0
        self._last_plain: tuple[str | None, str, int] | None = None
        """Threat and document of the last plain value, and the number of what it shares."""

    def append(self, item: Indicator | Plain) -> None:
        """Add an indicator at the end."""
        if isinstance(item, tuple):
            kind, value, threat, name, row = item
            last = self._last_plain
            if last is None or last[0] is not threat or last[1] is not name:
                number = self._number((threat, None, None, None, None, None, name, None))
                last = self._last_plain = threat, name, number
            if row < _NO_ROW:
                self._add(kind, value, row, last[2])
                return
            item = as_indicator(item)
        place = item.reference or _NO_PLACE
        worded = (place.words is not None or place.table is not None) and self._worded < MAX_WORDED
        self._worded += worded
        at = place.row if place.row is not None and 0 <= place.row < _NO_ROW else _NO_ROW
        if worded or item.other_references or (at == _NO_ROW and place.row is not None):
            self._aside[len(self._values)] = item
        facts = item.threat, item.source, item.valid_from, item.valid_until, item.confidence, item.tlp
        document = None if place is _NO_PLACE else place.document
        self._add(item.type, item.value, at, self._number((*facts, document, place.page)))

    def _number(self, shared: _Shared) -> int:
        number = self._known.setdefault(shared, len(self._samples))
        if number == len(self._samples):
            self._samples.append(shared)
        return number

    def _add(self, kind: IndicatorType, value: str, row: int, shared: int) -> None:
        self._values.append(value)
        self._types.append(_INDEX_OF_TYPE[kind])
        self._rows.append(row)
        self._shared.append(shared)

    def change(self, place: int, item: Indicator) -> None:
        """Replace an entry."""
        self._aside[place] = item

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Indicator]:
        return map(self.__getitem__, range(len(self._values)))

    def __getitem__(self, number: int) -> Indicator:
        if number in self._aside:
            return self._aside[number]
        kind, row = _TYPES[self._types[number]], self._rows[number]
        threat, source, begins, ends, confidence, tlp, document, page = self._samples[self._shared[number]]
        place = None if document is None else Reference(document, page, None if row == _NO_ROW else row)
        return Indicator(kind, self._values[number], threat, source, place, begins, ends, confidence, tlp)
