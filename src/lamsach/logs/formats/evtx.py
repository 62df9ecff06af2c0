"""Windows event logs as Windows keeps them: EVTX files (Vista and later), whole, damaged, or copied while in use.

Source: https://learn.microsoft.com/windows/win32/wes/windows-event-log; read with the library `evtx` (https://github.com/omerbenamram/evtx), a chunk at
a time (`lamsach.logs.evtx_chunks`). Every record gives an event, also one that tells of no contact: its machine and time prove that
the log was there. The time is the one at which the event was written (`SystemTime`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO, ClassVar

from lamsach.errors import LineError, UnreadableError
from lamsach.logs.base import FileContext
from lamsach.logs.binary import BinaryFormat
from lamsach.logs.evtx_chunks import (
    CHUNK_BYTES,
    CHUNK_MAGIC,
    FILE_MAGIC,
    HEADER,
    bridged,
    chunks,
    without_tables,
)
from lamsach.logs.evtx_records import quick_record
from lamsach.logs.json_records import read_object
from lamsach.logs.loose_times import LooseTimes
from lamsach.logs.windows_events import GIVES, event_of
from lamsach.logs.windows_json import record_of_json
from lamsach.model import Event, Reference, Refusal


class Evtx(BinaryFormat):
    """Reads the records of an EVTX file."""

    name: ClassVar[str] = "evtx"
    title: ClassVar[str] = "Windows event log file (EVTX)"
    gives: ClassVar[tuple[str, ...]] = GIVES
    tells_holders: ClassVar[bool] = True

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._times = LooseTimes(context)

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """The magic of a file, or of a chunk cut out of one."""
        return head.startswith((FILE_MAGIC, CHUNK_MAGIC))

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """One event a record, in the file's order; a refusal for each record or chunk that is damaged.

        Raises UnreadableError at the end of a file that is cut short.
        """
        number, cut = 0, False
        for chunk in chunks(stream):
            cut = len(chunk) < CHUNK_BYTES
            for text in records(chunk.ljust(CHUNK_BYTES, b"\0")):
                number += 1
                yield self.item(text, number)
        if cut:
            raise self.cut_short()

    def cut_short(self) -> UnreadableError:
        """What is raised at the end of a file that is cut short."""
        return UnreadableError(
            "The event log is cut short; what came before was read.",
            self.context.file,
            "Copy the file again from where it came.",
        )

    def item(self, text: str | None, number: int) -> Event | Refusal:
        """What a record's JSON tells; None is the text of one that is damaged."""
        if text is None:
            return self._refusal(number)
        try:
            record = quick_record(text) or record_of_json(read_object(text)[1])
            return event_of(record, self.context, self._times, self.name, number)
        except LineError as error:
            return Refusal(Reference(self.context.file, row=number), text[:500], error.what)

    def _refusal(self, number: int) -> Refusal:
        return Refusal(
            Reference(self.context.file, row=number), "", "The record of the event log is damaged."
        )


def records(chunk: bytes) -> Iterator[str | None]:
    """The JSON of each record of a chunk; None for one that is damaged."""
    given = 0
    for text in _parsed(chunk):
        if text is _HEAD_DAMAGED:
            break
        given += 1
        yield text
    else:
        return
    repaired = list(_parsed(bridged(chunk)))
    yield from (text for text in repaired[given:] if text is not _HEAD_DAMAGED)
    if not given and repaired == [_HEAD_DAMAGED]:
        yield None


_HEAD_DAMAGED = "damaged"


def _parsed(chunk: bytes) -> Iterator[str | None]:
    """What the library reads: None for a damaged record, `_HEAD_DAMAGED` at the end when it cannot go on."""
    from evtx import PyEvtxParser

    try:
        records = iter(
            PyEvtxParser(io.BytesIO(HEADER + without_tables(chunk)), number_of_threads=1).records_json()
        )
    except (RuntimeError, OSError, ValueError):
        yield _HEAD_DAMAGED
        return
    failures = 0
    while failures < CHUNK_BYTES:
        try:
            record: Any = next(records, None)
        except BaseException as error:  # the library's panics are no Exception
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            failures += 1
            if "record number" not in str(error):
                yield _HEAD_DAMAGED
                return
            yield None
            continue
        if record is None:
            return
        yield record["data"]
