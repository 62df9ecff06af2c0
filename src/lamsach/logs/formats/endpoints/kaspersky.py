r"""Kaspersky Security Center: events of its endpoints, sent to a SIEM as CEF, LEEF or structured syslog.

Source: Kaspersky, "Security Center Help", "Exporting events to SIEM systems"; "Events of Kaspersky Endpoint Security". Traps:
- The machine that the event is of is `dst` and `dhost` in CEF (older ones: `dvc`, `dvchost`), `src` (`source_ip`) or `identHostName` in LEEF, `hip` and `hdn` in syslog (`[event@23668 ...]`).
- Hashes, the site and the user stand in the message's text.
- `GNRL_EV_OBJECT_BLOCKED` and `..._CURED`, `_DELETED`, `_QUARANTINED` were stopped; `GNRL_EV_VIRUS_FOUND` tells only of a detection.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.stamping import stamped
from lamsach.logs.mappings.antivirus import event_of
from lamsach.logs.text import cef, leef
from lamsach.logs.text.framing import header_before, within_json
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.record_times import first_time
from lamsach.model import Event

# CyberTrace and the other gateways are no machine's console: their `dst` is the far end.
# CEF:0|KasperskyLab|SecurityCenter|13.2|GNRL_EV_VIRUS_FOUND|   LEEF:1.0|KasperskyLab|SecurityCenter|
_FRAMED = re.compile(
    r"(?:CEF: ?[01]|LEEF: ?[12](?:\.\d)?)\|(?:AO )?Kaspersky ?(?:Lab)?\|(?!CyberTrace|Kaspersky CyberTrace|Anti Targeted|KATA|Web Traffic|Secure Mail)",
    re.IGNORECASE,
)
# [event@23668 et="GNRL_EV_VIRUS_FOUND" hdn="PC-7" hip="10.1.1.7" p1="C:\\a.exe"]
_STRUCTURED = re.compile(r'(?<= )([A-Za-z]\w{0,40})="((?:[^"\\]|\\.)*)"')
_ELEMENT = "[event@23668 "


class Kaspersky(LogFormat):
    """Detections and other events of its endpoints, sent as CEF, LEEF or structured syslog.

    Hashes, site and user are taken from the message's text.
    """

    name = "kaspersky"
    title = "Kaspersky Security Center"
    gives = fields_named(
        "time observer source_ip destination_ip device_ip machine user domain url hashes action"
    )

    @classmethod
    def recognises(cls, line: str) -> bool:
        """The maker's name in a CEF or LEEF header, or its enterprise number in structured data."""
        if _ELEMENT in line[:700]:
            return not within_json(line, line.find(_ELEMENT))
        match = (
            _FRAMED.search(line, 0, 700) if "aspersky" in line[:700] or "KASPERSKY" in line[:700] else None
        )
        return match is not None and not within_json(line, match.start())

    def parse(self, line: str, number: int) -> Event | None:
        """See `LogFormat.parse`."""
        self.check(line)
        for frame, read in ((cef, self._cef), (leef, self._leef)):
            position = frame.find(line)
            if position >= 0:
                return stamped(read(line, position), self.name, self.context.file, number)
        return stamped(self._syslog(line), self.name, self.context.file, number)

    def _cef(self, line: str, position: int) -> Event:
        record = cef.read(line[position:])
        header = header_before(line, position, self.context)
        fields = {**record.extension, "code": record.signature, "title": record.name}
        time = (
            first_time((fields.get("rt"), fields.get("end"), fields.get("start")), self.context)
            or header.time
        )
        return event_of(fields, time, header.host)

    def _leef(self, line: str, position: int) -> Event:
        record = leef.read(line[position:])
        header = header_before(line, position, self.context)
        fields = {**record.attributes, "code": record.event}
        time = first_time((fields.get("devtime"), fields.get("rt")), self.context) or header.time
        return event_of(fields, time, header.host)

    def _syslog(self, line: str) -> Event:
        header, message = split_header(line, self.context)
        element = line[line.find(_ELEMENT) :]
        fields: dict[str, str] = {}
        for key, value in _STRUCTURED.findall(element):
            fields.setdefault(key, value.replace("\\\\", "\\").replace('\\"', '"'))
        fields = {
            **fields,
            "code": fields.get("et", ""),
            "title": fields.get("etdn", ""),
            "msg": f"{message} {' '.join(fields.values())}",
        }
        return event_of(fields, header.time, header.host if header.host != fields.get("hdn") else None)
