"""ESET PROTECT (formerly Security Management Center): endpoint events as JSON, CEF or LEEF.

Source: ESET, "PROTECT On-Prem Online Help", "Events exported to JSON format", "... to CEF format", "... to
LEEF format". Traps:
- `ipv4` and `hostname` (CEF: `dvc` and `dvchost`; LEEF: `src`, `deviceName`) are the event's machine.
- The key for the time is spelt `occured`; it is in UTC: `05-Jun-2026 07:31:12`.
- `hash` is SHA-1. `object_uri` is a URL for a site (`http://...`), a `file:///` address for a file; the
  latter is left in the line as evidence.
- In a firewall event `source_address` and `target_address` are the ends, `inbound` states the direction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Role, changed, event_between
from lamsach.logs.mappings.actions import first_action
from lamsach.logs.mappings.antivirus import hashes_in
from lamsach.logs.mappings.cef_events import apply_labels
from lamsach.logs.mappings.keyed_events import hashes_of, host_in
from lamsach.logs.text import cef, leef
from lamsach.logs.text.json_records import read_object, start_of_object, text_of, walk
from lamsach.logs.text.key_value import first, first_ip, first_port
from lamsach.logs.text.record_headers import header_before, within_json
from lamsach.logs.text.syslog import NO_HEADER, split_header
from lamsach.logs.text.times.loose_times import first_time
from lamsach.model import Event, EventKind

# {"event_type":"Threat_Event","ipv4":"10.1.1.7","hostname":"pc-7","source_uuid":"...","occured": ..
_TYPE = re.compile(r'"event_type"\s*:\s*"[A-Z]\w{0,40}_Event"')
_FRAMED = re.compile(r"(?:CEF: ?[01]|LEEF: ?[12](?:\.\d)?)\|ESET\|")
_HASHES = ("hash", "filehash", "fileHash", "sha1", "sha256", "md5", "objecthash")


class Eset(LogFormat):
    """Detections, blocked sites and firewall events, sent as JSON, CEF or LEEF."""

    name = "eset"
    title = "ESET PROTECT"
    gives = fields_named("contact device_name user domain url hashes action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match an event type of ESET's JSON, or the vendor's name in a CEF or LEEF header."""
        if "_Event" in line and _TYPE.search(line):
            return start_of_object(line) >= 0
        match = _FRAMED.search(line, 0, 700) if "|ESET|" in line else None
        return match is not None and not within_json(line, match.start())

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`."""
        self.check(line)
        position = max(cef.find(line), leef.find(line))
        if _TYPE.search(line):
            event = self._json(line)
        elif cef.find(line) >= 0:
            fields = cef.read(line[position:]).extension
            apply_labels(fields)
            event = self._framed(line, position, fields)
        else:
            event = self._framed(line, position, leef.read(line[position:]).attributes)
        return event

    def _json(self, line: str) -> Event:
        before, record = read_object(line)
        fields = {key.rsplit(".", 1)[-1]: text for key, value in walk(record) if (text := text_of(value))}
        header = split_header(line, self.context)[0] if before.strip() else NO_HEADER
        event = _event(fields, self._time(fields) or header.time, header.host)
        if record.get("inbound") is True and event.destination_ip is None:
            return changed(event, destination_ip=event.device_ip)
        return event

    def _framed(self, line: str, position: int, fields: Mapping[str, str]) -> Event:
        header = header_before(line, position, self.context)
        return _event(fields, self._time(fields) or header.time, header.host)

    def _time(self, fields: Mapping[str, str]) -> datetime | None:
        for key in ("occured", "occurred", "rt", "devtime", "eventtime"):
            text = fields.get(key, "")
            in_utc = key != "rt" or not text.isdigit()
            time = first_time(
                (f"{text} UTC" if in_utc and text and not text[-1].isalpha() and "T" not in text else text,),
                self.context,
            )
            if time:
                return time
        return None


def _event(fields: Mapping[str, str], time: datetime | None, observer: str | None) -> Event:
    own = first_ip(fields, "ipv4", "ipv6", "dvc", "c6a1", "src", "identsrc", "device_ipv4")
    uri = first(fields, "object_uri", "objecturi", "request", "url", "filepath", "object_name") or ""
    url = uri if uri.startswith(("http://", "https://", "ftp://")) else None
    source = first_ip(fields, "source_address", "src", "sourceaddress")
    destination = first_ip(fields, "target_address", "dst", "targetaddress")
    hashes = hashes_of(fields, _HASHES) or hashes_in(uri)
    contact = EventKind.CONNECTION if destination else EventKind.OTHER
    return event_between(
        (source, first_port(fields, "source_port", "spt", "srcport")),
        (destination, first_port(fields, "target_port", "dpt", "dstport")),
        time=time,
        kind=EventKind.WEB if url else EventKind.FILE if hashes else contact,
        observer=observer,
        device_name=first(fields, "hostname", "dvchost", "devicename", "identhostname", "shost"),
        user=first(fields, "username", "suser", "usrname", "account", "accountname", "user"),
        domain=host_in(url) if url else None,
        url=url,
        hashes=hashes,
        action=first_action(
            first(fields, "action_taken", "act", "actiontaken", "action"), fields.get("event")
        ),
        role=Role.APART,
        given=own,
    )
