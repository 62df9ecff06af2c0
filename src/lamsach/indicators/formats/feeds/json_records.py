"""JSON of any structure: one document or a record a line; values are told by their keys and their content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lamsach.indicators.files.json_documents import documents, looks_like_json
from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.judge.unlisted import with_rest
from lamsach.indicators.text.walking import walk
from lamsach.indicators.values.records import Entry, entry
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Reference


class JsonRecords(ListFormat):
    """Any other JSON; `row` is the 1-based record: the line, or the place in the outermost array."""

    name: ClassVar[str] = "json"
    title: ClassVar[str] = "JSON, any structure"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the document begins as JSON does."""
        return looks_like_json(source)

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Record by record."""
        for row, tree in documents(source):
            records = enumerate(tree, 1) if row is None and isinstance(tree, list) else [(row, tree)]
            for number, record in records:
                reference = Reference(source.document, None, number)
                if isinstance(record, Refused):
                    yield entry(record, reference)
                else:
                    yield from with_rest(record, walk(record, reference), reference)
