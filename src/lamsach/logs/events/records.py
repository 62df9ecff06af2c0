"""Events as records with the data contract's keys in order, and as one readable line.

Absent values are left out. The readable line is the evidence of a sighting in formats without text.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from lamsach.model import Action, Event, Refusal

KEYS = (
    *("time", "source_ip", "source_port", "destination_ip", "destination_port", "device_ip", "device_name"),
    *("device_mac", "user", "domain", "url", "answers", "sha256", "sha1", "md5", "action", "observer"),
    *("format", "file", "line"),
)
"""All keys of a record."""

HASH_KEYS = {64: "sha256", 40: "sha1", 32: "md5"}
"""Keys of hashes by length."""
_AS_IN_EVENT = frozenset(KEYS) - {"time", "answers", "action", *HASH_KEYS.values()}


def event_record(event: Event) -> dict[str, object]:
    """Return the event's values by key.

    `time` is ISO 8601 in UTC; of several hashes of one kind the first counts. `device_mac` is the stated
    hardware address, even if it is the source's of an external contact."""
    values: dict[str, object] = {key: getattr(event, key) for key in _AS_IN_EVENT}
    values["time"] = iso_utc(event.time) if event.time is not None else None
    values["answers"] = list(event.answers) or None
    values["device_mac"] = event.device_mac or event.source_mac
    values["action"] = event.action.value
    for digest in event.hashes:
        key = HASH_KEYS.get(len(digest))
        if key is not None:
            values.setdefault(key, digest)
    return {key: value for key in KEYS if (value := values.get(key)) not in (None, "")}


def json_line(record: dict[str, object]) -> str:
    """Serialize a record on one line; half a surrogate pair (from JSON or file names) becomes `?`."""
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")


def event_line(event: Event) -> str:
    """Serialize the event's record on one line."""
    return json_line(event_record(event))


def refusal_record(refusal: Refusal) -> dict[str, object]:
    """Return a refused line's location, reason, and beginning."""
    place = refusal.reference
    return {"file": place.document, "line": place.row, "reason": refusal.reason, "text": refusal.value}


def iso_utc(time: datetime) -> str:
    """Format a time as `2026-10-03T14:22:02.123456Z`, without a zero fraction."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


ANSWERS_SHOWN = 10


def event_text(event: Event) -> str:
    r"""Format an event as one line, without absent values.

    `2026-10-03T14:22:02Z dns 192.0.2.5:51000 > 192.0.2.1:53 name=c2.example answers=203.0.113.9`. Values
    cannot break the line or forge another field: blanks and unprintable characters become `\xNN` escapes."""
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
