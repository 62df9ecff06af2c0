"""What the records of Kaspersky Security Center tell of, whichever way they were sent. Source and traps: `lamsach.logs.formats.endpoints.kaspersky`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from lamsach.logs.events.ends import Role, decide
from lamsach.logs.mappings.actions import first_action
from lamsach.logs.mappings.antivirus import hashes_in, site_in, user_in
from lamsach.logs.mappings.keyed_events import host_in
from lamsach.logs.text.key_value import first, first_ip
from lamsach.logs.text.values import mac_of
from lamsach.model import Action, Event, EventKind

_CODES = ("BLOCKED", "CURED", "DELETED", "QUARANTINED", "DENIED", "DISINFECTED", "TERMINATED")


def event_of(fields: Mapping[str, str], time: datetime | None, observer: str | None) -> Event:
    """The event of a record with these fields; `code`, `title` and `msg` are its type, the type's name and its text."""
    text = "\n".join(value for key, value in fields.items() if key not in ("rt", "externalId"))
    message = fields.get("msg") or fields.get("desc") or fields.get("description") or ""
    url = site_in(message) or next(
        (fields[key] for key in ("request", "url") if "://" in fields.get(key, "")), None
    )
    hashes = hashes_in(text)
    own = first_ip(fields, "dst", "hip", "src", "source_ip", "identsrc", "dvc", "c6a3")
    return decide(
        Event(
            time=time,
            kind=EventKind.WEB if url else EventKind.FILE if hashes else EventKind.OTHER,
            observer=observer,
            source_ip=first_ip(fields, "src", "source_ip", "identsrc"),
            destination_ip=first_ip(fields, "dst"),
            device_name=first(
                fields, "dhost", "hdn", "identhostname", "shost", "devicename", "hostname", "dvchost"
            ),
            device_mac=mac_of(first(fields, "dmac", "identmac", "smac")),
            user=first(fields, "duser", "suser", "usrname", "user") or user_in(message),
            domain=host_in(url) if url else None,
            url=url,
            hashes=hashes,
            action=_action(fields, message),
        ),
        role=Role.APART,
        given=own,
    )


def _action(fields: Mapping[str, str], message: str) -> Action:
    if any(code in fields.get("code", "").upper() for code in _CODES):
        return Action.BLOCKED
    stated = re.search(r"Result(?: description)?\s*:\s*([^\r\n;]{1,80})", message)
    action = first_action(fields.get("act"), stated[1] if stated else None, fields.get("title"))
    return (
        Action.BLOCKED if action is Action.BLOCKED else Action.UNKNOWN
    )  # "Detected" does not say that it ran
