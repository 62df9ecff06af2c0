"""Windows events exported as text: tables of Event Viewer and PowerShell, listings of wevtutil.

Source: Event Viewer's "Save All Events As" (`Level,Date and Time,Source,Event ID,Task Category`, the text in
a sixth column without a name), in English and Vietnamese; `Get-WinEvent | Select-Object TimeCreated, Id,
ProviderName, MachineName, Message | Export-Csv`; Event Viewer's "Copy Details as Text", PowerShell's
`Format-List`; https://learn.microsoft.com/windows-server/administration/windows-commands/wevtutil;
https://docs.splunk.com (Windows event log inputs). Traps:
- The date is in the machine's own order; Event Viewer states no machine.
- In a table the text is quoted and has line feeds.
- In a listing names and values precede the event's text, whose labels `lamsach.logs.mappings.windows.events`
  knows; the names recur within the text with other meanings.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Sequence

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.mappings.windows.events import WindowsLines
from lamsach.logs.mappings.windows.record import record_of_head
from lamsach.logs.mappings.windows.xml import record_of_xml
from lamsach.logs.text.times.loose_times import LooseTimes, month_comes_first
from lamsach.model import Event

_COLUMNS = {
    "date and time": "time", "timecreated": "time", "time created": "time", "ngày và giờ": "time",
    "ngày và thời gian": "time", "timegenerated": "time", "event id": "id", "id": "id", "eventid": "id",
    "id sự kiện": "id", "mã sự kiện": "id", "instanceid": "id", "source": "provider",
    "providername": "provider", "nguồn": "provider", "log": "channel", "logname": "channel",
    "nhật ký": "channel", "computer": "computer", "machinename": "computer", "máy tính": "computer",
    "user": "user", "message": "message", "thông báo": "message", "level": "level",
    "leveldisplayname": "level", "mức": "level", "mức độ": "level", "cấp": "level", "keywords": "level",
    "từ khóa": "level", "task category": "task", "taskdisplayname": "task", "thể loại tác vụ": "task",
    "danh mục tác vụ": "task",
}  # fmt: skip
_MUST = {"time", "id", "provider"}
# Information,6/5/2026 7:31:12 AM,    "2026-06-05 07:31:12","4624"    Audit Success;05/06/2026 7:31:12 SA;
_ROW = re.compile(r'(?:"?[^,;\t"\n]{2,40}"?[,;\t])?"?\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}[ T]', re.ASCII)
_DATE = re.compile(r'(?:"?[^,;\t"\n]{2,40}"?[,;\t])?"?(\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}) ', re.ASCII)
_FIRST = re.compile(r"[/.-]")
_ENGLISH_CLOCK = re.compile(
    r'(?a)(?:"?[^,;\t"\n]{2,40}"?[,;\t])?"?\d{1,2}/\d{1,2}/\d{2,4} \d{1,2}:\d{2}:\d{2} [AP]M'
)
_HEAD_LINES = 5


class WindowsEventCsv(WindowsLines):
    """CSV and text exports of Event Viewer, English or Vietnamese; `Export-Csv` of PowerShell.

    Event Viewer states no machine.
    """

    name = "windows_event_csv"
    title = "Windows events (CSV of Event Viewer)"
    multiline = True

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        dates = [match[1] for line in context.head if (match := _DATE.match(line))]
        english = any(_ENGLISH_CLOCK.match(line) for line in context.head)
        self.times = LooseTimes(context, month_first=_month_first(dates, english=english))
        self._delimiter, self._columns = ",", list[str]()
        for line in context.head[:_HEAD_LINES]:
            found = _columns(line)
            if found is not None:
                self._delimiter, self._columns = found
                break

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the heading; rows below it look like other tables'."""
        return len(line) < 1000 and _columns(line) is not None

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Return 1 for a table with these columns and at least one row that begins with a date."""
        named = any(map(cls.recognises, head[:_HEAD_LINES]))
        return 1.0 if named and (len(head) < 3 or any(map(cls.starts_record, head))) else 0.0

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Match a row that begins with a date, or a word and a date; or the heading."""
        return _ROW.match(line) is not None or cls.recognises(line)

    def read(self, line: str) -> Event | None:
        """Read one row. None for the heading; LineError for a row that does not fit it."""
        if not self._columns:
            raise LineError("The table has no columns of Windows events.", line[:80])
        if self.recognises(line) or line.startswith("#TYPE "):
            return None
        try:
            row = next(csv.reader(line.splitlines(keepends=True), delimiter=self._delimiter))
        except (csv.Error, StopIteration):
            raise LineError("The columns of the line cannot be separated.", line[:80]) from None
        values = dict(zip(self._columns, row, strict=False))
        record = record_of_head(values, values.get("message") or " ".join(row[len(self._columns) :]))
        if record is None:
            raise LineError("The row has no number of an event.", line[:80])
        return self.event(record)


def _month_first(dates: Sequence[str], *, english: bool) -> bool:
    """Decide by the dates; if all are ambiguous, by an English twelve-hour clock."""
    if month_comes_first(dates) or any(int(_FIRST.split(text, 1)[0]) > 12 for text in dates):
        return month_comes_first(dates)
    return english


