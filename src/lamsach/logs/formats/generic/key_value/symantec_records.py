"""What is Symantec Endpoint Protection's own in the records that its manager sends by syslog (`SymantecServer: ...`), versions 12 and 14.

Source: Broadcom, "External Logging settings and log event severity levels" and the records' own names. Traps:
- `Domain` is the manager's or Windows' domain, `First Seen` a sentence: neither is a site nor a time.
- Version 12 says `Local:` thrice, of the address, the port and the hardware address.
- SONAR's detections and potential risks name the machine alone, in the first cell or as `Computer name`.
- `Event time` is in UTC or on the manager's clock; `Inserted`, which is the moment of the header, tells which.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lamsach.logs.base import FileContext
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import ip_of, mac_of

MARK = "SymantecServer"
NOTHING = ""
"""The name means nothing that a record tells."""
_ENDS = {"local": ("source", "source_port", "mac"), "remote": ("destination", "destination_port", NOTHING)}
_OTHERS_WORDS = frozenset({"domain", "domainname", "firstseen"})
_OF_DETECTIONS = frozenset({"hash", "url", "domain"})
# SymantecServer: PC-AN,SONAR detection now allowed,Application type: Trojan Worm,
_MACHINE = re.compile(r"SymantecServer(?: [\w.-]{1,60})?: ([A-Za-z][\w-]{0,62}),", re.ASCII)
# Inserted: 2026-03-01 05:23:14,   Event Insert Time: 2026-03-01 05:23:14,
_INSERTED = re.compile(
    r"(?:Inserted|Event Insert Time): (\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})(?=,|$)", re.ASCII
)
_SAME_MOMENT = timedelta(minutes=20)


def field_of(name: str, text: str) -> str | None:
    """The field that a name (lower case, letters and digits only) means here; None: the same as anywhere."""
    if name in _OTHERS_WORDS:
        return NOTHING
    if name in _ENDS:
        address, port, mac = _ENDS[name]
        if text.isdigit() and len(text) <= 5:
            return port
        return mac if mac_of(text) else address
    return None


def complete(line: str, values: dict[str, list[str]]) -> bool:
    """Return whether a record tells of a detection on a machine, whose name is added where it stands in the first cell."""
    if "name" not in values and (machine := _MACHINE.search(line)):
        values["name"] = [machine[1]]
    return "name" in values and not _OF_DETECTIONS.isdisjoint(values)


def is_machine(text: str) -> bool:
    """Return whether an end of a record is one: `Source: Real Time Scan` is not, nor `Source IP: 0.0.0.0`."""
    return ip_of(text) is not None and not text.startswith("0.0.0.0")  # noqa: S104 - means: no address


def is_inbound(line: str) -> bool:
    """Return whether the far side opened the connection. An intrusion's direction is that of its packet, which may be the answer."""
    return ",Inbound," in line and "Intrusion ID:" not in line and "[SID: " not in line


def on_its_clock(context: FileContext, line: str, sent: datetime | None) -> FileContext:
    """The context with the zone of the record's own times: UTC, when only so it was inserted about when it was `sent` (UTC)."""
    match = _INSERTED.search(line)
    if match is None or sent is None:
        return context
    in_utc, on_clock = (from_iso(match[1], zone) for zone in (UTC, context.timezone))
    if abs(sent - in_utc) < _SAME_MOMENT <= abs(sent - on_clock):
        return replace(context, timezone=ZoneInfo("UTC"))
    return context
