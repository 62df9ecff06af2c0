r"""Antivirus detections: names in message text, and records of Kaspersky Security Center.

Source: Kaspersky, "Events of Kaspersky Endpoint Security" (`Event type: ...\nUser: UNIT\an (Active
user)\nObject path: C:\Users\an\nSHA256: ...`), in English, Vietnamese and Russian; ESET PROTECT, "Events
exported to JSON format". File paths stay in the line as evidence. For the records see
`lamsach.logs.formats.endpoints.kaspersky`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from lamsach.logs.events.ends import Role, event_between
from lamsach.logs.mappings.actions import first_action
from lamsach.logs.mappings.keyed_events import host_in
from lamsach.logs.text.key_value import first, first_ip
from lamsach.logs.text.values import hash_of, mac_of, stated
from lamsach.model import Action, Event, EventKind

_HASH = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Za-z])")
# Object: https://bad.example/a   Web address: bad.example/a   Địa chỉ web: ...
_SITE = re.compile(
    r"(?i)(?:Object(?: name| path)?|Web address|URL|Link|Address|Объект|Веб-адрес|Địa chỉ web"
    r"|Đối tượng)\s{0,8}[:=]\s{0,8}((?:https?|ftp)://[^\s\"'<>]{1,2048})"
)
_USER = re.compile(
    r"(?:^|[\s;,])(?:User|Account|Пользователь|Người dùng|Tài khoản)(?: name)?\s{0,8}[:=]\s{0,8}"
    r"([^\r\n;,()]{1,128}?)\s*(?:\(|[\r\n;,]|  |$|\\[nr](?=[\\\s]|$|[^\W\da-z_]))"
)
_MOST_HASHES = 8
_LONGEST_TEXT = 8192


def hashes_in(text: str) -> tuple[str, ...]:
    """Return the distinct MD5, SHA-1 and SHA-256 values in a text."""
    found: dict[str, None] = {}
    for match in _HASH.finditer(text[:_LONGEST_TEXT]):
        digest = hash_of(match[0])
        if digest and digest.strip("0"):
            found.setdefault(digest)
        if len(found) == _MOST_HASHES:
            break
    return tuple(found)


def site_in(text: str) -> str | None:
    """Return the URL of the detected or blocked object; other URLs (virus encyclopedia) are ignored."""
    match = _SITE.search(text[:_LONGEST_TEXT])
    return match[1].rstrip(".,") if match else None


def user_in(text: str) -> str | None:
    """Return the user named in a message."""
    match = _USER.search(text[:_LONGEST_TEXT])
    return stated(match[1]) if match else None


_CODES = ("BLOCKED", "CURED", "DELETED", "QUARANTINED", "DENIED", "DISINFECTED", "TERMINATED")


def event_of(fields: Mapping[str, str], time: datetime | None, observer: str | None) -> Event:
    """Return the event of a record; `code`, `title` and `msg` are its type, the type's name and its text."""
    text = "\n".join(value for key, value in fields.items() if key not in ("rt", "externalId"))
    message = fields.get("msg") or fields.get("desc") or fields.get("description") or ""
    url = site_in(message) or next(
        (fields[key] for key in ("request", "url") if "://" in fields.get(key, "")), None
    )
    hashes = hashes_in(text)
    own = first_ip(fields, "dst", "hip", "src", "source_ip", "identsrc", "dvc", "c6a3")
    return event_between(
        first_ip(fields, "src", "source_ip", "identsrc"),
        first_ip(fields, "dst"),
        time=time,
        kind=EventKind.WEB if url else EventKind.FILE if hashes else EventKind.OTHER,
        observer=observer,
        device_name=first(
            fields, "dhost", "hdn", "identhostname", "shost", "devicename", "hostname", "dvchost"
        ),
        device_mac=mac_of(first(fields, "dmac", "identmac", "smac")),
        user=first(fields, "duser", "suser", "usrname", "user") or user_in(message),
        domain=host_in(url) if url else None,
        url=url,
        hashes=hashes,
        action=_action(fields, message),
        role=Role.APART,
        given=own,
    )


def _action(fields: Mapping[str, str], message: str) -> Action:
    if any(code in fields.get("code", "").upper() for code in _CODES):
        return Action.BLOCKED
    stated = re.search(r"Result(?: description)?\s*:\s*([^\r\n;]{1,80})", message)
    action = first_action(fields.get("act"), stated[1] if stated else None, fields.get("title"))
    # "Detected" does not prove that it was stopped
    return Action.BLOCKED if action is Action.BLOCKED else Action.UNKNOWN