def _columns(line: str) -> tuple[str, list[str]] | None:
    """Read delimiter and columns of a heading; None for a line without columns of events."""
    delimiter = next((mark for mark in (",", ";", "\t") if mark in line), None)
    if delimiter is None:
        return None
    names = [unicodedata.normalize("NFC", cell.strip().strip('"')).lower() for cell in line.split(delimiter)]
    columns = [_COLUMNS.get(name, name) for name in names]
    time_names = {"date and time", "timecreated", "time created", "ngày và giờ", "ngày và thời gian"} & set(
        names
    )
    return (delimiter, columns) if time_names and set(columns) >= _MUST else None


# Event[0]:    Log Name:      Security    TimeCreated  : 6/5/2026 7:31:12 AM
_START = re.compile(
    r"Event\\?\[\d{1,12}\]:?\s*$|Log Name: {1,12}\S|Tên nhật ký: {1,12}\S|TimeCreated {1,20}: ?\d"
    r"|\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}:\d{2} [AP]M\s*$"
)
# Message              : Network connection detected:   (Format-List *, the other names follow)
_MESSAGE_FIRST = re.compile(r"Message {4,24}: ?\S")
_OF_POWERSHELL = re.compile(r"([A-Z][A-Za-z]{1,30}) {1,24}: ?(\S.{0,500})")
_ANOTHER = re.compile(r"\s{0,4}(?:Log Name: |LogName=|ProviderName {1,20}: |Id {1,20}: ?\d|Tên nhật ký: )")
_PAIR = re.compile(r"\s{0,8}([^\s:=][^:=\n]{0,40}?)\s{0,20}[:=][ \t]{0,20}(.{0,2000})")
_NAMES = {
    "log name": "channel", "logname": "channel", "tên nhật ký": "channel", "source": "provider",
    "sourcename": "provider", "nguồn": "provider", "providername": "provider", "date": "time",
    "timecreated": "time", "ngày": "time", "event id": "id", "eventcode": "id", "id": "id",
    "id sự kiện": "id", "computer": "computer", "computername": "computer", "machinename": "computer",
    "máy tính": "computer",
}  # fmt: skip
_TEXT_BEGINS = frozenset({"description", "message", "mô tả"})
_MOST_PAIRS = 40
_CLOCK = re.compile(r"(\d{1,2}/\d{1,2}/\d{4}) \d{1,2}:\d{2}:\d{2}( [AP]M)?")
_LISTING_HEAD_LINES = 12
_LONGEST_MESSAGE = 400


class WindowsEventListing(WindowsLines):
    """`wevtutil qe /f:text`, *Copy Details as Text*, `Format-List`, Splunk's rendering."""

    name = "windows_event_listing"
    title = "Windows events (listing of wevtutil or PowerShell)"
    multiline = True

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        clocks = [match for line in context.head if (match := _CLOCK.search(line[:200]))]
        dates = [match[1] for match in clocks]
        english = any(match[2] for match in clocks)
        self.times = LooseTimes(context, month_first=_month_first(dates, english=english))
        self._message_first = bool(context.head and _MESSAGE_FIRST.match(context.head[0]))

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a whole event; its first line alone is not enough."""
        first, feed, rest = line.partition("\n")
        return bool(feed) and cls.starts_record(first) and _ANOTHER.match(rest) is not None

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Return 1 for a file that begins with the head of an event."""
        if head and _MESSAGE_FIRST.match(head[0]):
            names_seen = {match[1].lower() for line in head if (match := _OF_POWERSHELL.match(line))}
            return 1.0 if "id" in names_seen and names_seen & {"providername", "timecreated"} else 0.0
        if not head or not cls.starts_record(head[0]):
            return 0.0
        names = {match[1].lower() for line in head[:_LISTING_HEAD_LINES] if (match := _PAIR.match(line))}
        known = {_NAMES.get(name) for name in names}
        # users who choose the columns omit the provider: TimeCreated, Id, Message
        return (
            1.0
            if "id" in known and ("provider" in known or ("time" in known and "message" in names))
            else 0.0
        )

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Match the first line of an event's head."""
        return _START.match(line) is not None

    def begins_record(self, line: str) -> bool:
        """Match a record's text if the first record begins with it, else its head."""
        if self._message_first:
            return _MESSAGE_FIRST.match(line) is not None
        return self.starts_record(line)

    def read(self, line: str) -> Event | None:
        """Read one event. LineError for a text without an event's head."""
        if (start := line.find("<Event xmlns=")) >= 0:
            return self.event(record_of_xml(line[start:]))
        values: dict[str, str] = {}
        lines = line.split("\n")
        first = _CLOCK.match(lines[0])
        if first is not None:
            values["time"] = lines[0].strip()
        message = ""
        for index, text in enumerate(lines[:_MOST_PAIRS]):
            match = _PAIR.match(text)
            name = match[1].strip().lower() if match else ""
            if match and name in _TEXT_BEGINS:
                rest = lines[index + 1 :]
                message = "\n".join([match[2], *rest])
                # PowerShell may write other names after it, unlike the text not indented
                if text.startswith("Message "):
                    _add_following(rest[:_LONGEST_MESSAGE], values)
                break
            if match and name in _NAMES:
                values.setdefault(_NAMES[name], match[2].strip())
        record = record_of_head(values, message)
        named = "provider" in values or ("time" in values and message)
        if record is None or not named:
            raise LineError("The text holds no head of a Windows event.", line[:80])
        return self.event(record)


def _add_following(lines: Sequence[str], values: dict[str, str]) -> None:
    for text in lines:
        match = _OF_POWERSHELL.match(text)
        if match and (name := _NAMES.get(match[1].lower())):
            values.setdefault(name, match[2].strip())
