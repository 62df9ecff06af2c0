"""Windows events as JSON, one object a line: Winlogbeat, NXLog, Wazuh, Azure, Graylog, evtx_dump and others.

Source: see `lamsach.logs.mappings.windows.json` for the shapes, `windows_contacts` and `windows_logons` for the events.
"""

from __future__ import annotations

from dataclasses import replace

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.mappings.windows.events import GIVES, HOLDER_MARKERS, event_of
from lamsach.logs.mappings.windows.json import looks_like_windows_event, record_of_json
from lamsach.logs.text.json_records import read_object, start_of_object
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.model import Event


class WindowsEventJson(LogFormat):
    """The same from Winlogbeat, NXLog, Wazuh, Azure Monitor, Graylog, evtx_dump, Velociraptor, PowerShell.

    In a log-on the server is the observer, and the address the client's; who connects from outside is no
    machine of the unit.
    """

    name = "windows_event_json"
    title = "Windows events (JSON lines)"
    gives = GIVES
    lease_markers = HOLDER_MARKERS

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._times = LooseTimes(context)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """A whole JSON object with the number of an event and a word that only Windows' logs have."""
        start = start_of_object(line)
        return (
            start >= 0
            and line.rstrip().endswith(("}", "},", "]"))
            and len(line) - start > 2
            and looks_like_windows_event(line)
        )

    def parse(self, line: str, number: int) -> Event | None:
        """One JSON object. Raises LineError for one that holds no event, or several."""
        header, record = read_object(line)
        event = event_of(record_of_json(record), self.context, self._times, self.name, number)
        if header.strip(" [") and (event.time is None or event.device_name is event.observer is None):
            stated = split_header(line, self.context)[0]
            event = replace(event, time=event.time or stated.time, observer=event.observer or stated.host)
        return event
