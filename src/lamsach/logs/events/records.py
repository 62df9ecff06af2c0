"""An event as `lamsach logs read` writes it: the data contract's keys, in its order, what is absent left out."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from lamsach.model import Event, Refusal

KEYS = (
    *("time", "source_ip", "source_port", "destination_ip", "destination_port", "device_ip", "device_name"),
    *("device_mac", "user", "domain", "url", "answers", "sha256", "sha1", "md5", "action", "observer"),
    *("format", "file", "line"),
)
"""Every key a record may have."""

HASH_KEYS = {64: "sha256", 40: "sha1", 32: "md5"}
"""The keys of hashes, by their lengths."""
_AS_IN_EVENT = frozenset(KEYS) - {"time", "answers", "action", *HASH_KEYS.values()}


def event_record(event: Event) -> dict[str, object]:
    """The event's values by key.

    `time` is ISO 8601 in UTC; of several hashes of one kind the first is written. `device_mac` is the hardware address that the
    line states, though it be the source's of a contact from outside.
    """
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
    """The record on one line. Half a surrogate pair, which JSON logs and file names may hold, becomes `?`."""
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")


def event_line(event: Event) -> str:
    """The event's record on one line."""
    return json_line(event_record(event))


def refusal_record(refusal: Refusal) -> dict[str, object]:
    """A refused line: where it stands, why, and its beginning."""
    place = refusal.reference
    return {"file": place.document, "line": place.row, "reason": refusal.reason, "text": refusal.value}


def iso_utc(time: datetime) -> str:
    """`2026-10-03T14:22:02.123456Z`, without a fraction of zero."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
