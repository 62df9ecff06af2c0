"""Windows events as JSON lines (Winlogbeat, NXLog, Wazuh, Azure, Graylog), or over several lines.

Source: `lamsach.logs.mappings.windows.json` for the shapes, `contacts` and `logons` next to it for the
events; `ConvertTo-Json` of PowerShell, `evtx_dump -o json`, Kibana's and Azure's exports, jq. Traps of pretty
JSON:
- Objects within an event begin with `{` on a line of its own too: only those at the depth of the file's first
  object begin a record.
- evtx_dump writes `Record 1` between the objects.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.mappings.windows.events import WindowsLines
from lamsach.logs.mappings.windows.json import looks_like_windows_event, record_of_json
from lamsach.logs.text.json_records import read_object, start_of_object
from lamsach.logs.text.syslog import split_header
from lamsach.model import Event


class WindowsEventJson(WindowsLines):
    """The same events from Winlogbeat, NXLog, Wazuh, Azure Monitor, Graylog, evtx_dump, Velociraptor,
    PowerShell.

    In a log-on the server is the observer, and the address the client's; a client from outside is no machine
    of the unit.
    """

    name = "windows_event_json"
    title = "Windows events (JSON lines)"

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a whole JSON object with an event number and a keyword of Windows' logs."""
        start = start_of_object(line)
        return (
            start >= 0
            and line.rstrip().endswith(("}", "},", "]"))
            and len(line) - start > 2
            and looks_like_windows_event(line)
        )

    def read(self, line: str) -> Event | None:
        """Read one JSON object. Raises LineError for an object with no event, or several."""
        header, record = read_object(line)
        event = self.event(record_of_json(record))
        if header.strip(" [") and (event.time is None or event.device_name is event.observer is None):
            stated = split_header(line, self.context)[0]
            event = replace(event, time=event.time or stated.time, observer=event.observer or stated.host)
        return event


_OPENING = re.compile(r"(\s{0,12}),?\s?\{\s{0,9}")
_MOST_INDENT = 4
_NO_EVENT = re.compile(
    r"\s*(?:\[|\],?|\},?|Record \d{1,12}|\{\s*\"(?:records|value|data|events|hits)\"\s*:\s*\[)?\s*"
)


class WindowsEventJsonPretty(WindowsLines):
    """The same events, indented."""

    name = "windows_event_json_pretty"
    title = "Windows events (JSON over several lines)"
    multiline = True

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._indent = _first_indent(context.head)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a whole object over several lines; never a single line."""
        return "\n" in line and line.lstrip()[:1] == "{" and looks_like_windows_event(line)

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Return 1 for a head that begins with an object over several lines and has an event's keys."""
        first = next((n for n, line in enumerate(head[:4]) if _OPENING.fullmatch(line)), None)
        if first is None or not all(_NO_EVENT.fullmatch(line) for line in head[:first]):
            return 0.0
        if not all(_is_piece(line) for line in head[first + 1 : first + 20]):
            return 0.0
        return 1.0 if looks_like_windows_event("\n".join(head)[:200_000]) else 0.0

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Match a brace alone on its line, hardly indented."""
        match = _OPENING.fullmatch(line)
        return match is not None and len(match[1].expandtabs(4)) <= _MOST_INDENT

    def begins_record(self, line: str) -> bool:
        """Match a brace alone on its line, indented no more than the file's first."""
        match = _OPENING.fullmatch(line)
        return match is not None and len(match[1].expandtabs(4)) <= self._indent

    def read(self, line: str) -> Event | None:
        """Read one object. None between objects; LineError for a broken object or one without an event."""
        if len(line) < 60 and _NO_EVENT.fullmatch(line):
            return None
        if "\n" not in line and not line.lstrip().startswith("{"):
            raise LineError("The line holds no JSON object.", line[:80])
        record = record_of_json(read_object(line.lstrip(", \t\n"))[1])
        return self.event(record)


def _first_indent(head: Sequence[str]) -> int:
    for line in head:
        match = _OPENING.fullmatch(line)
        if match is not None:
            return len(match[1].expandtabs(4))
    return _MOST_INDENT


def _is_piece(line: str) -> bool:
    """Return whether a line can be part of an object over several lines."""
    text = line.strip()
    return (
        text[:1] in ('"', "{", "}", "[", "]", "-")
        or text[:1].isdigit()
        or text.startswith(("true", "false", "null", "Record "))
    )
