"""Trellix (McAfee) ePolicy Orchestrator: endpoint threat events, sent by syslog as XML (`<EPOevent>`).

Source: Trellix, "ePolicy Orchestrator Product Guide", syslog servers; the event schema of ePO's agents.
Traps:
- The machine is that of `MachineInfo`; `Source...` is the origin of the threat, `Target...` its target,
  mostly the machine.
- `GMTTime` is in UTC without stating it. `IPAddress` may be an IPv4 address written as IPv6.
- No XML parser is used: only elements that hold nothing but text count, so entities and nesting do no harm.
- `IDS_ALERT_ACT_TAK_DEL` is a deletion; the `ALERT` in it lets nothing pass. `IDS_ACTION_WOULD_BLOCK` blocks
  nothing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import event_between, is_internal, own_end
from lamsach.logs.mappings.actions import action_of
from lamsach.logs.mappings.keyed_events import hashes_of, host_in
from lamsach.logs.text.key_value import first, first_ip, first_port
from lamsach.logs.text.record_headers import header_before
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import in_order, mac_of
from lamsach.model import Action, Event, EventKind

# <29>1 2026-06-05T00:31:12.0Z EPO EPOEvents - EventFwd [agentInfo@3401 tenantId="1"] <?xml version="1.0" ..
_START = re.compile(r"<EPOevent>", re.IGNORECASE)
_HEAD = 2000
# <TargetHostName>PC-AN</TargetHostName>
_ELEMENT = re.compile(r"<([A-Za-z][A-Za-z0-9]{1,60})>([^<]{1,8000})</", re.ASCII)
_LONGEST = 65536
_MOST = 400
_URLS = ("sourceurl", "targeturl", "url")
_HASHES = in_order(
    "targethash targetfilehash targetprocesshash targetsha256 targetmd5 sourcehash sourceprocesshash "
    "sourcefilehash hash md5 sha1 sha256"
)
# IDS_ALERT_ACT_TAK_DEL (deleted), _DEN (access denied), _CLE (cleaned)
_DONE = re.compile(r"_(?:DEL|DEN|CLE|QUA|BLOCK(?:ED)?)$")


class TrellixEpo(LogFormat):
    """Detections, blocked sites and attacks of its endpoints, sent by syslog as XML.

    No XML parser is used; an action that *would* block counts as allowed.
    """

    name = "trellix_epo"
    title = "Trellix (McAfee) ePolicy Orchestrator"
    gives = fields_named("contact machine user domain url hashes action inbound")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the event's first element, with or without a syslog header."""
        return "<" in line[:_HEAD] and _START.search(line, 0, _HEAD) is not None

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`."""
        start = required(_START.search(line, 0, _HEAD), line)
        fields: dict[str, str] = {}
        for count, match in enumerate(_ELEMENT.finditer(line, start.end(), start.end() + _LONGEST)):
            if count == _MOST:
                break
            text = html.unescape(match[2]).strip()
            if text:
                fields.setdefault(match[1].lower(), text)
        header = header_before(line, start.start(), self.context)
        return _event(fields, _time(fields) or header.time, header.host)


def _time(fields: Mapping[str, str]) -> datetime | None:
    for key in ("gmttime", "detectedutc", "utctime"):
        with suppress(LineError):
            if text := fields.get(key):
                return from_iso(text, UTC)
    return None


def _event(fields: Mapping[str, str], time: datetime | None, observer: str | None) -> Event:
    own = first_ip(fields, "ipaddress")
    source = first_ip(fields, "sourceipv4", "sourceipv6", "sourceip")
    destination = first_ip(fields, "targetipv4", "targetipv6", "targetip")
    url = next((fields[key] for key in _URLS if "://" in fields.get(key, "")), None)
    hashes = hashes_of(fields, _HASHES)
    device = own or own_end(source, destination)
    came = source is not None and source != device and not is_internal(source)
    contact = EventKind.CONNECTION if source or destination else EventKind.OTHER
    return event_between(
        (source, first_port(fields, "sourceport")),
        (destination, first_port(fields, "targetport")),
        time=time,
        kind=EventKind.WEB if url else EventKind.FILE if hashes else contact,
        observer=observer,
        device_name=first(fields, "machinename", "targethostname"),
        device_mac=mac_of(fields.get("rawmacaddress")),
        user=first(fields, "targetusername", "username"),
        domain=host_in(url) if url else None,
        url=url,
        hashes=hashes,
        action=_action(fields.get("threatactiontaken", "")),
        inbound=came and url is None,
        given=own,
    )


def _action(text: str) -> Action:
    if text.startswith("IDS_"):
        if "WOULD" in text:
            return Action.ALLOWED
        return Action.BLOCKED if _DONE.search(text) else Action.UNKNOWN
    return action_of(text)
