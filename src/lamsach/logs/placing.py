"""The last step of reading a line: where it stands, and what its header knew."""

from __future__ import annotations

from datetime import datetime

from lamsach.logs.base import LogFormat
from lamsach.model import Event


def placed(
    event: Event, log_format: LogFormat, number: int, time: datetime | None, observer: str | None
) -> Event:
    """The same event with its format, file and line; `time` and `observer` only where it states none of its own.

    The event has to be the caller's own, made from this line and held by nobody else: it is filled in place, because a copy
    of its 26 fields would cost as much as all the rest of reading a line.
    """
    fill = object.__setattr__
    if event.time is None:
        fill(event, "time", time)
    if event.observer is None:
        fill(event, "observer", observer)
    fill(event, "format", log_format.name)
    fill(event, "file", log_format.context.file)
    fill(event, "line", number)
    return event
