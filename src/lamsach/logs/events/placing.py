"""The last step of reading a line: where it stands, and what its header knew."""

from __future__ import annotations

from datetime import datetime

from lamsach.logs.base import LogFormat
from lamsach.logs.events.stamping import stamped
from lamsach.model import Event


def placed(
    event: Event, log_format: LogFormat, number: int, time: datetime | None, observer: str | None
) -> Event:
    """The same event with its format, file and line; `time` and `observer` only where it states none of its own.

    The event has to be the caller's own, made from this line (see `stamped`).
    """
    fill = object.__setattr__
    if event.time is None:
        fill(event, "time", time)
    if event.observer is None:
        fill(event, "observer", observer)
    return stamped(event, log_format.name, log_format.context.file, number)
