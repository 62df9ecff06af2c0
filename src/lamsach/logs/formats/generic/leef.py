"""Log Event Extended Format of any product that has no format of its own here.

Source: IBM, "LEEF overview" (QRadar documentation), LEEF 1.0 and 2.0. Traps: see `lamsach.logs.text.leef` for
delimiters and relays, and `lamsach.logs.mappings.leef_events` for the keys. Any syslog header, or none, may
stand before `LEEF:`.
"""

from __future__ import annotations

import re
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.stamping import stamped
from lamsach.logs.mappings.cef_events import HASH_KEY
from lamsach.logs.mappings.keyed_events import complete
from lamsach.logs.mappings.leef_events import KEYS, TIMES, leef_event, leef_time
from lamsach.logs.mappings.records import Fields, Header, Records, of_keys
from lamsach.logs.text import leef
from lamsach.logs.text.framing import header_before, within_json
from lamsach.model import Event

# LEEF:2.0|Maker|Product|1.0|event|
_RECORD = re.compile(r"LEEF: ?[12](?:\.\d)?\|[^|]{0,256}\|[^|]{0,256}\|[^|]{0,256}\|")


class Leef(LogFormat):
    """Any record in LEEF 1.0 or 2.0, with any delimiter."""

    name = "leef"
    title = "LEEF (any product)"
    gives = fields_named("contact nat machine user domain url hashes action")

    records = Records(
        reader="leef",
        texts=of_keys(KEYS)["texts"] | {"dvc"},
        ports=of_keys(KEYS)["ports"],
        clock=(*TIMES, "devtimezone", "timezone", "devtimeformat"),
        like=f"(?i){HASH_KEY.pattern}",
    )

    @classmethod
    def recognises(cls, line: str) -> bool:
        """`LEEF:1.0|` or `LEEF:2.0|` with its header, behind a syslog header or not; not within JSON."""
        start = leef.find(line)
        return start >= 0 and not within_json(line, start) and _RECORD.match(line, start) is not None

    def parse(self, line: str, number: int) -> Event | None:
        """See `LogFormat.parse`."""
        start = leef.find(line)
        if start < 0 or within_json(line, start):
            raise LineError("The line is not of this product.", line[:80])
        event = self._event(leef.read(line[start:]), header_before(line, start, self.context))
        return stamped(event, self.name, self.context.file, number)

    def record_event(self, fields: Fields, header: Header) -> Event:
        """See `Records`; one maker (`leef_events.FAR_HOSTNAME`) decides, and its lines are read singly."""
        return self._event(leef.LeefRecord("", "", "", "", fields), header)

    def record_time(self, fields: Fields) -> datetime | None:
        """See `Records`."""
        return leef_time(leef.LeefRecord("", "", "", "", fields), self.context)

    def _event(self, record: leef.LeefRecord, header: Header) -> Event:
        complete(record.attributes, KEYS)
        return leef_event(record, self.context, observer=header.host, otherwise=header.time)
