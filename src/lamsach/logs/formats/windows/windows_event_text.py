"""Windows events as lines of rendered text by syslog: Snare, OSSEC, WinCollect, NXLog's structured data, Eventlog-to-Syslog.

Source: see `lamsach.logs.mappings.windows.text`; the words of the texts are in `windows_messages`, in English and Vietnamese.
"""

from __future__ import annotations

import re

from lamsach.errors import LineError
from lamsach.logs.mappings.windows.events import WindowsLines
from lamsach.logs.mappings.windows.text import looks_like_text_event, text_event
from lamsach.logs.text.syslog import NO_HEADER, split_header
from lamsach.logs.text.times.timestamps import MONTHS, local_time
from lamsach.model import Event

# Fri Jun 05 07:31:12 2026, of Snare; 2026 Jun 05 07:31:12, of OSSEC
_ENGLISH = re.compile(
    r"(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}):(\d{2}):(\d{2}) (\d{4})", re.ASCII
)
_YEAR_FIRST = re.compile(r"(\d{4}) ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}):(\d{2}):(\d{2})(?= )", re.ASCII)


class WindowsEventText(WindowsLines):
    """The rendered text, English or Vietnamese, as Snare, OSSEC, WinCollect, NXLog and Eventlog-to-Syslog
    send it.
    """

    name = "windows_event_text"
    title = "Windows events (text by syslog)"

    @classmethod
    def recognises(cls, line: str) -> bool:
        """The mark of an agent (`MSWinEventLog`, `WinEvtLog: `, ..) and the number of an event; never JSON or XML."""
        return looks_like_text_event(line) and "<Event" not in line[:400] and "{" not in line[:60]

    def parse(self, line: str, number: int) -> Event | None:
        """One line. The time is the event's own where it is stated, else that of the syslog header."""
        found = text_event(line)
        if found is None:
            raise LineError("The line holds no Windows event.", line[:80])
        record = found.record
        before = line[: found.begin]
        header = split_header(before + "x", self.context)[0] if before.strip() else NO_HEADER
        record.computer = record.computer or header.host
        stated = record.time or ""
        record.time = self._iso(stated) or self._iso(before) or stated or None
        if record.time is None and header.time is not None:
            record.time = header.time.isoformat()
        return self.event(record, number)

    def _iso(self, text: str) -> str | None:
        """ISO 8601 of a time with an English month, which is on the clock of the file's zone."""
        match = _ENGLISH.fullmatch(text)
        if match is not None:
            month, day, hour, minute, second, year = match.groups()
        else:
            match = _YEAR_FIRST.match(text)
            if match is None:
                return None
            year, month, day, hour, minute, second = match.groups()
        if month not in MONTHS:
            return None
        time = local_time(
            int(year), MONTHS[month], int(day), int(hour), int(minute), int(second), 0, self.context.timezone
        )
        return time.isoformat()
