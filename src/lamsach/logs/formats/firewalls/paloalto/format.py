"""Palo Alto Networks PAN-OS, Panorama, Prisma Access, Cortex Data Lake: columns, CEF, LEEF, JSON.

Source: "Syslog Field Descriptions" of PAN-OS 8.0 to 11.1; "CEF Configuration Guides"; "Log Forwarding App
Schema Reference" (CEF, LEEF, JSON). Traps:
- Columns count from the left; newer versions only append (`columns.py`). A URL is quoted and may hold commas.
- The time with milliseconds and an offset, which PAN-OS 10 appends, comes first; the others are on the
  firewall's clock. Excel turns these into `9/16/19 10:00`.
- `THREAT,url` has the URL without its scheme where other subtypes have a file's name.
- In CEF `rt` is the firewall's time, `dtz` its zone.
- GlobalProtect and USERID state a user's address: a log-on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import changed
from lamsach.logs.formats.firewalls.paloalto.columns import (
    GENERATED,
    KIND_KEY,
    PLACES,
    RECEIVED,
    SUBTYPE_KEY,
    TIME_KEYS,
    TYPE,
)
from lamsach.logs.formats.firewalls.paloalto.events import (
    COLUMN_KEYS,
    completed,
    event_of_columns,
    event_of_fields,
    json_event,
    with_question,
    with_status,
)
from lamsach.logs.mappings.cef_events import cef_event, cef_time, leef_event
from lamsach.logs.mappings.keyed_events import domain_in, host_in, unquoted
from lamsach.logs.mappings.records import Fields, Header, Records, carried_keys
from lamsach.logs.text import cef, leef
from lamsach.logs.text.delimited import cells_of
from lamsach.logs.text.json_records import start_of_object
from lamsach.logs.text.key_value import first_ip
from lamsach.logs.text.record_headers import header_before, last_header
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import domain_of, in_order
from lamsach.model import Event, EventKind

# 1,2026/06/05 07:31:12,0123456789,TRAFFIC,end,2305,2026/06/05 07:31:12,
_RECORD = re.compile(
    rf"(?:^|[\s:])\d{{0,2}}([,;])[\d/: T.+-]{{0,32}}\1[\w-]{{0,40}}\1\"?(?:{'|'.join(PLACES)})\"?"
    rf"\1[^,;]{{0,60}}\1[^,;]{{0,20}}\1[\d/: T.+-]{{0,32}}\1"
)
_ROOM = 700
_TYPES = tuple(f"{mark}{kind}{mark}" for mark in ",;" for kind in PLACES)
# 2026-06-05T07:31:12.345+07:00
_WITH_OFFSET = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)")
_DATE = re.compile(r"\d{1,4}/\d{1,2}/\d{1,4} \d{1,2}:\d\d(?::\d\d)?")
_VENDOR = "|Palo Alto Networks|"
_JSON_TYPE = re.compile(r'"LogType"\s*:\s*"[A-Za-z]')
_JSON_KEYS = in_order(
    '"DeviceSN" "LogSourceID" "VirtualLocation" "DGHierarchyLevel1" "VendorName" "TimeGenerated" '
    '"LogSourceName"'
)


_USERS = in_order(
    "PanOSSourceUserName PanOSSourceUser suser0 PanOSAuthenticatedUserName PanOSUser duser0 "
    "PanOSDestinationUserName"
)
_SITES = ("PanOSURLDomain", "PanOSServerNameIndication", "PanOSSNI", "PanOSCommonName", "dntdom")


class PaloAlto(LogFormat):
    """Traffic, threat, URL, DNS, file, decryption, GlobalProtect, User-ID, system records of PAN-OS 8 to 11;
    syslog, CEF, LEEF, JSON.

    A time with an offset comes before the firewall's local one.
    """

    name = "paloalto"
    title = "Palo Alto Networks"
    gives = fields_named("contact nat machine user domain url answers hashes action response")

    lease_markers = ("DHCP lease", "GLOBALPROTECT", "globalprotectgateway-")

    records = Records(
        reader="paloalto", texts=carried_keys(COLUMN_KEYS)["texts"] | {"misc", "given", "given_ipv6"},
        ports=carried_keys(COLUMN_KEYS)["ports"], clock=TIME_KEYS
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the type in the fourth column, the vendor in a CEF or LEEF header, or its JSON keys."""
        if _is_json(line):
            return True
        if line[:1] in "{[":
            return False
        if _VENDOR in line and (cef.find(line) >= 0 or leef.find(line) >= 0):
            return True
        return any(kind in line[:_ROOM] for kind in _TYPES) and _RECORD.search(line, 0, _ROOM) is not None

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`."""
        self.check(line)
        if _is_json(line):
            event = json_event(line, self.context)
        else:
            position = cef.find(line)
            if position >= 0:
                event = self._cef(line, position)
            elif (position := leef.find(line)) >= 0:
                header = header_before(line, position, self.context)
                record = leef.read(line[position:])
                event = leef_event(record, self.context, observer=header.host, otherwise=header.time)
                event = _with_site(_with_firewall(event, record.attributes), record.attributes)
                event = _completed(event, record.attributes)
            else:
                event = self._columns(line)
        return event

    def _cef(self, line: str, position: int) -> Event:
        header = header_before(line, position, self.context)
        record = cef.read(line[position:])
        fields = dict(record.extension)
        event = cef_event(record, self.context, observer=header.host, otherwise=header.time)
        event = changed(
            event,
            time=cef_time(fields, self.context, ("rt", "start")) or event.time,
            source_ip=event.source_ip or _first(fields, "PanOSPublicIPv4", "PanOSPublicIPv6"),
            device_name=event.device_name
            or _first(fields, "PanOSEndpointDeviceName", "PanOSSourceDeviceHost"),
            user=event.user or _first(fields, *_USERS),
        )
        if record.signature == "THREAT":
            event = with_question(
                event, record.name.lower(), _first(fields, "fname", "filePath"), fields.get("cat")
            )
        event = with_status(event, fields.get("PanOSEventStatus"))
        event = changed(event, domain=event.domain or domain_in(fields, _SITES))
        kind = record.signature if record.signature in PLACES else record.name
        message = (
            _first(fields, "msg", "PanOSEventDescription", "PanOSDescription")
            if kind in ("SYSTEM", "AUTH")
            else None
        )
        return completed(
            event,
            kind,
            message,
            fields.get("PanOSPrivateIPv4"),
            fields.get("PanOSPrivateIPv6"),
            fields.get("PanOSEventIDValue") or fields.get("PanOSEventID"),
        )

    def _columns(self, line: str) -> Event:
        if ',\\"' in line and ',"' not in line:  # text cut out of JSON
            line = line.replace('\\"', '"')
        start = required(_RECORD.search(line, 0, _ROOM), line)
        begin = start.start() + (not line[start.start()].isdigit() and line[start.start()] not in ",;")
        cells = _cells(line[begin:], start[1])
        header = last_header(line[:begin], self.context) if begin else None
        time = self._time(cells) or (header.time if header else None)
        observer = header.host or (header.app if header.pid is None else None) if header else None
        return event_of_columns(cells[TYPE].strip('"'), cells, time, observer)

    def record_event(self, fields: Fields, header: Header) -> Event:
        """See `Records`; `KIND_KEY` and `SUBTYPE_KEY` are the keys of the record's type."""
        time = self.record_time(fields) or header.time
        return event_of_fields(fields[KIND_KEY], fields[SUBTYPE_KEY], fields, time, header.host)

    def record_time(self, fields: Fields) -> datetime | None:
        """See `Records`."""
        return first_time((fields.get(key) for key in TIME_KEYS), self.context, month_first=True)

    def _time(self, cells: list[str]) -> datetime | None:
        """Read the last time with an offset, else the time of generation, else of receipt."""
        exact = next((cell for cell in reversed(cells[GENERATED:]) if _WITH_OFFSET.fullmatch(cell)), None)
        local = (cell for cell in (cells[GENERATED], cells[RECEIVED]) if _DATE.fullmatch(cell))
        return first_time((exact, *local), self.context, month_first=True)


def _with_firewall(event: Event, fields: Mapping[str, str]) -> Event:
    """Correct an event of LEEF, whose `DeviceName` is the firewall's."""
    firewall = fields.get("devicename")
    if not firewall:
        return event
    name = None if event.device_name == firewall else event.device_name
    return changed(
        event,
        source_ip=event.source_ip or first_ip(fields, "publicip", "publicipv4", "publicipv6"),
        device_name=name or _first(fields, "machinename"),
        observer=event.observer or firewall,
    )


def _completed(event: Event, fields: Mapping[str, str]) -> Event:
    """Complete an event of LEEF by its message and a VPN client's address."""
    kind = (_first(fields, "type", "cat") or "").upper()
    if kind not in PLACES:
        return event
    return completed(
        with_status(event, fields.get("status")),
        kind,
        _first(fields, "msg", "description", "opaque") if kind in ("SYSTEM", "AUTHENTICATION") else None,
        _first(fields, "privateip", "privateipv4"),
        fields.get("privateipv6"),
        fields.get("eventid"),
    )


def _with_site(event: Event, fields: Mapping[str, str]) -> Event:
    """Add the URL or name in LEEF's field `Miscellaneous` to an event."""
    text = unquoted(fields.get("miscellaneous", ""))
    if event.url or event.domain or not text:
        return event
    if fields.get("subtype") == "url" or "://" in text[:12]:
        return changed(event, kind=EventKind.WEB, url=text, domain=host_in(text))
    name = domain_of(text) if fields.get("subtype") in ("spyware", "dns", "dns-security") else None
    return changed(event, kind=EventKind.DNS, domain=name) if name and "." in name else event


def _is_json(line: str) -> bool:
    if '"LogType"' not in line or start_of_object(line) < 0:
        return False
    return _JSON_TYPE.search(line) is not None and any(key in line for key in _JSON_KEYS)


def _first(fields: Mapping[str, str], *keys: str) -> str | None:
    return next((fields[key] for key in keys if fields.get(key)), None)


def _cells(text: str, delimiter: str) -> list[str]:
    """Split the columns, perhaps at Excel's semicolons; LineError when they are too few or broken."""
    cells = cells_of(text, delimiter) if '"' in text else text.split(delimiter)
    if len(cells) <= GENERATED:
        raise LineError("The line has fewer columns than its header names.", text[:80])
    return cells
