"""The interface of a log format: one product's log is one file in `lamsach.logs.formats` and one line in
its registry.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, TypeVar
from zoneinfo import ZoneInfo

from lamsach.errors import LineError
from lamsach.logs.mappings.records import Records
from lamsach.model import Event

DEFAULT_TIMEZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NUMBER_MARK = "ipv4"
"""In lower case in each line that states an address as a number, but for formats that say otherwise."""
# {"ipv4_src_addr": 3221226225   {\"sourceipv4address\":3221226225
_NUMBER = re.compile(r"ipv4[\w.: -]{0,60}\\{0,15}\"\s{0,20}:\s{0,20}\d{8,10}(?!\d)", re.ASCII)


_GROUPS = {
    "contact": "time observer source_ip source_port destination_ip destination_port device_ip",
    "ends": "source_ip source_port destination_ip destination_port",
    "nat": "source_nat_ip source_nat_port",
    "machine": "device_name device_mac",
}


def fields_named(text: str) -> tuple[str, ...]:
    """The fields of events that a text names, each by itself or by the group that it usually comes with."""
    return tuple(" ".join(_GROUPS.get(word, word) for word in text.split()).split())


Found = TypeVar("Found")


def required(found: Found | None, line: str) -> Found:
    """Return what a line of the product must have; without it the line is another's: LineError."""
    if found is None:
        raise LineError("The line is not of this product.", line[:80])
    return found


@dataclass(frozen=True, slots=True)
class FileContext:
    """Facts of a file that a parser may know before the first line.

    `file`: the name to put into events. `timezone`: assumed for lines that state none. `modified`: the file's
    time (UTC); no line without a year is dated after it. `head`: the first lines (up to 500), for what is
    decided per file, such as the order of day and month or the names of columns.
    """

    file: str = ""
    timezone: ZoneInfo = DEFAULT_TIMEZONE
    modified: datetime = datetime(9999, 1, 1, tzinfo=UTC)
    head: Sequence[str] = ()


class LogFormat(ABC):
    """Reads one product's log, a line (or a multi-line record) at a time.

    An instance belongs to one file. `parse` may be given any subset of the file's lines in file order,
    because the hunt parses only lines that may match: a format must not rely on having seen the lines between
    them. What it does need (a column header in the middle of the file) it names by `header_prefix`; those
    lines are always given to `header`.
    """

    name: ClassVar[str]
    """The name in `--format`, `Event.format` and reports: lower case with underscores."""
    title: ClassVar[str]
    """The product's name for people."""
    gives: ClassVar[tuple[str, ...]]
    """The `Event` fields that this format can fill."""
    header_prefix: ClassVar[str | None] = None
    """Lines that start so change the parser's state (Zeek and W3C `#`)."""
    multiline: ClassVar[bool] = False
    """Whether a record may have continuation lines; `starts_record` then tells where one begins."""
    lease_markers: ClassVar[tuple[str, ...]] = ()
    """Texts of which every lease record contains one (`DHCPACK`), to find leases in a mixed file without
    parsing it all.
    """
    records: ClassVar[Records | None] = None
    """How its records are read in columns, of a format with `record_event` and `record_time`
    (`lamsach.logs.mappings.records`).
    """
    of_resolver: ClassVar[bool] = False
    """Whether a DNS server writes it: what it says without naming a machine of the unit it asked
    for others.
    """

    def __init__(self, context: FileContext) -> None:
        self.context = context

    @classmethod
    @abstractmethod
    def recognises(cls, line: str) -> bool:
        """Return whether the line has this product's shape, with or without a syslog header.

        Must be cheap, linear in the line's length, and false for every other product's lines.
        """

    def check(self, line: str) -> None:
        """Raise LineError for a line of another product."""
        required(self.recognises(line) or None, line)

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """The share (0 to 1) of a file's first non-empty lines that this format reads."""
        return sum(map(cls.recognises, head)) / len(head) if head else 0.0

    @classmethod
    def may_tell_holders(cls, head: Sequence[str]) -> bool:
        """Return whether a file with these first lines may tell who had an address, as far as one look at
        them shows.
        """
        return True

    @classmethod
    def states_numbers(cls, line: str) -> bool:
        """Return whether a line of a file of this format states addresses as numbers, which no search of its
        text finds: here, as JSON of flows does.
        """
        lower = line.lower()
        return NUMBER_MARK in lower and _NUMBER.search(lower) is not None

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Return whether a multi-line format's record begins with this line."""
        return cls.recognises(line)

    def begins_record(self, line: str) -> bool:
        """As `starts_record`, for a format whose file's first lines (`context.head`) tell more."""
        return self.starts_record(line)

    def header(self, line: str) -> None:  # noqa: B027 - most formats have none
        """Take a header line (see `header_prefix`) into account for the lines that follow."""

    @abstractmethod
    def parse(self, line: str, number: int) -> Event | None:
        """Read one line, or one record of several joined by a line feed, whose first line has this 1-based
        number.

        Returns None for a line that belongs to the format but tells of no event (a comment, a preamble, a
        message that it does not know); see `passes_over`. Raises LineError, with the reason, for a line that
        is not of this format or is broken.
        """

    def passes_over(self, record: str) -> bool:
        """Return whether a record of which `parse` tells no event holds nothing to be searched: a comment, a
        heading, or what another record's event tells. Of any other the reader could not tell what it holds,
        and the hunt searches it as text.
        """
        return record.startswith("#")
