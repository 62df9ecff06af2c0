"""The place of an event, put into it by the parser that has just made it.

`dataclasses.replace` copies some thirty fields through the constructor for each of these; a parser does that
for every line of a log.

The last step of reading a line: where it stands, and what its header knew.
"""

from __future__ import annotations

from datetime import datetime

from lamsach.logs.base import LogFormat
from lamsach.model import Event


def stamped(event: Event, log_format: str, file: str, line: int) -> Event:
    """The same event, which nobody else may hold yet, with its format's name, its file and its
    1-based line."""
    object.__setattr__(event, "format", log_format)
    object.__setattr__(event, "file", file)
    object.__setattr__(event, "line", line)
    return event


def changed(event: Event, **values: object) -> Event:
    """The same event, which nobody else may hold yet, with other values."""
    for name, value in values.items():
        object.__setattr__(event, name, value)
    return event


def placed(
    event: Event, log_format: LogFormat, number: int, time: datetime | None, observer: str | None
) -> Event:
    """The same event with its format, file and line; `time` and `observer` only where it states none of its
    own.

    The event has to be the caller's own, made from this line (see `stamped`)."""
    fill = object.__setattr__
    if event.time is None:
        fill(event, "time", time)
    if event.observer is None:
        fill(event, "observer", observer)
    return stamped(event, log_format.name, log_format.context.file, number)
