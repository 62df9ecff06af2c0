"""Windows events as JSON, one object a line: Winlogbeat, NXLog, Wazuh, Azure, Graylog, evtx_dump and others.

Source: see `lamsach.logs.mappings.windows.json` for the shapes, `windows_contacts` and `windows_logons` for the events.
"""

from __future__ import annotations

from dataclasses import replace

from lamsach.logs.mappings.windows.events import WindowsLines
from lamsach.logs.mappings.windows.json import looks_like_windows_event, record_of_json
from lamsach.logs.text.json_records import read_object, start_of_object
from lamsach.logs.text.syslog import split_header
from lamsach.model import Event


class WindowsEventJson(WindowsLines):
    """The same from Winlogbeat, NXLog, Wazuh, Azure Monitor, Graylog, evtx_dump, Velociraptor, PowerShell.

    In a log-on the server is the observer, and the address the client's; who connects from outside is no
    machine of the unit.
    """

    name = "windows_event_json"
    title = "Windows events (JSON lines)"

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
        event = self.event(record_of_json(record), number)
        if header.strip(" [") and (event.time is None or event.device_name is event.observer is None):
            stated = split_header(line, self.context)[0]
            event = replace(event, time=event.time or stated.time, observer=event.observer or stated.host)
        return event
