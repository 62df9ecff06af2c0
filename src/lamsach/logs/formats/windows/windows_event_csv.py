"""Windows events as a table in text: Event Viewer's CSV and text exports, and PowerShell's `Export-Csv`, with
texts of many lines.

Source: Event Viewer's "Save All Events As" (`Level,Date and Time,Source,Event ID,Task Category`, the text in
a sixth column without a name), in English and Vietnamese; `Get-WinEvent | Select-Object TimeCreated, Id,
ProviderName, MachineName, Message | Export-Csv`. Traps: the text is quoted and has line feeds; the date is in
the machine's own order; Event Viewer states no machine.
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
        self.times = LooseTimes(context, month_first=_month_first(context.head))
        self._delimiter, self._columns = ",", list[str]()
        for line in context.head[:_HEAD_LINES]:
            found = _columns(line)
            if found is not None:
                self._delimiter, self._columns = found
                break

    @classmethod
    def recognises(cls, line: str) -> bool:
        """The row that names the columns; rows below it look like other tables'."""
        return len(line) < 1000 and _columns(line) is not None

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """1 for a table with these columns and at least one row that begins with a date."""
        named = any(map(cls.recognises, head[:_HEAD_LINES]))
        return 1.0 if named and (len(head) < 3 or any(map(cls.starts_record, head))) else 0.0

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """A row that begins with a date, or with a word and a date; the row of names."""
        return _ROW.match(line) is not None or cls.recognises(line)

    def parse(self, line: str, number: int) -> Event | None:
        """One row. None for the row of names; LineError for a row that does not fit it."""
        if not self._columns:
            raise LineError("The table has no columns of Windows events.", line[:80])
        if self.recognises(line) or line.startswith("#TYPE "):
            return None
        try:
            row = next(csv.reader(line.splitlines(keepends=True), delimiter=self._delimiter))
        except (csv.Error, StopIteration):
            raise LineError("The columns of the line cannot be told apart.", line[:80]) from None
        values = dict(zip(self._columns, row, strict=False))
        record = record_of_head(values, values.get("message") or " ".join(row[len(self._columns) :]))
        if record is None:
            raise LineError("The row has no number of an event.", line[:80])
        return self.event(record, number)


def _month_first(head: Sequence[str]) -> bool:
    """By the dates; where all are ambiguous, by an English clock of twelve hours."""
    samples = [match[1] for line in head if (match := _DATE.match(line))]
    if month_comes_first(samples) or any(int(_FIRST.split(text, 1)[0]) > 12 for text in samples):
        return month_comes_first(samples)
    return any(_ENGLISH_CLOCK.match(line) for line in head)


def _columns(line: str) -> tuple[str, list[str]] | None:
    """The delimiter and what each column holds; None for a line that names no columns of events."""
    delimiter = next((mark for mark in (",", ";", "\t") if mark in line), None)
    if delimiter is None:
        return None
    names = [unicodedata.normalize("NFC", cell.strip().strip('"')).lower() for cell in line.split(delimiter)]
    columns = [_COLUMNS.get(name, name) for name in names]
    telling = {"date and time", "timecreated", "time created", "ngày và giờ", "ngày và thời gian"} & set(
        names
    )
    return (delimiter, columns) if telling and set(columns) >= _MUST else None
