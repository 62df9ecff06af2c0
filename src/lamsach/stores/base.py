"""Interface of every log store: counts by day, first documents, and the answers to a question."""

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
    """A period in UTC, its end excluded."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Document:
    """A record of a store: its source, its time (None if it has none), and its fields."""

    source: str
    time: datetime | None
    fields: dict[str, Any]


@dataclass(slots=True)
class Counts:
    """Numbers of documents by source and day of the zone's calendar (None: without a time)."""

    days: dict[str, dict[date | None, int]] = field(default_factory=dict)

    def add(self, source: str, day: date | None, count: int) -> None:
        """Add a count."""
        known = self.days.setdefault(source, {})
        known[day] = known.get(day, 0) + count


class Store(Protocol):
    """A log store. Incomplete answers raise StoreError. `span` None: documents without a time."""

    client: StoreClient

    def counts(self, span: Span | None, zone: ZoneInfo) -> Counts:
        """Count the documents by source and day; of all times without a span."""

    def first(self, source: str, span: Span | None, count: int) -> Sequence[Document]:
        """Return some documents of a source, at most `count`."""

    def prepare(self, question: Question, field: str | None) -> Sequence[Question]:
        """Split a question about a field (None: the whole document) into the parts that the store needs.

        Empty: the store cannot answer it, and all documents must be fetched. A Question with `unasked` omits
        values hidden by escapes.
        """

    def documents(
        self, span: Span | None, question: Question | None, field: str | None, sources: Sequence[str] | None
    ) -> Iterator[Document]:
        """Yield a period's documents that match a prepared question (None: all), of some sources or all."""
