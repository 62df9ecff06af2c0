"""Records in one JSON document: a list of objects, or an answer of an interface that holds such a list.

Source: Elasticsearch and OpenSearch, "Search API", response body (`hits.hits[]._source`); AWS CloudTrail, "Log file examples" (`Records`); Microsoft Graph
(`value`), and the exports of consoles that write one list. The document may stand in one line or over many. Traps:
- JSON lines, and lists of Windows events, have readers of their own: this one is asked last, and never for what these read.
- Fields beside a list belong to each of its records, but a record's own fields count first.
- The list may be of any size: objects are taken from it one after another, and only one is held.
- A record that no product is known to write, and whose keys mean nothing, still shows what it mentions: addresses, names and URLs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import BinaryIO, ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.formats import JSON_FORMATS
from lamsach.logs.mappings.script_mentions import mentions
from lamsach.logs.text.json_documents import BARE_LIST, LIST, first_record, is_azure_flow, records
from lamsach.model import Event, Reference, Refusal

_HEADS_KEPT = 50
_ROOM = 4000


class JsonDocument(BinaryFormat):
    """A list of objects, or an answer that holds one (`hits`, `Records`, `value`, `data` and the like), in
    one line or over many; each record is read as its product's.

    Of a record that nobody knows, what it mentions; fields beside the list belong to each of its records;
    all other text is searched as unparsed; lines of JSON are read as lines.
    """

    name = "json_document"
    title = "JSON document (list of records, Elasticsearch answer)"
    gives = fields_named(
        "contact nat machine user domain url answers hashes action lease_until forwarded response inbound mentioned"
    )
    tells_holders = True
    of_text = True
    inner_formats: ClassVar[Sequence[type[LogFormat]]] = JSON_FORMATS
    """The formats that a record may be of."""

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._parsers: dict[type[LogFormat], LogFormat] = {}
        self._head: list[str] = []
        self._beside: Mapping[str, object] = {}
        self._beside_says = False

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """A list of objects at the start, or under one of the usual keys of an object that does not end with its line."""
        text = head.decode("utf-8-sig", "ignore")
        if is_azure_flow(first_record(text)):
            return False
        if BARE_LIST.match(text):
            return not _is_windows(text)
        if not text.lstrip().startswith("{"):
            return False
        start = LIST.search(text, 0, _ROOM)
        return start is not None and '"_source"' not in text[: start.start()] and not _is_windows(text)

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """The events of the records; `line` counts the records. What stands after a break in the document is refused as one."""
        for number, (record, beside) in enumerate(records(stream), 1):
            if isinstance(record, str):
                yield Refusal(
                    Reference(self.context.file, row=number), record[:500], "The JSON in the line is broken."
                )
                continue
            event = self._event(record, number)
            if self._says_something(beside, number):
                event = _completed(event, self._event({**beside, **record}, number))
            if event is not None:
                yield replace(event, format=self.name, file=self.context.file, line=number)

    def _event(self, record: dict[str, object], number: int) -> Event | None:
        source = record.get("_source")
        text = json.dumps(source if isinstance(source, dict) else record, ensure_ascii=False)
        if len(self._head) < _HEADS_KEPT:
            self._head.append(text)
        for log_format in self.inner_formats:
            if not log_format.recognises(text):
                continue
            try:
                return self._parser(log_format).parse(text, number)
            except LineError:
                continue
        return Event(mentioned=mentions(text))

    def _says_something(self, beside: Mapping[str, object], number: int) -> bool:
        """Return whether the fields beside a list could be of use for its records."""
        if beside is not self._beside:
            self._beside = beside
            event = self._event(dict(beside), number) if beside else None
            empty = Event(format=event.format, file=event.file, line=event.line) if event else None
            self._beside_says = event != empty
        return self._beside_says

    def _parser(self, log_format: type[LogFormat]) -> LogFormat:
        if log_format not in self._parsers:
            self._parsers[log_format] = log_format(replace(self.context, head=tuple(self._head)))
        return self._parsers[log_format]


def _completed(event: Event | None, whole: Event | None) -> Event | None:
    """A record's event with what only the fields beside its list say."""
    if event is None or whole is None:
        return event or whole
    empty = Event()
    missing = {
        name: getattr(whole, name)
        for name in _FIELDS
        if getattr(event, name) == getattr(empty, name) != getattr(whole, name)
    }
    return replace(event, **missing)


_FIELDS = tuple(each.name for each in fields(Event))


def _is_windows(text: str) -> bool:
    return '"EventID"' in text and '"Computer"' in text and '"_source"' not in text
