"""Windows event logs as Windows keeps them: EVTX files (Vista and later), whole, damaged, or copied while in use.

Source: https://learn.microsoft.com/windows/win32/wes/windows-event-log; usual records are read by ourselves (`lamsach.logs.binary.evtx.events`), all others with
the library `evtx` (https://github.com/omerbenamram/evtx), a chunk at a time. Every record gives an event, also one that tells of no contact: its machine and time prove that
the log was there. The time is the one at which the event was written (`SystemTime`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, ClassVar

from lamsach.errors import LineError, UnreadableError
from lamsach.extras import installed
from lamsach.logs.base import FileContext
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.binary.evtx.chunks import CHUNK_BYTES, CHUNK_MAGIC, FILE_MAGIC, MARGIN, ChunkReader
from lamsach.logs.binary.evtx.library import library_texts
from lamsach.logs.binary.evtx.records import quick_record
from lamsach.logs.mappings.windows.events import GIVES, event_of
from lamsach.logs.mappings.windows.json import record_of_json
from lamsach.logs.mappings.windows.record import WindowsRecord
from lamsach.logs.text.json_records import read_object
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.model import Event, Reference, Refusal


class Evtx(BinaryFormat):
    """Reads the records of an EVTX file."""

    name: ClassVar[str] = "evtx"
    title: ClassVar[str] = "Windows event log file (EVTX)"
    gives: ClassVar[tuple[str, ...]] = GIVES
    tells_holders: ClassVar[bool] = True
    hands_over: ClassVar[bool] = True

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
        reader = ChunkReader(stream.readinto)  # type: ignore[attr-defined]
        read = self._by_columns if installed("pyarrow") else self._by_texts
        yield from read(reader.batches())
        if reader.cut:
            raise self.cut_short()

    def _by_columns(self, batches: Iterator[memoryview]) -> Iterator[Event | Refusal]:
        from lamsach.logs.binary.evtx.events import EventMaker

        maker, number = EventMaker(self.event, self.unused), 0
        for batch in batches:
            records, texts = maker.read(batch)
            left = iter(texts)
            for event in maker.stamped(records, number + 1):
                number += 1
                yield self.item(next(left), number) if event is None else event
            maker.forget()

    def _by_texts(self, batches: Iterator[memoryview]) -> Iterator[Event | Refusal]:
        """The same without Arrow: every record as the library's text."""
        chunks = (
            batch[at : at + CHUNK_BYTES]
            for batch in batches
            for at in range(0, len(batch) - MARGIN, CHUNK_BYTES)
        )
        texts = (text for chunk in chunks for text in library_texts(chunk.tobytes()))
        yield from (self.item(text, number) for number, text in enumerate(texts, 1))

    def event(self, record: WindowsRecord) -> Event:
        """What a record tells. Raises LineError for an impossible time."""
        return event_of(record, self.context, self._times, self.name, 0)

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
        if self.unused is not None:
            self.unused(f"{text}\n".encode("utf-8", "surrogatepass"))
        try:
            record = quick_record(text) or record_of_json(read_object(text)[1])
            return event_of(record, self.context, self._times, self.name, number)
        except LineError as error:
            return Refusal(Reference(self.context.file, row=number), text[:500], error.what)

    def _refusal(self, number: int) -> Refusal:
        return Refusal(
            Reference(self.context.file, row=number), "", "The record of the event log is damaged."
        )
