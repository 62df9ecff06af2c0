"""The line that a document was built from: the field that holds it, else the document as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from lamsach.hunt.tokens import tokens
from lamsach.hunt.unread import holds_a_value

FIELDS = ("event.original", "message", "_msg", "raw")
"""Fields that may hold the line as written, best first. Only the first is trusted without a check."""
_NO_MESSAGE = "missing _msg field; see https://docs.victoriametrics.com"
"""Placeholder of VictoriaLogs for a record without a message."""
# metadata of the shipper and the store: agent.hostname, host.ip, log.file.path, _stream, @timestamp
_METADATA = frozenset(
    [
        "@timestamp",
        "@version",
        "agent",
        "cloud",
        "container",
        "data_stream",
        "ecs",
        "elastic_agent",
        "fields",
        "fileset",
        "host",
        "input",
        "kubernetes",
        "log",
        "orchestrator",
        "tags",
    ]
)


def text_of(fields: dict[str, Any], field: str | None) -> str:
    """Return the line of a document; `field` None: the document itself."""
    text = value_of(fields, field) if field else None
    if isinstance(text, str) and not (field == "_msg" and text.startswith(_NO_MESSAGE)):
        return text
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), default=str)


def value_of(fields: dict[str, Any], name: str) -> Any:
    """Return the value of a field, whose name may be a path (`event.original`); None if missing."""
    if name in fields:
        return fields[name]
    value: Any = fields
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def field_of(documents: Sequence[dict[str, Any]], stated: str | None) -> str | None:
    """Return the field with the lines of documents like these; None if none is complete."""
    if stated is not None:
        return stated
    for name in FIELDS:
        holders = [fields for fields in documents if isinstance(value_of(fields, name), str)]
        if holders and (name == FIELDS[0] or all(_holds_all(fields, name) for fields in holders)):
            return name
    return None


def _holds_all(fields: dict[str, Any], name: str) -> bool:
    """Return whether a field has each listable value of the document except the shipper's metadata."""
    text = str(value_of(fields, name)).lower()
    return all(value in text or not holds_a_value(value) for value in _values(fields, name))


def _values(fields: dict[str, Any], excluded: str) -> Iterable[str]:
    first = excluded.partition(".")[0]
    for name, value in fields.items():
        if name in (excluded, first) or name.startswith("_") or name.partition(".")[0] in _METADATA:
            continue
        yield from (token.value for token in tokens(json.dumps(value, ensure_ascii=False, default=str)))


def moment_of(value: Any) -> datetime | None:
    """Parse a store's time: ISO 8601 (UTC unless it states a zone), or milliseconds; else None."""
    with suppress(ValueError, OverflowError, OSError):
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000, UTC)
        moment = datetime.fromisoformat(str(value))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return None
