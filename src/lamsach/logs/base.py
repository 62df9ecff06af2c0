"""Interface of a log format: one product is one file in `lamsach.logs.formats` and one registry line."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import ClassVar, TypeVar
from zoneinfo import ZoneInfo

from lamsach.errors import LineError
from lamsach.logs.events.ends import stamped
from lamsach.logs.mappings.records import Records
from lamsach.model import Event

DEFAULT_TIMEZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NUMBER_MARK = "ipv4"
"""Lower-case text in every line that states an address as a number, unless a format overrides this."""
# {"ipv4_src_addr": 3221226225   {\"sourceipv4address\":3221226225
_ROOM = 160
_NUMBER = re.compile(r"ipv4[\w.: -]{0,60}\\{0,15}\"\s{0,20}:\s{0,20}\d{8,10}(?!\d)", re.ASCII)


_GROUPS = {
    "contact": "time observer source_ip source_port destination_ip destination_port device_ip",
    "hosts": "time observer source_ip destination_ip device_ip",
    "ends": "source_ip source_port destination_ip destination_port",
    "nat": "source_nat_ip source_nat_port",
    "machine": "device_name device_mac",
}


def fields_named(text: str) -> tuple[str, ...]:
    """Expand a text of field names and group names into event fields."""
    return tuple(" ".join(_GROUPS.get(word, word) for word in text.split()).split())


Found = TypeVar("Found")


def required(found: Found | None, line: str) -> Found:
    """Return a part that every line of the product has. Raises LineError when it is missing."""
    if found is None:
        raise LineError("The line is not of this product.", line[:80])
    return found


@dataclass(frozen=True, slots=True)
class FileContext:
    """Facts about a file that are known before its first line is parsed.

    `file`: name for events. `timezone`: assumed for lines without one. `modified`: the file's time (UTC); no
    line without a year is dated after it. `head`: up to 500 first lines, for choices made per file, such as
    day-month order or column names."""

    file: str = ""
    timezone: tzinfo = DEFAULT_TIMEZONE
    modified: datetime = datetime(9999, 1, 1, tzinfo=UTC)
    head: Sequence[str] = ()


class LogFormat(ABC):
    """Parser of one product's log, one line or multi-line record at a time.

    An instance belongs to one file. `parse` may get any subset of the file's lines, in file order, because
    the hunt parses only candidate lines: a format must not depend on the lines between. Lines that it does
    need (a column header inside the file) start with `header_prefix` and always go to `header`."""

    name: ClassVar[str]
    """Identifier in `--format`, `Event.format` and reports: lower case with underscores."""
    title: ClassVar[str]
    """Display name of the product."""
    gives: ClassVar[tuple[str, ...]]
    """The `Event` fields that this format can fill."""
    header_prefix: ClassVar[str | None] = None
    """Prefix of lines that change the parser's state (`#` in Zeek and W3C logs)."""
    multiline: ClassVar[bool] = False
    """Whether a record may have continuation lines; `starts_record` finds its first line."""
    around: ClassVar[re.Pattern[str] | None] = None
    """Pattern of a file's lines that are no records or continue one (headings, summaries, packet details)."""
    lease_markers: ClassVar[tuple[str, ...]] = ()
    """Texts such as `DHCPACK`, one of them in every lease record, to find leases without full parsing."""
    records: ClassVar[Records | None] = None
    """Description for the columnar readers, in formats with `record_event` and `record_time`."""
    of_resolver: ClassVar[bool] = False
    """Whether a DNS server writes the log: messages without an internal device are its upstream queries."""

    def __init__(self, context: FileContext) -> None:
        self.context = context

    @classmethod
    @abstractmethod
    def recognises(cls, line: str) -> bool:
        """Return whether the line has this product's shape, with or without a syslog header.

        Must be cheap, linear in the line's length, and false for every other product's lines."""

    def check(self, line: str) -> None:
        """Raise LineError for a line of another product."""
        required(self.recognises(line) or None, line)

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Return the share (0 to 1) of a file's first non-empty lines that are of this format.

        Lines of `around` count too if it recognizes another one."""
        known = [cls.recognises(line) for line in head]
        if cls.around and any(known):
            known = [
                own or cls.around.match(line, 0, _ROOM) is not None
                for own, line in zip(known, head, strict=True)
            ]
        return sum(known) / len(known) if known else 0.0

    @classmethod
    def may_state_holders(cls, head: Sequence[str]) -> bool:
        """Return whether a file with these first lines may state who had an address; a cheap first test."""
        return True

    @classmethod
    def states_numbers(cls, line: str) -> bool:
        """Return whether a line states addresses as numbers, which text search misses (JSON flow logs)."""
        lower = line.lower()
        return NUMBER_MARK in lower and _NUMBER.search(lower) is not None

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Return whether a multi-line format's record begins with this line."""
        return cls.recognises(line)

    def begins_record(self, line: str) -> bool:
        """Do as `starts_record`, for a format that also needs the file's first lines (`context.head`)."""
        return self.starts_record(line)

    def header(self, line: str) -> None:  # noqa: B027 - most formats have none
        """Apply a header line (see `header_prefix`) to the lines that follow."""

    def parse(self, line: str, number: int) -> Event | None:
        """Do as `read`, and set the event's format, file and line; `number` (from 1) is the first line's."""
        event = self.read(line)
        return event and stamped(event, self.name, self.context.file, number)

    @abstractmethod
    def read(self, line: str) -> Event | None:
        """Parse a line, or a record's lines joined by line feeds, to an event of the caller's own.

        Returns None for a line of this format without an event (comment, preamble, unknown message); see
        `passes_over`. Raises LineError, with the reason, for a broken line or one of another format."""

    def passes_over(self, record: str) -> bool:
        """Return whether a record without an event has nothing to search: comment, heading, or repetition.

        All other records without an event are not understood, and the hunt searches them as text."""
        return record.startswith("#")
