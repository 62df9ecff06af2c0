"""Windows event logs in EVTX files (Vista and later), whole, damaged, or copied while in use.

Source: https://learn.microsoft.com/windows/win32/wes/windows-event-log; read with the library `evtx`
(https://github.com/omerbenamram/evtx), a chunk at a time. Every record is an event, even without a
contact: its machine and time prove that the log existed. The time is that of writing (`SystemTime`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from lamsach.errors import LineError, UnreadableError
from lamsach.logs.base import FileContext
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.binary.evtx.records import (
    CHUNK_BYTES,
    CHUNK_MAGIC,
    FILE_MAGIC,
    may_state_holder,
    named_record,
    read_chunks,
)
from lamsach.logs.binary.evtx.worker import texts_of
from lamsach.logs.events.ends import stamped
from lamsach.logs.mappings.windows.events import GIVES, event_of
from lamsach.logs.mappings.windows.json import record_of_json
from lamsach.logs.text.json_records import read_object
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.model import Event, Reference, Refusal

_SHOWN_CHARACTERS = 500


class Evtx(BinaryFormat):
    """Every record, as in the other shapes of Windows events; damaged, cut, dirty files as far as possible.

    In a script or command line every address, name and URL is searched; values without a field are searched
    as unparsed, each by itself; `line` is the record's number.
    """

    name = "evtx"
    title = "Windows event log file (EVTX)"
    gives = GIVES
    states_holders = True
    reports_unused = True

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._times = LooseTimes(context)

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """Match the magic of a file, or of a chunk cut from one."""
        return head.startswith((FILE_MAGIC, CHUNK_MAGIC))

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """Yield one event a record, in the file's order; a refusal for each damaged record or chunk.

        Raises UnreadableError at the end of a file that is cut short.
        """
        for number, text in self._numbered(stream):
            yield self.item(text, number)

    def read_holders(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """See `BinaryFormat`."""
        for number, text in self._numbered(stream):
            if text is not None and may_state_holder(text):
                yield self.item(text, number)

    def _numbered(self, stream: BinaryIO) -> Iterator[tuple[int, str | None]]:
        first = 1
        for texts in self.texts(stream):
            if self.unused is not None:
                # each datum on its own line: a quotation mark within a value is escaped
                self.unused("\n".join([*filter(None, texts), ""]).replace(',"', '\n"').encode())
            yield from enumerate(texts, first)
            first += len(texts)

    def texts(self, stream: BinaryIO) -> Iterator[list[str | None]]:
        """Yield each record's JSON by chunk, None if damaged. UnreadableError at the end of a cut file."""
        return texts_of(self._chunks(stream))

    def _chunks(self, stream: BinaryIO) -> Iterator[bytes]:
        for chunk in read_chunks(stream):
            yield chunk
            if len(chunk) < CHUNK_BYTES:
                raise UnreadableError(
                    "The event log is cut short; what came before was read.",
                    self.context.file,
                    "Copy the file again from where it came.",
                )

    def item(self, text: str | None, number: int) -> Event | Refusal:
        """Read a record's JSON; None is a damaged record."""
        try:
            if text is None:
                raise LineError("The record of the event log is damaged.", "")
            return self.parse(text, number)
        except LineError as error:
            reference = Reference(self.context.file, row=number)
            return Refusal(reference, (text or "")[:_SHOWN_CHARACTERS], error.what)

    def parse(self, text: str, number: int) -> Event:
        """Read a record's JSON. Raises LineError."""
        stated = read_object(text)[1]
        event = event_of(named_record(stated) or record_of_json(stated), self.context, self._times)
        return stamped(event, self.name, self.context.file, number)
