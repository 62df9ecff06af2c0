"""Windows events as XML: one event a line, or over several, as wevtutil, Event Viewer, NXLog, evtx_dump and
Sysmon for Linux write them.

Source: https://learn.microsoft.com/windows/win32/wes/eventschema-schema. Traps: Event Viewer writes all
events into one line (`<Events><Event ..>..</Event><Event ..>`); a syslog header may stand before an event;
entities are refused (`lamsach.logs.mappings.windows.xml`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lamsach.errors import LineError
from lamsach.logs.mappings.windows.events import WindowsLines
from lamsach.logs.mappings.windows.xml import record_of_xml
from lamsach.model import Event

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
        """`<Event>` or `<Event xmlns=..>` at the start or behind a syslog header, never within JSON."""
        start = _start(line)
        if start < 0 or "{" in line[:start]:
            return False
        return line.rstrip() in ("<Event>", "<Event >") or any(mark in line for mark in _MARKS)

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """The share of lines that are within events."""
        inside, lines = False, 0
        for line in head:
            if cls.recognises(line):
                inside = True
            lines += inside or _NO_EVENT.fullmatch(line[:1000]) is not None
            if "</Event>" in line[-200:]:
                inside = False
        return lines / len(head) if head and any(map(cls.recognises, head)) else 0.0

    def parse(self, line: str, number: int) -> Event | None:
        """One event. None around events; LineError for broken XML and several events in a line."""
        if len(line) < 1000 and _NO_EVENT.fullmatch(line):
            return None
        start = _start(line)
        if start < 0:
            raise LineError("The text holds no Windows event in XML.", line[:80])
        record = record_of_xml(line[start:])
        return self.event(record, number)


def _start(line: str) -> int:
    for opening in _BEGIN:
        position = line.find(opening, 0, _HEADER_ROOM)
        if position >= 0:
            return position
    return -1
