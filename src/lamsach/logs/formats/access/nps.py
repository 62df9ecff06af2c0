"""Microsoft Network Policy Server (NPS, before: IAS): accounting log in its three layouts.

Source:
https://learn.microsoft.com/previous-versions/windows/it-pro/windows-server-2008-R2-and-2008/cc771748
"Interpret NPS Database Format Log Files", cc730866 "Interpret IAS Format Log Files", and the DTS (XML) layout
of Windows Server 2008 R2 and later. Traps:
- Dates are month/day/year in every server language, on the server's clock.
- The IAS layout is six columns, then pairs of an attribute's number and its value; the database layout has
  fixed columns.
- Packet-Type: 1 request, 2 accept, 3 reject, 4 accounting, 11 challenge (decides nothing).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.mappings.radius import RadiusRecord, event_of
from lamsach.logs.text.delimited import cells_of
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.model import Event

# 192.0.2.1,UNIT\alice,11/06/2026,10:00:00,IAS,NPS01,44,0000012,...
_IAS = re.compile(
    r'(?a)"?(?:[0-9A-Fa-f.:]{2,45}|[\w.-]{0,63})"?,[^,]{0,255},\d{1,2}/\d{1,2}/\d{4},\d{1,2}:\d\d:\d\d,"?'
    r'(?:IAS|NPS|RAS)"?,[^,]{1,255},-?\d{1,5},'
)
# "NPS01","IAS",11/06/2026,10:00:00,4,"alice","UNIT\alice",...
_ODBC = re.compile(r'(?a)"[\w.-]{1,63}","(?:IAS|NPS|RAS)",\d{1,2}/\d{1,2}/\d{4},\d{1,2}:\d\d:\d\d,\d{1,3},')
# <Event><Timestamp data_type="4">11/06/2026 10:00:00.123</Timestamp><Computer-Name data_type="1 ..
_DTS = re.compile(r'\s*<Event><Timestamp data_type="\d">')
_ELEMENT = re.compile(r'<([A-Za-z][\w-]{1,60}) data_type="\d{1,2}">([^<]{0,1000})</')
# attribute numbers in the IAS layout (RFC 2865, RFC 2866, and Microsoft's above 4000)
_NUMBERS = {
    "1": "User-Name", "8": "Framed-IP-Address", "31": "Calling-Station-Id", "40": "Acct-Status-Type",
    "4129": "SAM-Account-Name", "4": "NAS-IP-Address", "32": "NAS-Identifier", "4108": "Client-IP-Address",
    "4128": "Client-Friendly-Name", "4136": "Packet-Type", "4130": "Fully-Qualifed-User-Name",
}  # fmt: skip
# columns of the database layout, by index
_COLUMNS = {
    0: "Computer-Name", 4: "Packet-Type", 5: "User-Name", 6: "SAM-Account-Name", 8: "Calling-Station-Id",
    10: "Framed-IP-Address", 11: "NAS-Identifier", 12: "NAS-IP-Address", 15: "Client-IP-Address",
    16: "Client-Friendly-Name", 31: "Acct-Status-Type",
}  # fmt: skip
_ACCEPTED = {"2": True, "3": False}


class Nps(LogFormat):
    """Accounting in the IAS, database and XML (DTS) layouts."""

    name = "nps"
    title = "Microsoft Network Policy Server"
    gives = fields_named("time observer source_ip destination_ip device_ip machine user action")
    lease_markers = ("IAS", "NPS", "<Event>")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a row of the IAS or the database layout, or an event in XML."""
        if line[:1] == "<" or line[:8].lstrip()[:1] == "<":
            return _DTS.match(line) is not None
        return "/" in line[:700] and (_IAS.match(line) is not None or _ODBC.match(line) is not None)

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`."""
        if _DTS.match(line):
            values = _elements(line)
            time = LooseTimes(self.context, month_first=True).read(values.get("Timestamp", ""))
        else:
            self.check(line)
            cells = _cells(line)
            named = {name: cells[at] for at, name in _COLUMNS.items() if at < len(cells) and cells[at]}
            values = named if _ODBC.match(line) else _pairs(cells)
            time = LooseTimes(self.context, month_first=True).read(f"{cells[2]} {cells[3]}")
        return event_of(_record(values, time))


def _cells(line: str) -> list[str]:
    cells = cells_of(line.rstrip("\r\n"))
    if len(cells) > 5:
        return cells
    raise LineError("The columns of the line cannot be separated.", line[:80])


def _pairs(cells: Sequence[str]) -> dict[str, str]:
    values = {"NAS-IP-Address": cells[0], "User-Name": cells[1], "Computer-Name": cells[5]}
    for number, value in zip(cells[6::2], cells[7::2], strict=False):
        name = _NUMBERS.get(number)
        if name and value:
            values[name] = value
    return values


def _elements(line: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in _ELEMENT.findall(line[:65536]):
        values.setdefault(name, html.unescape(value))
    return values


def _record(values: Mapping[str, str], time: datetime) -> RadiusRecord:
    kind = values.get("Packet-Type", "")
    user = values.get("User-Name") or values.get("SAM-Account-Name")
    return RadiusRecord(
        time=time,
        user=user,
        framed_ip=values.get("Framed-IP-Address"),
        calling_station=values.get("Calling-Station-Id"),
        nas=values.get("Computer-Name"),
        nas_ip=values.get("NAS-IP-Address") or values.get("Client-IP-Address"),
        status=values.get("Acct-Status-Type") if kind in ("4", "") else None,
        accepted=_ACCEPTED.get(kind),
    )
