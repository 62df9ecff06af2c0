"""Windows events as XML: `<Event><System>..</System><EventData>..</EventData></Event>`.

Source: https://learn.microsoft.com/windows/win32/wes/eventschema-schema. Written by wevtutil, Event Viewer,
NXLog, evtx_dump and Sysmon for Linux. The XML is parsed as a stream of tags; a document type, which entities
need, is rejected.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from lamsach.errors import LineError
from lamsach.logs.mappings.windows.record import WindowsRecord

_LONGEST_TEXT = 1 << 20
_MOST_DATA = 500
_LONGEST_VALUE = 100_000
_DEEPEST = 40


def record_of_xml(text: str) -> WindowsRecord:
    """Parse the first event in a text, ignoring what precedes `<Event`. Raises LineError for other XML."""
    start, closing = _start(text)
    if start < 0:
        raise LineError("The text holds no Windows event in XML.", text[:80])
    end = text.find(closing, start)
    piece = text[start : end + len(closing) if end >= 0 else len(text)]
    if len(piece) > _LONGEST_TEXT or "<!" in piece[:_LONGEST_TEXT].replace("<![CDATA[", ""):
        raise LineError("The XML of the event is not such as Windows writes.", piece[:80])
    if (record := _plain_record(piece)) is not None:
        return record
    reader = _Reader()
    try:
        reader.read(piece)
    except (expat.ExpatError, UnicodeError, ValueError):
        raise LineError("The XML of the event is broken.", piece[:80]) from None
    return reader.record


def _start(text: str) -> tuple[int, str]:
    """Return the offset of the event, or only its data, and its closing tag; -1 without one."""
    for tag in ("Event", "DataItem", "EventData", "UserData"):
        for after in (" ", ">"):
            position = text.find(f"<{tag}{after}")
            if position >= 0:
                return position, f"</{tag}>"
    return -1, ""


def _plain_record(piece: str) -> WindowsRecord | None:
    """Parse a common event without visiting every tag; None for others and for entities."""
    system_end, data_start = piece.find("</System>"), piece.find("<EventData>")
    data_end = piece.rfind("</EventData>")
    if not (0 < system_end < data_start < data_end) or "&" in piece or piece[data_end:].strip() != _PLAIN_END:
        return None
    data = piece[data_start + 11 : data_end]
    pairs = _PLAIN_DATA.findall(data)
    system = dict(_PLAIN_SYSTEM.findall(piece, 0, system_end))
    if data.count("<") != 2 * len(pairs) or not system.keys() >= _PLAIN_NEEDED or len(pairs) > _MOST_DATA:
        return None
    number = system["EventID"]
    values: dict[str, str] = {}
    for _, name, value in pairs:
        values.setdefault(name.lower(), value.strip()[:_LONGEST_VALUE])
    return WindowsRecord(
        int(number) & 0xFFFF if number.isascii() and number.isdigit() and len(number) < 10 else 0,
        system["Provider"], system.get("Channel", ""), system["Computer"] or None, system["TimeCreated"],
        values,
    )  # fmt: skip


_PLAIN_END = "</EventData></Event>"
_PLAIN_NEEDED = {"Provider", "EventID", "TimeCreated", "Computer"}
# <Data Name='SourceIp'>192.0.2.5</Data>
_PLAIN_DATA = re.compile(r"""<Data Name=(['"])([^'"<>]{1,200})\1>([^<]*)</Data>""")
# <Provider Name='Microsoft-Windows-Sysmon' .. <EventID>3</EventID> .. <TimeCreated ..
_PLAIN_SYSTEM = re.compile(
    r"""<(Provider|TimeCreated|EventID|Channel|Computer)(?: (?:Name|SystemTime)=['"]|>)([^'"<>]*)(?=['"<])"""
)


class _Reader:
    """Collects the values of one event."""

    def __init__(self) -> None:
        self.record = WindowsRecord()
        self._unnamed: list[str] = []
        self._path: list[str] = []
        self._pieces: list[str] = []
        self._name = ""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        parser.CharacterDataHandler = self._pieces.append
        parser.StartDoctypeDeclHandler = _refuse_document_type
        self._parser = parser

    def read(self, text: str) -> None:
        """Parse one element. Raises ExpatError, ValueError."""
        self._parser.Parse(_without_control(text), True)
        self.record.unnamed = self._unnamed

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self._path.append(tag)
        if len(self._path) > _DEEPEST:
            raise ValueError
        self._pieces.clear()
        record = self.record
        if tag == "Data":
            self._name = attributes.get("Name", "").lower()
        elif tag == "Provider":
            record.provider = attributes.get("Name") or attributes.get("EventSourceName", "")
        elif tag == "TimeCreated":
            record.time = attributes.get("SystemTime")
        elif tag == "Execution" or len(self._path) < 3:
            return
        elif "UserData" in self._path:
            for name, value in attributes.items():
                if not name.startswith("xmlns"):
                    self._put(name.lower(), value)

    def _close(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        value = "".join(self._pieces).strip()
        self._pieces.clear()
        self._path.pop()
        parent = self._path[-1] if self._path else ""
        record = self.record
        if tag == "Data":
            self._datum(value)
        elif parent == "System":
            if tag == "EventID":
                record.event_id = (
                    int(value) & 0xFFFF if value.isascii() and value.isdigit() and len(value) < 10 else 0
                )
            elif tag == "Channel":
                record.channel = value
            elif tag == "Computer":
                record.computer = value or None
        elif parent == "RenderingInfo":
            if tag == "Message":
                record.message = value
        elif value and ("UserData" in self._path or parent == "EventData"):
            self._put(tag.lower(), value)

    def _datum(self, value: str) -> None:
        if self._name:
            self._put(self._name, value)
        elif value and len(self._unnamed) < _MOST_DATA:
            self._unnamed.append(value[:_LONGEST_VALUE])

    def _put(self, name: str, value: str) -> None:
        if len(self.record.data) < _MOST_DATA:
            self.record.data.setdefault(name, value[:_LONGEST_VALUE])


def _refuse_document_type(*_: object) -> None:
    raise ValueError


def _without_control(text: str) -> bytes:
    """Encode the text without the control characters that Windows writes and XML forbids."""
    if not text.isprintable():
        text = text.translate(_FORBIDDEN)
    return text.encode("utf-8", "replace")


_FORBIDDEN = {code: " " for code in range(32) if code not in (9, 10, 13)} | {0xFFFE: " ", 0xFFFF: " "}
