"""Where an event stands, put into it by the parser that has just made it.

`dataclasses.replace` copies some thirty fields through the constructor for each of these; a parser does that for every line of a log.
"""

from __future__ import annotations

from lamsach.model import Event


def stamped(event: Event, log_format: str, file: str, line: int) -> Event:
    """The same event, which nobody else may hold yet, with its format's name, its file and its 1-based line."""
    object.__setattr__(event, "format", log_format)
    object.__setattr__(event, "file", file)
    object.__setattr__(event, "line", line)
    return event


def changed(event: Event, **values: object) -> Event:
    """The same event, which nobody else may hold yet, with other values."""
    for name, value in values.items():
        object.__setattr__(event, name, value)
    return event
