"""An event as one readable line, for formats whose records are not text: the evidence of a sighting."""

from __future__ import annotations

from lamsach.logs.events.records import iso_utc
from lamsach.model import Action, Event

ANSWERS_SHOWN = 10


def event_text(event: Event) -> str:
    """`2026-10-03T14:22:02Z dns 192.0.2.5:51000 > 192.0.2.1:53 name=c2.example answers=203.0.113.9`; what is absent is left out.

    Values cannot break the line or forge another field: what is not printable, and blanks, become `\\xNN` escapes.
    """
    parts = [iso_utc(event.time)] if event.time is not None else []
    parts.append(event.kind.value)
    ends = [
        _end(event.source_ip, event.source_port),
        ">" if event.source_ip and event.destination_ip else "",
        _end(event.destination_ip, event.destination_port),
    ]
    parts += [end for end in ends if end]
    nat = _end(event.source_nat_ip, event.source_nat_port)
    fields = {
        "nat": nat,
        "device": event.device_ip if event.device_ip not in (event.source_ip, event.destination_ip) else None,
        "computer": event.device_name,
        "mac": event.device_mac,
        "user": event.user,
        "name": event.domain,
        "url": event.url,
        "answers": ",".join(event.answers[:ANSWERS_SHOWN]),
        "hashes": ",".join(event.hashes),
        "files": ",".join(event.file_names),
        "action": event.action.value if event.action is not Action.UNKNOWN else None,
        "observer": event.observer,
    }
    parts += [f"{key}={_plain(value)}" for key, value in fields.items() if value]
    return " ".join(parts)


def _end(address: str | None, port: int | None) -> str:
    if not address:
        return ""
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _plain(text: str) -> str:
    if text.isprintable() and " " not in text:
        return text
    return "".join(
        letter
        if letter.isprintable() and letter != " "
        else letter.encode("unicode_escape").decode()
        if letter != " "
        else "\\x20"
        for letter in text
    )
