r"""Events that Kaspersky's products write to Windows' own event log (*Kaspersky Event Log*, *Kaspersky Endpoint Security*).

Source: Kaspersky, "Events of Kaspersky Endpoint Security" (`Event type: Malicious object detected\r\nUser: UNIT\an (Initiator)\r\nObject: http://..`). The text
is the event's only value, unnamed or rendered; the machine is the one that wrote the log.
"""

from __future__ import annotations

import re
from typing import Any

from lamsach.logs.events.direction import is_internal
from lamsach.logs.mappings.actions import first_action
from lamsach.logs.mappings.antivirus import hashes_in, site_in, user_in
from lamsach.logs.mappings.windows.record import WindowsRecord, user_of
from lamsach.logs.text.values import host_of_url, ip_of, port_of
from lamsach.model import Action, EventKind

_ROOM = 8192
# Network attack Scan.Generic.PortScan.TCP from 203.0.113.5 on local port 445   Attacker: 203.0.113.5   Object: TCP from 203.0.113.5 at 10.1.1.5:445
_ATTACKER = re.compile(
    r"(?:\bfrom |[Aa]ttack(?:er|ing computer)(?: address)?:? {0,8})([0-9A-Fa-f.:]{7,45})(?=[\s,;]|$)(?:[^\r\n]{0,60}?(?:port |:)(\d{1,5})\b)?",
    re.ASCII,
)
# Result: Blocked: Trojan.X    Result description: Deleted
_RESULT = re.compile(r"Result(?: description)?\s{0,8}: ?\s{0,8}([^\r\n;]{1,80})")


def told(record: WindowsRecord) -> dict[str, Any]:
    """Return what the product says of a detection, a blocked site or an attack."""
    text = "\n".join([record.message, *record.unnamed, *record.data.values()])[:_ROOM]
    url, hashes = site_in(text), hashes_in(text)
    attack = _ATTACKER.search(text) if "ttack" in text else None
    source = ip_of(attack[1].rstrip(".:")) if attack else None
    result = _RESULT.search(text)
    stopped = first_action(result[1] if result else None, text if attack else None) is Action.BLOCKED
    kind = EventKind.CONNECTION if source else EventKind.FILE if hashes else EventKind.OTHER
    return {
        "kind": EventKind.WEB if url else kind,
        "source_ip": source,
        "destination_port": port_of(attack[2] or "") if attack else None,
        "device_name": record.computer,
        "user": user_of(user_in(text)),
        "url": url,
        "domain": host_of_url(url) if url else None,
        "hashes": hashes,
        "action": Action.BLOCKED if stopped else Action.UNKNOWN,
        "inbound": source is not None and not is_internal(source),
    }
