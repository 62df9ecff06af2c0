"""Windows events as XML, a line, several or one document; documents of JSON in one line.

Source: https://learn.microsoft.com/windows/win32/wes/eventschema-schema; wevtutil, NXLog, evtx_dump, Sysmon
for Linux; Event Viewer's "Save All Events As" (`<Events><Event ..>..</Event><Event ..>`), `ConvertTo-Json
-Compress`, Azure Monitor's `{"records":[{..},{..}]}`; the shapes of an event are those of
`lamsach.logs.mappings.windows.xml` and `json`. Traps:
- Event Viewer writes all events into one line. A document without line feeds is read as a stream, an event at
  a time, in UTF-8 or UTF-16.
- A syslog header may precede an event; entities are refused (`lamsach.logs.mappings.windows.xml`).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.events.ends import stamped
from lamsach.logs.mappings.windows.events import GIVES, WindowsLines, event_of
from lamsach.logs.mappings.windows.json import looks_like_windows_event, record_of_json
from lamsach.logs.mappings.windows.record import WindowsRecord
from lamsach.logs.mappings.windows.xml import record_of_xml
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.model import Event, Reference, Refusal

_BEGIN = ("<Event ", "<Event>")
_MARKS = ("schemas.microsoft.com/win/2004/08/events", "<System>", "<Provider ", "<System ")
# before the first event, and after the last
_NO_EVENT = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:</?Events[^>]{0,200}>|Record \d{1,12}|<!--[^>]{0,500}-->)?\s*"
)
_HEADER_ROOM = 600


class WindowsEventXml(WindowsLines):
    """Sysmon, Security, DNS client and server, PowerShell, Defender, BITS, Remote Desktop, NPS and any other
    log; one event a line or over several, by syslog, Sysmon for Linux.

    Document types and entities are refused.
    """

    name = "windows_event_xml"
    title = "Windows events (XML)"
    multiline = True

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match `<Event>` or `<Event xmlns=..>` at the start or after a syslog header, never within JSON."""
        start = _start(line)
        if start < 0 or "{" in line[:start]:
            return False
        return line.rstrip() in ("<Event>", "<Event >") or any(mark in line for mark in _MARKS)

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Share of lines within events."""
        inside, lines = False, 0
        for line in head:
            if cls.recognises(line):
                inside = True
            lines += inside or _NO_EVENT.fullmatch(line[:1000]) is not None
            if "</Event>" in line[-200:]:
                inside = False
        return lines / len(head) if head and any(map(cls.recognises, head)) else 0.0

    def read(self, line: str) -> Event | None:
        """Read one event. None around events; LineError for broken XML and several events in a line."""
        if len(line) < 1000 and _NO_EVENT.fullmatch(line):
            return None
        start = _start(line)
        if start < 0:
            raise LineError("The text holds no Windows event in XML.", line[:80])
        record = record_of_xml(line[start:])
        return self.event(record)


def _start(line: str) -> int:
    for opening in _BEGIN:
        position = line.find(opening, 0, _HEADER_ROOM)
        if position >= 0:
            return position
    return -1


_STEP_BYTES = 1 << 18
_LONGEST_EVENT = 1 << 21
_XML_START = re.compile(r"\s{0,9}(?:<\?xml[^>]{0,200}\?>\s{0,9})?<Events[\s>]")
_JSON_START = re.compile(
    r'\s{0,9}(?:\{\s{0,9}"(?:records|value|data|events|Events|results)"\s{0,9}:\s{0,9})?\[\s{0,9}(?=\{)'
)
_EVENT = re.compile(r"<Event[\s>]")
_END = "</Event>"


class WindowsEventDocument(BinaryFormat):
    """XML saved by Event Viewer, JSON lists without line feeds."""

    name = "windows_event_document"
    title = "Windows events (one document in one line)"
    gives = GIVES
    states_holders = True

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._times = LooseTimes(context)

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """Match `<Events>` or a JSON list of Windows events without a line feed between the first two."""
        if b"<Event" not in head.replace(b"\0", b"") and b"[" not in head[:80]:
            return False
        text = head.decode(_encoding(head), "ignore")
        xml = _XML_START.match(text)
        if xml is not None:
            return _whole_line(text, xml.end(), "<Event")
        start = _JSON_START.match(text)
        return start is not None and _whole_line(text, start.end(), "{") and looks_like_windows_event(text)

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """Yield an event, or a refusal, for each event of the document."""
        pieces = _texts(stream)
        first = next(pieces, "")
        parts = _xml_parts(first, pieces) if _XML_START.match(first) else _json_parts(first, pieces)
        for number, part in enumerate(parts, 1):
            try:
                record = part if isinstance(part, WindowsRecord) else record_of_xml(part)
                event = event_of(record, self.context, self._times)
                yield stamped(event, self.name, self.context.file, number)
            except LineError as error:
                yield Refusal(Reference(self.context.file, row=number), str(part)[:500], error.what)


def _whole_line(text: str, start: int, opening: str) -> bool:
    """Return whether an event follows in the same line, without any line feed."""
    if not text.startswith(opening, start) and not text[start : start + 1].isspace():
        return text.startswith(opening, start)
    rest = text[start:].rstrip()
    return "\n" not in rest


def _encoding(head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    return "utf-8-sig"


def _texts(stream: BinaryIO) -> Iterator[str]:
    """Yield the document's text in pieces."""
    first = stream.read(_STEP_BYTES)
    decoder = codecs.getincrementaldecoder(_encoding(first))("replace")
    data = first
    while data:
        text = decoder.decode(data)
        if text:
            yield text.lstrip("\ufeff") if data is first else text
        data = stream.read(_STEP_BYTES)
    yield decoder.decode(b"", final=True)


def _xml_parts(text: str, pieces: Iterator[str]) -> Iterator[str]:
    """Yield each `<Event>..</Event>`; for one beyond 2 MiB or without an end, its beginning."""
    position = 0
    while True:
        start = _EVENT.search(text, position)
        end = text.find(_END, start.end()) if start else -1
        if start and end >= 0:
            position = end + len(_END)
            yield text[start.start() : position]
            continue
        text = text[start.start() if start else max(position, len(text) - len(_END)) :]
        position = 0
        if len(text) > _LONGEST_EVENT:
            yield text[:500]
            text = text[len("<Event") :]
        more = next(pieces, None)
        if more is None:
            if start:
                yield text
            return
        text += more


def _json_parts(text: str, pieces: Iterator[str]) -> Iterator[WindowsRecord | str]:
    """Yield each object's event, the text of an object without one, and the rest of a broken document."""
    opening = _JSON_START.match(text)
    position = opening.end() if opening else 0
    decoder = json.JSONDecoder()
    while True:
        position = _after_separators(text, position)
        try:
            if text[position : position + 1] != "{":
                raise ValueError
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            text, position = text[position:], 0
            more = next(pieces, None) if len(text) <= _LONGEST_EVENT else None
            if more is None:
                if text.strip("]}, \r\n\t"):
                    yield text[:500]
                return
            text += more
            continue
        try:
            yield record_of_json(value)
        except LineError:
            yield text[position : position + 500]
        position = end


def _after_separators(text: str, position: int) -> int:
    while position < len(text) and text[position] in ", \r\n\t":
        position += 1
    return position
