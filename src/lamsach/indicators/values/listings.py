"""Column store of many indicators: little memory for lists of ten million values.

The sequence builds `Indicator` objects on access; rare properties (facts, further places) are stored once or
aside.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

from lamsach.indicators.values.records import Facts, Plain, indicator
from lamsach.model import Indicator, IndicatorType, Reference

_TYPES = tuple(IndicatorType)
_INDEX_OF_TYPE = {kind: place for place, kind in enumerate(_TYPES)}
MAX_WORDED = 200_000
"""Number of values with stored surrounding words: lists of millions have none."""
_NO_ROW = 0xFFFF_FFFF


class IndicatorColumns(Sequence[Indicator]):
    """Indicators in the order of addition; compares equal to a list of them."""

    def __init__(self) -> None:
        self._values: list[str] = []
        self._types = bytearray()
        self._rows = array("I")
        self._pages = array("I")
        self._documents = array("I")
        self._facts = array("I")
        self._known_documents: dict[str | None, int] = {}
        self._document_names: list[str | None] = []
        self._known_facts: dict[tuple[Any, ...], int] = {}
        self._fact_samples: list[Facts] = []
        self._aside: dict[int, Indicator] = {}
        self._worded = 0
        self._last_document: str | None = None
        self._last_place = self._document(None)
        self._last_threat: tuple[str | None, int] | None = None

    def append(self, item: Indicator | Plain) -> None:
        """Add an indicator at the end."""
        if isinstance(item, tuple):
            self._append_plain(*item)
            return
        place = item.reference
        document, row, page = (None, None, None) if place is None else (place.document, place.row, place.page)
        worded = place is not None and (place.words is not None or place.table is not None)
        if worded and self._worded < MAX_WORDED:
            self._worded += 1
            self._aside[len(self._values)] = item
        if item.other_references or not 0 <= (row or 0) < _NO_ROW or not 0 <= (page or 0) < _NO_ROW:
            self._aside[len(self._values)] = item
            row = page = None
        if document is not self._last_document:
            self._last_document, self._last_place = document, self._document(document)
        key = (item.threat, item.source, item.valid_from, item.valid_until, item.confidence, item.tlp)
        facts = self._known_facts.setdefault(key, len(self._fact_samples))
        if facts == len(self._fact_samples):
            self._fact_samples.append(Facts(*key))
        self._values.append(item.value)
        self._types.append(_INDEX_OF_TYPE[item.type])
        self._rows.append(_NO_ROW if row is None else row)
        self._pages.append(_NO_ROW if page is None else page)
        self._documents.append(self._last_place)
        self._facts.append(facts)

    def _append_plain(
        self, kind: IndicatorType, value: str, threat: str | None, document: str, row: int
    ) -> None:
        last = self._last_threat
        if document is not self._last_document or last is None or last[0] is not threat or row >= _NO_ROW:
            self.append(Indicator(kind, value, threat, None, Reference(document, None, row)))
            self._last_threat = threat, self._facts[-1]
            return
        self._values.append(value)
        self._types.append(_INDEX_OF_TYPE[kind])
        self._rows.append(row)
        self._pages.append(_NO_ROW)
        self._documents.append(self._last_place)
        self._facts.append(last[1])

    def _document(self, name: str | None) -> int:
        known = self._known_documents.setdefault(name, len(self._document_names))
        if known == len(self._document_names):
            self._document_names.append(name)
        return known

    @classmethod
    def of(cls, items: Iterable[Indicator]) -> IndicatorColumns:
        """Return the items as columns."""
        if isinstance(items, cls):
            return items
        found = cls()
        for item in items:
            found.append(item)
        return found

    def by_value(self) -> Iterator[Indicator]:
        """Yield all in the order of type and value, one object at a time."""
        for kind in sorted(_TYPES):
            number = _INDEX_OF_TYPE[kind]
            places = array("I", (place for place, found in enumerate(self._types) if found == number))
            for place in sorted(places, key=self._values.__getitem__):
                yield self._item(place)

    def change(self, place: int, item: Indicator) -> None:
        """Replace an entry."""
        self._aside[place] = item

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, place: int) -> Indicator: ...
    @overload
    def __getitem__(self, place: slice) -> list[Indicator]: ...
    def __getitem__(self, place: int | slice) -> Indicator | list[Indicator]:
        if isinstance(place, slice):
            return [self._item(number) for number in range(*place.indices(len(self._values)))]
        number = place + len(self._values) if place < 0 else place
        if not 0 <= number < len(self._values):
            raise IndexError(place)
        return self._item(number)

    def __iter__(self) -> Iterator[Indicator]:
        return map(self._item, range(len(self._values)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sequence)
            and len(self) == len(other)
            and all(item == other_item for item, other_item in zip(self, other, strict=True))
        )

    __hash__ = None  # type: ignore[assignment]

    def _item(self, number: int) -> Indicator:
        if number in self._aside:
            return self._aside[number]
        facts = self._fact_samples[self._facts[number]]
        document = self._document_names[self._documents[number]]
        row, page = self._rows[number], self._pages[number]
        reference = None
        if document is not None:
            reference = Reference(
                document, None if page == _NO_ROW else page, None if row == _NO_ROW else row
            )
        return indicator((_TYPES[self._types[number]], self._values[number]), reference, facts)
