"""Windows events as rendered text by syslog: Snare, OSSEC, WinCollect, NXLog, NTsyslog and others.

Source: Snare for Windows (`MSWinEventLog`, https://docs.nxlog.co/refman/current/xm/syslog.html), OSSEC and
Wazuh 3 (`WinEvtLog`), IBM WinCollect (`AgentDevice=`), Eventlog-to-Syslog, NTsyslog (`security[success] 528
UNIT\\an Successful Logon: ..`), and NXLog's structured data (`[NXLOG@14506 ..]`). Labels of the texts,
English and Vietnamese, are in `lamsach.logs.mappings.windows.events`. Traps: the syslog server may have
turned tabs into `#011`; Snare states the machine's local time; the text's own line feeds are lost.
"""

from __future__ import annotations

import re

from lamsach.errors import LineError
from lamsach.logs.mappings.windows.events import WindowsLines
from lamsach.logs.mappings.windows.record import WindowsRecord
from lamsach.logs.text.syslog import NO_HEADER, split_header
from lamsach.logs.text.times.timestamps import MONTHS, clock_time
from lamsach.model import Event

_SNARE, _OSSEC_MARK, _COLLECT, _STRUCTURED = "MSWinEventLog", "WinEvtLog: ", "AgentDevice=Win", "[NXLOG@14506"
_DELIMITERS = ("\t", "#011", "\\t", ";", ",")
# WinEvtLog: Security: AUDIT_FAILURE(4625): Microsoft-Windows-Security-Auditing: (no user): no domain: ..
_OSSEC = re.compile(
    r"WinEvtLog: ([^:]{1,120}): ([A-Z_ ]{1,30})\((\d{1,5})\): ([^:]{1,120}): ([^:]{1,120}): ([^:]{1,120}): "
    r"([^: ]{1,255}): ?"
)
# Microsoft-Windows-Security-Auditing[588]: 4624: An account ..
_EVENTLOG_TO_SYSLOG = re.compile(
    r"(?a)(?:^|[ >])((?:Microsoft[-_]Windows[-_][\w-]{2,60}|Security-Auditing|Sysmon)[\w.]{0,3})"
    r"(?:\[\d{1,10}\])?: (\d{1,5}): "
)
# Microsoft-Windows-Sysmon[2200]: Network connection detected: ..
_TITLED = re.compile(r"(?a)(?:^|[ >])((?:Microsoft[-_]Windows[-_][\w-]{2,60}))(?:\[\d{1,10}\])?: (?=[A-Z])")
# security[failure] 529 NT AUTHORITY\\SYSTEM Logon Failure: Reason:Unknown user name or bad password User ..
_NTSYSLOG = re.compile(
    r"(?a)(?:^|[ >])([a-z][a-z ]{2,30})\[(?:success|failure|error|warning|info|information)\] (\d{1,5}) "
    r"(?=\S)"
)
_RUN_ON = re.compile(r" (?=(?:Domain|Reason|Caller Domain|Supplied Realm Name):)")
_TITLES = {
    "An account was successfully logged on": 4624, "An account failed to log on": 4625,
    "An account was logged off": 4634, "A logon was attempted using explicit credentials": 4648,
        "A Kerberos authentication ticket (TGT) was requested": 4768,
    "A Kerberos service ticket was requested": 4769, "A Kerberos service ticket was renewed": 4770,
    "Kerberos pre-authentication failed": 4771, "The computer attempted to validate the credentials": 4776,
    "The domain controller attempted to validate": 4776, "A session was reconnected": 4778,
    "A network share object was accessed": 5140, "A network share object was checked": 5145,
    "The Windows Filtering Platform has blocked a packet": 5152,
        "The Windows Filtering Platform has permitted a connection": 5156,
    "The Windows Filtering Platform has blocked a connection": 5157, "A new process has been created": 4688,
    "Network Policy Server granted access": 6272, "Network Policy Server denied access": 6273,
    "Process Create": 1, "Network connection detected": 3, "Image loaded": 7, "File created": 11,
    "File stream created": 15, "Dns query": 22,
}  # fmt: skip
"""Event number by the start of its text."""
# EventID="4624" IpAddress="192.0.2.5"
_PAIR = re.compile(r'([A-Za-z][\w.-]{0,63})="((?:[^"\\\]]|\\.)*)"')
_MOST_PAIRS = 200
_COUNTER = re.compile(r"\s\d{1,12}$", re.ASCII)


