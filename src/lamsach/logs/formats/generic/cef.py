"""Common Event Format (CEF) and Log Event Extended Format (LEEF) of any other product.

Source: "Implementing ArcSight Common Event Format (CEF)", version 25 and 26; IBM, "LEEF overview" (QRadar
documentation), LEEF 1.0 and 2.0. Traps:
- Any syslog header, or none, may precede `CEF:` or `LEEF:`; some collectors put their own time and host
  before a second header.
- In a wrapped CEF record, the text after a line feed is the rest of the value or the next `key=`.
- Escapes and delimiters are in `lamsach.logs.text.cef` and `leef`, keys in
  `lamsach.logs.mappings.cef_events`.
"""

from __future__ import annotations

import re
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.mappings.cef_events import (
    HASH_KEY,
    KEYS,
    LEEF_KEYS,
    TIME_ORDER,
    TIMES,
    cef_event,
    cef_time,
    leef_event,
    leef_time,
)
from lamsach.logs.mappings.keyed_events import complete
from lamsach.logs.mappings.records import Fields, Header, Records, carried_keys
from lamsach.logs.text import cef, leef
from lamsach.logs.text.pasted import WrappedRecords
from lamsach.logs.text.record_headers import header_before, within_json
from lamsach.model import Event

# CEF:0|Maker|Product|1.0|100|a name|5|
_RECORD = re.compile(r"CEF: ?[01]\|[^|]{0,256}\|[^|]{0,256}\|")


class Cef(WrappedRecords):
    """Any record in the Common Event Format, after any syslog header.

    Custom keys have the meaning of their labels.
    """

    name = "cef"
    title = "CEF (any product)"
    gives = fields_named("contact nat machine user domain url answers hashes action")
    records = Records(
        reader="cef",
        texts=carried_keys(KEYS)["texts"] | {"dvc", "sip", "source_info_ip"},
        ports=carried_keys(KEYS)["ports"] | {"cpt"},
        clock=(*TIME_ORDER, "dtz", "deviceTimeZone"),
        like=rf"(?i){HASH_KEY.pattern}|^(?:cs\d|c6a\d|flexString\d)$",
    )

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match `CEF:0|` with a vendor and a product, also after a header; not within JSON."""
        start = cef.find(line)
        return start >= 0 and not within_json(line, start) and _RECORD.match(line, start) is not None

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`."""
        start = cef.find(line)
        if start < 0 or within_json(line, start):
            raise LineError("The line is not of this product.", line[:80])
        return self._event(cef.read(line[start:]), header_before(line, start, self.context))

    def record_event(self, fields: Fields, header: Header) -> Event:
        """See `Records`; the record's own header only decides the kind of event."""
        return self._event(cef.CefRecord("", "", "", "", "", "", fields), header)

    def record_time(self, fields: Fields) -> datetime | None:
        """See `Records`."""
        return cef_time(fields, self.context)

    def _event(self, record: cef.CefRecord, header: Header) -> Event:
        complete(record.extension, KEYS)
        return cef_event(record, self.context, observer=header.host, otherwise=header.time)


# LEEF:2.0|Maker|Product|1.0|event|
_RECORD_LEEF = re.compile(r"LEEF: ?[12](?:\.\d)?\|[^|]{0,256}\|[^|]{0,256}\|[^|]{0,256}\|")


class Leef(LogFormat):
    """Any record in LEEF 1.0 or 2.0, with any delimiter."""

    name = "leef"
    title = "LEEF (any product)"
    gives = fields_named("contact nat machine user domain url hashes action")

    records = Records(
        reader="leef",
        texts=carried_keys(LEEF_KEYS)["texts"] | {"dvc"},
        ports=carried_keys(LEEF_KEYS)["ports"],
        clock=(*TIMES, "devtimezone", "timezone", "devtimeformat"),
        like=f"(?i){HASH_KEY.pattern}",
    )

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match `LEEF:1.0|` or `LEEF:2.0|` with its header, also after a syslog header; not within JSON."""
        start = leef.find(line)
        return start >= 0 and not within_json(line, start) and _RECORD_LEEF.match(line, start) is not None

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`."""
        start = leef.find(line)
        if start < 0 or within_json(line, start):
            raise LineError("The line is not of this product.", line[:80])
        return self._event(leef.read(line[start:]), header_before(line, start, self.context))

    def record_event(self, fields: Fields, header: Header) -> Event:
        """See `Records`; the header matters only for vendors of `FAR_HOSTNAME`, read line by line."""
        return self._event(leef.LeefRecord("", "", "", "", fields), header)

    def record_time(self, fields: Fields) -> datetime | None:
        """See `Records`."""
        return leef_time(leef.LeefRecord("", "", "", "", fields), self.context)

    def _event(self, record: leef.LeefRecord, header: Header) -> Event:
        complete(record.attributes, LEEF_KEYS)
        return leef_event(record, self.context, observer=header.host, otherwise=header.time)
