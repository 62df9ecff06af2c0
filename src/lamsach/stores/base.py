"""The interface of every log store: counts by day, first documents, and all that a question leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from lamsach.stores.client import StoreClient
from lamsach.stores.questions import Question


@dataclass(frozen=True, slots=True)
class Span:
    """A time, its end excluded, in UTC."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Document:
    """A record of a store: its source, its time there (None where it has none), and its fields."""

    source: str
    time: datetime | None
    fields: dict[str, Any]


@dataclass(slots=True)
class Counts:
    """Numbers of documents by source and day (on the zone's calendar; None for those without a time)."""

    days: dict[str, dict[date | None, int]] = field(default_factory=dict)

    def add(self, source: str, day: date | None, count: int) -> None:
        """Add a count."""
        known = self.days.setdefault(source, {})
        known[day] = known.get(day, 0) + count


class Store(Protocol):
    """A log store. Incomplete answers raise StoreError. `span` None: documents without a time."""

    client: StoreClient

    def counts(self, span: Span | None, zone: ZoneInfo) -> Counts:
        """Documents by source and day; of all times without a span."""

    def first(self, source: str, span: Span | None, count: int) -> Sequence[Document]:
        """Some documents of a source, at most so many."""

    def prepare(self, question: Question, field: str | None) -> Sequence[Question]:
        """The question about a field (None: the whole document) in as many parts as the store needs.

        Empty: the store cannot answer it, and all documents have to be taken. A Question with `unasked`
        leaves out what hides behind escapes.
        """

    def documents(
        self, span: Span | None, question: Question | None, field: str | None, sources: Sequence[str] | None
    ) -> Iterator[Document]:
        """The documents of a time that a prepared question leaves (None: all), of one source or of all."""