Found = tuple[WindowsRecord, int]
"""An event and its offset in the line, after a syslog header."""


def _is_text_event(line: str) -> bool:
    """Return whether a line has an agent's mark and an event number."""
    if _SNARE in line:
        return _snare(line) is not None
    if _OSSEC_MARK in line:
        return _OSSEC.search(line, 0, 2000) is not None
    if _COLLECT in line or _STRUCTURED in line:
        return "EventID=" in line
    if "] " in line[:200] and _NTSYSLOG.search(line, 0, 200) is not None:
        return True
    return ("Windows" in line or "Security-Auditing: " in line or "Sysmon" in line) and (
        _EVENTLOG_TO_SYSLOG.search(line, 0, 400) is not None or _titled(line) is not None
    )


def _text_event(line: str) -> Found | None:
    """Read the event of a line; None when it has no known layout."""
    readers = ((_SNARE, _snare), (_OSSEC_MARK, _ossec), (_COLLECT, _collect), (_STRUCTURED, _structured))
    reader = next((reader for mark, reader in readers if mark in line), _plain)
    return reader(line)


def _snare(line: str) -> Found | None:
    """Read MSWinEventLog criticality log counter date id source user sid type computer category data text."""
    begin = line.find(_SNARE)
    rest = line[begin + len(_SNARE) :]
    delimiter = next((mark for mark in _DELIMITERS if rest.startswith(mark)), None)
    if delimiter is None:
        return None
    cells = rest[len(delimiter) :].split(delimiter, 12)
    if len(cells) < 11 or not cells[4].strip().isdecimal() or len(cells[4]) > 10:
        return None
    cells = [cell.strip() for cell in cells]
    message = _COUNTER.sub("", "  ".join(cells[11:]).replace(delimiter, "  "))
    record = WindowsRecord(
        int(cells[4]) & 0xFFFF, cells[5], cells[1], cells[9] or None, cells[3] or None, {}, message=message
    )
    return record, begin


def _ossec(line: str) -> Found | None:
    match = _OSSEC.search(line)
    if match is None:
        return None
    channel, _, number, provider, _, _, computer = match.groups()
    record = WindowsRecord(int(number), provider, channel, computer, None, {}, message=line[match.end() :])
    return record, match.start()


def _collect(line: str) -> Found | None:
    begin = line.find("AgentDevice=")
    head, _, message = line[begin:].partition("Message=")
    pairs: dict[str, str] = {}
    for cell in head.replace("#011", "\t").split("\t"):
        name, equals, value = cell.partition("=")
        if equals:
            pairs.setdefault(name.strip().lower(), value.strip())
    number = pairs.get("eventidcode") or pairs.get("eventid", "")
    if not number.isdecimal() or len(number) > 10:
        return None
    record = WindowsRecord(
        int(number) & 0xFFFF,
        pairs.get("source", ""),
        pairs.get("agentlogfile", ""),
        pairs.get("computer") or pairs.get("originatingcomputer") or None,
        pairs.get("timegenerated") or None,
        {},
        message=message,
    )
    return record, begin


