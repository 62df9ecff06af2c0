"""Readers of EVTX content: the reader itself, and a parser of complete records for comparison."""

from __future__ import annotations

import io
import json

from lamsach.logs.base import FileContext
from lamsach.logs.binary.evtx.records import named_record, record_texts
from lamsach.logs.events.ends import stamped
from lamsach.logs.formats.windows.evtx import Evtx
from lamsach.logs.mappings.windows.events import event_of
from lamsach.logs.mappings.windows.json import record_of_json
from lamsach.logs.mappings.windows.record import WindowsRecord
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.model import Event, Refusal

CONTEXT = FileContext("a.evtx")


def items_of(data: bytes) -> list[Event | Refusal]:
    return list(Evtx(CONTEXT).read(io.BytesIO(data)))


def full_parse(chunk: bytes) -> list[Event]:
    """Return the events of a complete chunk, decoding all JSON."""
    times = LooseTimes(CONTEXT)
    records = [whole_record(record_text or "") for record_text in record_texts(chunk)]
    events = (event_of(record, CONTEXT, times) for record in records)
    return [stamped(event, "evtx", "a.evtx", number) for number, event in enumerate(events, 1)]


def whole_record(given: str) -> WindowsRecord:
    """Return the record with all its data, including empty values that `named_record` keeps."""
    found = json.loads(given)
    record = record_of_json(found)
    if named_record(found) is not None:
        record.data = {name.lower(): spelled(value) for name, value in found["Event"]["EventData"].items()}
    return record


def spelled(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
