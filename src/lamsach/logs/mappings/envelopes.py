"""Log lines embedded in JSON records of shippers, containers, SIEMs and their exports.

Source: Elastic Common Schema (`event.original`, `message`), Wazuh (`full_log`), GELF 1.1 (`short_message`,
`full_message`), Docker's json-file (`log`), systemd's Journal Export and JSON formats (`MESSAGE`,
`SYSLOG_IDENTIFIER`), rsyslog's and syslog-ng's JSON templates, Fluentd and Fluent Bit, Splunk's exports
(`_raw`) and HTTP events (`event`), Graylog's and Loki's exports, Google Cloud's `textPayload`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.mappings.column_names import plain
from lamsach.logs.mappings.columns import Values
from lamsach.logs.text.json_records import text_of, walk
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.values import among, in_order, stated
from lamsach.model import Event

_CARRIERS = in_order(
    "eventoriginal logoriginal fulllog raw rawlog rawmessage rawevent originallog originalmessage event "
    "message msg log fullmessage shortmessage line textpayload syslogmessage content body"
)
"""Keys that may contain the line, the most literal first."""
CARRIER_COLUMNS = among(
    "message msg raw rawlog rawmessage rawevent fulllog fullmessage originallog syslogmessage auditdata"
)
"""Table columns (lower case, letters only) that may contain the line."""
_RANK = {name: rank for rank, name in enumerate(_CARRIERS)}
_FIRST_MESSAGE = _RANK["message"]
_TAGS = among(
    "syslogidentifier syslogtag tag programname program appname syslogprogram ident applicationname "
    "processname facilityname"
)
_QUOTED_KEYS = in_order(
    "message msg log full_log _raw raw original event.original log.original short_message full_message "
    "MESSAGE line textPayload raw_message rawMessage syslog_message content body"
)
_QUOTED = ('"event":"', '"event": "', *(f'"{key}"' for key in _QUOTED_KEYS))
_SHORTEST = 12
_MOST_CARRIED = 4
_LONGEST_TAG = 64
_MOST_BYTES = 65536
_HEADER = 300
_CLOSE = timedelta(days=2)


def may_carry(line: str) -> bool:
    """Return whether a line of JSON has a key that could hold another line; cheap and without parsing."""
    return any(key in line for key in _QUOTED)


def may_hold_line(path: str, *, literal: bool = False) -> bool:
    """Return whether the value of a dotted key may be a line. `literal`: see `carried`."""
    rank = _rank(path)
    return rank is not None and (not literal or rank < _FIRST_MESSAGE)


def _rank(path: str) -> int | None:
    parts = path.split(".")
    name = plain(parts[-1])
    return _RANK.get(plain("".join(parts[-2:])) if name == "original" else name)


def carried(record: Mapping[str, object], *, literal: bool = False) -> Iterator[str]:
    """Yield the lines in a record, most literal first, each also with the stated program name in front.

    `literal`: only from keys for the line as received, not for readable messages."""
    found: list[tuple[int, str]] = []
    tag = ""
    for key, value in walk(record):
        if not tag and plain(key.rpartition(".")[2]) in _TAGS:
            tag = (text_of(value) or "").strip().rstrip(":")
        rank = _rank(key)
        text = _line_of(value) if rank is not None and (not literal or rank < _FIRST_MESSAGE) else None
        if rank is not None and text and len(text) >= _SHORTEST:
            found.append((rank, text.rstrip("\r\n")))
    for _, text in sorted(found, key=lambda each: each[0])[:_MOST_CARRIED]:
        yield text
        if tag and len(tag) <= _LONGEST_TAG and " " not in tag:
            yield f"{tag if tag.endswith(']') else f'{tag}[1]'}: {text}"


def _line_of(value: object) -> str | None:
    """Return the text of a value; systemd's journal lists unusual ones as bytes."""
    if isinstance(value, list) and 0 < len(value) <= _MOST_BYTES:
        numbers = [item for item in value if type(item) is int and 0 <= item < 256]
        return text_of(bytes(numbers).decode("utf-8", "replace")) if len(numbers) == len(value) else None
    return text_of(value)


def _in_year_of(outer: datetime, time: datetime) -> datetime:
    """Move a time without a year to the year closest to its envelope's time."""
    if abs(outer - time) < _CLOSE:
        return time
    for year in (outer.year, outer.year - 1, outer.year + 1):
        with suppress(ValueError):  # 29 February
            moved = time.replace(year=year)
            if abs(outer - moved) < _CLOSE:
                return moved
    return time


class CarriedLines:
    """Parser of the lines in one file's records, each with the format that recognizes it."""

    def __init__(
        self, context: FileContext, formats: Sequence[type[LogFormat]], head: Callable[[], Iterable[str]]
    ) -> None:
        self._context = context
        self._formats = formats
        self._head = head
        self._parsers: dict[type[LogFormat], LogFormat] = {}
        self._text = ""
        self.refused = False
        """Whether a format recognized the last line but failed to parse it: it is still searched."""
        self.passed_over = False
        """Whether a format recognized the last line and found no event in it."""

    def event(self, texts: Iterable[str]) -> Event | None:
        """Return the event of the first text that a format parses, if any."""
        self.refused = self.passed_over = False
        for text in texts:
            for log_format in self._formats:
                if not log_format.recognises(text):
                    continue
                try:
                    event = self._parser(log_format).read(text)
                except LineError:
                    self.refused = True
                    continue
                if event is not None:
                    self._text = text
                    return event
                self.passed_over = True
        return None

    def completed(self, inner: Event, values: Values, times: LooseTimes) -> Event:
        """Complete a line's event with its envelope's observer, time and year."""
        time = inner.time
        if (time is None or str(time.year) not in self._text[:_HEADER]) and values.get("time"):
            try:
                outer = times.read(values["time"][0])
            except LineError:
                outer = None
            time = _in_year_of(outer, time) if time and outer else time or outer
        hosts = (stated(text) for field in ("observer", "host") for text in values.get(field, ()))
        return replace(
            inner, time=time, observer=inner.observer or next((host for host in hosts if host), None)
        )

    def _parser(self, log_format: type[LogFormat]) -> LogFormat:
        parser = self._parsers.get(log_format)
        if parser is None:
            parser = self._parsers[log_format] = log_format(replace(self._context, head=tuple(self._head())))
        return parser