def _structured(line: str) -> Found | None:
    begin = line.find(_STRUCTURED)
    data: dict[str, str] = {}
    end = begin
    for count, pair in enumerate(_PAIR.finditer(line, begin)):
        if count == _MOST_PAIRS:
            break
        data.setdefault(pair[1].lower(), re.sub(r"\\([\"\\\]])", r"\1", pair[2]))
        end = pair.end()
    number = data.get("eventid", "")
    if not number.isdecimal() or len(number) > 10:
        return None
    utc = data.get("utctime")
    record = WindowsRecord(
        int(number) & 0xFFFF,
        data.get("sourcename", data.get("provider", "")),
        data.get("channel", ""),
        data.get("hostname"),
        f"{utc}Z" if utc and utc[-1:].isdigit() else data.get("eventtime"),
        data,
        message=line[end:],
    )
    return record, begin


def _plain(line: str) -> Found | None:
    own = _NTSYSLOG.search(line, 0, 200) if "] " in line[:200] else None
    if own:
        return _ntsyslog(line, own)
    match = _EVENTLOG_TO_SYSLOG.search(line, 0, 400)
    if match is None:
        return _titled(line)
    record = WindowsRecord(
        int(match[2]), match[1].replace("_", "-"), "", None, None, {}, message=line[match.end() :]
    )
    return record, match.start(1)


def _ntsyslog(line: str, match: re.Match[str]) -> Found:
    """Read an event whose text lost its line feeds; restore those before labels that end no value."""
    channel = match[1].strip().rpartition(" ")[2].capitalize()
    message = _RUN_ON.sub("\n", line[match.end() :])
    return WindowsRecord(int(match[2]), channel, channel, None, None, {}, message=message), match.start(1)


def _titled(line: str) -> Found | None:
    """Read an event without a number, which the start of its text implies."""
    match = _TITLED.search(line, 0, 400)
    if match is None:
        return None
    message = line[match.end() :]
    number = next((number for title, number in _TITLES.items() if message.startswith(title)), None)
    if number is None:
        return None
    record = WindowsRecord(number, match[1].replace("_", "-"), "", None, None, {}, message=message)
    return record, match.start(1)


# Fri Jun 05 07:31:12 2026, of Snare; 2026 Jun 05 07:31:12, of OSSEC
_ENGLISH = re.compile(
    r"(?a)(?:[A-Z][a-z]{2} )?(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2}) (?P<clock>\d{2}:\d{2}:\d{2}) "
    r"(?P<year>\d{4})"
)
_YEAR_FIRST = re.compile(
    r"(?a)(?P<year>\d{4}) (?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2}) (?P<clock>\d{2}:\d{2}:\d{2})(?= )"
)


class WindowsEventText(WindowsLines):
    """Rendered text, English or Vietnamese, from Snare, OSSEC, WinCollect, NXLog and Eventlog-to-Syslog."""

    name = "windows_event_text"
    title = "Windows events (text by syslog)"

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match an agent's mark (`MSWinEventLog`, `WinEvtLog: `) and an event's number; never JSON or XML."""
        return _is_text_event(line) and "<Event" not in line[:400] and "{" not in line[:60]

    def read(self, line: str) -> Event | None:
        """Read one line. The event's own time counts, if stated, else that of the syslog header."""
        found = _text_event(line)
        if found is None:
            raise LineError("The line holds no Windows event.", line[:80])
        record, begin = found
        before = line[:begin]
        header = split_header(before + "x", self.context)[0] if before.strip() else NO_HEADER
        record.computer = record.computer or header.host
        stated = record.time or ""
        record.time = self._iso(stated) or self._iso(before) or stated or None
        if record.time is None and header.time is not None:
            record.time = header.time.isoformat()
        return self.event(record)

    def _iso(self, text: str) -> str | None:
        """Convert a time with an English month, on the clock of the file's zone, to ISO 8601."""
        match = _ENGLISH.fullmatch(text) or _YEAR_FIRST.match(text)
        if match is None or match["month"] not in MONTHS:
            return None
        return clock_time(self.context, *match.group("year", "month", "day", "clock")).isoformat()
