"""A record of Zeek by its column names, and the values that its columns state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from lamsach.logs.base import FileContext
from lamsach.logs.text.times.timestamps import from_epoch, from_iso
from lamsach.logs.text.values import ip_of, port_of, stated

Value = str | Sequence[str]
Columns = Mapping[str, Value]
"""A record by Zeek's column names (`id.orig_h`); a set or vector is a sequence of texts."""


def time_of(text: str | None, context: FileContext) -> datetime | None:
    """A Zeek `ts`: seconds since 1970, or ISO 8601 (`LogAscii::json_timestamps`). LineError when it is neither."""
    if not text:
        return None
    return from_iso(text, context.timezone) if text[4:5] in ("-", "/") else from_epoch(text)


def text_of(columns: Columns, name: str) -> str | None:
    """The column's text, of a set or vector the first; None when it states nothing."""
    value = columns.get(name)
    if value is None:
        return None
    return stated(value if isinstance(value, str) else next(iter(value), None))


def texts_of(columns: Columns, name: str) -> Sequence[str]:
    """All texts of a column."""
    value = columns.get(name, ())
    return [value] if isinstance(value, str) else value


def address_of(columns: Columns, names: Sequence[str]) -> str | None:
    """The first address that is stated."""
    return next((ip for name in names if (text := text_of(columns, name)) and (ip := ip_of(text))), None)


def port_in(columns: Columns, names: Sequence[str]) -> int | None:
    """The first port that is stated; notice logs and some exports write `53/udp`."""
    for name in names:
        text = text_of(columns, name)
        if text is not None:
            port = port_of(text.partition("/")[0].removesuffix(".0"))
            if port is not None:
                return port
    return None


def observer_of(columns: Columns) -> str | None:
    """The machine that watched, where a shipper or a cluster names it."""
    return text_of(columns, "_system_name") or text_of(columns, "@system") or text_of(columns, "_node_name")
