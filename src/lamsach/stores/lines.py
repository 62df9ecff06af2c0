"""The line that a document was made from: a field that holds it, else the document as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from lamsach.hunt.tokens import tokens
from lamsach.hunt.unread import holds_a_value

FIELDS = ("event.original", "message", "_msg", "raw")
"""Fields that hold the line as written, the surest first. The others are checked for holding all of it."""
_NO_MESSAGE = "missing _msg field; see https://docs.victoriametrics.com"
"""What VictoriaLogs puts where a record has no message."""
# of the shipper and the store, not of the line: agent.hostname, host.ip, log.file.path, _stream, @timestamp
_ABOUT = frozenset(
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
    """The line of a document; `field` None: the document itself."""
    text = value_of(fields, field) if field else None
    if isinstance(text, str) and not (field == "_msg" and text.startswith(_NO_MESSAGE)):
        return text
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), default=str)


def value_of(fields: dict[str, Any], name: str) -> Any:
    """The value of a field, whose name may be a path (`event.original`); None where there is none."""
    if name in fields:
        return fields[name]
    at: Any = fields
    for part in name.split("."):
        at = at.get(part) if isinstance(at, dict) else None
    return at


def field_of(documents: Sequence[dict[str, Any]], stated: str | None) -> str | None:
    """Return the field that holds the lines of documents like these; None where none holds all they say."""
    if stated is not None:
        return stated
    for name in FIELDS:
        with_it = [fields for fields in documents if isinstance(value_of(fields, name), str)]
        if with_it and (name == FIELDS[0] or all(_holds_all(fields, name) for fields in with_it)):
            return name
    return None


def _holds_all(fields: dict[str, Any], name: str) -> bool:
    """Return whether a field holds each listable value of the document but for the shipper's metadata."""
    text = str(value_of(fields, name)).lower()
    return all(value in text or not holds_a_value(value) for value in _values(fields, name))


def _values(fields: dict[str, Any], but: str) -> Iterable[str]:
    first = but.partition(".")[0]
    for name, value in fields.items():
        if name in (but, first) or name.startswith("_") or name.partition(".")[0] in _ABOUT:
            continue
        yield from (token.value for token in tokens(json.dumps(value, ensure_ascii=False, default=str)))


def moment_of(value: Any) -> datetime | None:
    """A store's time: ISO 8601 (UTC where it states no zone), or milliseconds; None for anything else."""
    with suppress(ValueError, OverflowError, OSError):
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000, UTC)
        moment = datetime.fromisoformat(str(value))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return None
