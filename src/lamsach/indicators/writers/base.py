"""The writer of one program's list, and the two common shapes: a line a value, and a zip of several files.

A writer is only ever given canonical values (see `safety.is_canonical`), so that no value can leave its
syntax; free text goes through `safety.words` or the syntax's own quoting.
"""

from __future__ import annotations

import zipfile
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import BinaryIO, ClassVar, TypeVar

from lamsach.indicators.releases.rows import Spool
from lamsach.indicators.writers.safety import ascii_words, is_canonical
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import DIGESTS, ROWS, Held

HASHES = tuple(sorted(DIGESTS))

_T = TypeVar("_T")
_EARLIEST = (1980, 1, 1, 0, 0, 0)
ACCEPTED_SHOWN = 20
"""How many accepted values a stamp names."""

WHOLE = ""
"""The format means by a value what the list means by it."""
NAME_ONLY = "The name is held, the names below it are not."
HOST_AND_PATH = "Host and path are held, the scheme is not."
_LOSSES = {Held.WHOLE: WHOLE, Held.NAME_ONLY: NAME_ONLY, Held.HOST_AND_PATH: HOST_AND_PATH}

NOT_HELD = "The format cannot hold values of this kind."
NOT_CANONICAL = "The value is not in canonical form."
COVERED = "Another value of the list covers this one already."
NAME_TOO_LONG = "The name is too long for the format."
VALUE_TOO_LONG = "The value is too long for the format."
WRONG_VERSION = "The format holds addresses of the other version of IP."
SYNTAX = "The syntax has no safe way to write this value."


@dataclass(frozen=True, slots=True)
class Stamp:
    """Statement of an output about itself.

    It has the list's digest (SHA-256, as a hunt states it), the time it was made, how many values it holds,
    when the first of them ends (None: none ends), and which of them are dangerous to block and were accepted,
    for which reason.
    """

    digest: str
    made: datetime
    count: int
    expires: datetime | None = None
    tlp: str | None = None
    accepted: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """One line of ASCII without quotes, semicolons, braces or line ends: a comment of any syntax."""
        marked = f", tlp {self.tlp}" if self.tlp else ""
        return (
            f"lamsach list, digest sha256-{self.digest}, made {iso(self.made)}, values {self.count}, "
            f"expires {iso(self.expires) if self.expires else 'never'}{marked}{self._accepted()}"
        )

    def _accepted(self) -> str:
        if not self.accepted:
            return ""
        shown = [" - ".join(map(ascii_words, pair)) for pair in self.accepted[:ACCEPTED_SHOWN]]
        if further := len(self.accepted) - len(shown):
            shown.append(f"and {further} more")
        return f", accepted {len(self.accepted)}: {', '.join(shown)}"


def iso(moment: datetime) -> str:
    """A time as `2026-01-31T00:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Writer(ABC):
    """Writes one program's list. Holds no state: one instance serves every list."""

    name: ClassVar[str]
    """What `--to` takes: lower case with underscores."""
    title: ClassVar[str]
    """The product and what the file is there."""
    suffix: ClassVar[str]
    """What the file's name ends in, with the dot."""
    holds: ClassVar[Mapping[IndicatorType, str]]
    """Kinds of value that the format can hold, each with WHOLE or the sentence that says what is lost."""
    facts: ClassVar[frozenset[str]] = frozenset()
    """Which facts (fields of `Indicator`) are kept so that they can be read back."""
    reads_back: ClassVar[bool] = True
    """Whether `lamsach indicators read` understands the output."""
    binary: ClassVar[bool] = False
    """Whether the output is an archive of several files: see `Bundle`."""
    most_entries: ClassVar[int] = 0
    """Entries of one list on the smallest usual devices, by their maker's documentation; 0: not known."""
    part_bytes: ClassVar[int] = 0
    """Limit of bytes of one address's answer; 0: not known."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if (name := cls.__dict__.get("name")) is not None:
            cls.holds = {row.type: _LOSSES[row.exports[name]] for row in ROWS if name in row.exports}

    def lost(self, item: Indicator) -> str | None:
        """Return why a canonical value of a kind that is held cannot be written all the same, or None."""
        return None

    def merged(self, items: Spool) -> Spool:
        """The values without those that others cover, where the program asks for that."""
        return items

    def takes(self, item: Indicator) -> tuple[int, int]:
        """Entries and bytes of a value in a list cut into parts; bytes count only with `part_bytes`."""
        return 1, 0

    @abstractmethod
    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Yield the output's text in pieces, the same for the same arguments.

        The items may be millions on the disk: they are gone through, not kept.
        """

    def refusal(self, item: Indicator) -> str | None:
        """Return why a value is left out, or None."""
        if item.type not in self.holds:
            return NOT_HELD
        if not is_canonical(item.type, item.value):
            return NOT_CANONICAL
        return self.lost(item)


def of_types(items: Iterable[Indicator], *types: IndicatorType) -> Iterator[Indicator]:
    """The items of these types, in order."""
    if isinstance(items, Spool):
        return items.of(*types)
    return (item for item in items if item.type in types)


def framed(head: str, pieces: Iterable[str], tail: str = "") -> Iterator[str]:
    """The pieces between head and tail; nothing at all when there are none."""
    empty = True
    for piece in pieces:
        if empty:
            yield head
            empty = False
        yield piece
    if not empty:
        yield tail


def in_batches(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """The values in lists of that many; the last may be shorter."""
    waiting = iter(values)
    while batch := list(islice(waiting, size)):
        yield batch


class LineList(Writer):
    """One or several lines a value; the stamp is a comment on the first line."""

    suffix = ".txt"
    comment: ClassVar[str] = "# "
    head: ClassVar[str] = ""
    """Further lines above the values."""

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Yield the stamp, then value by value."""
        yield f"{self.comment}{stamp.text()}\n{self.head}"
        for item in items:
            yield self.line(item)

    def takes(self, item: Indicator) -> tuple[int, int]:
        """Each line is an entry."""
        text = self.line(item)
        return text.count("\n"), len(text.encode())

    @staticmethod
    def line(item: Indicator) -> str:
        """Lines of one value, with their line ends: the value itself, where a format says nothing else."""
        return item.value + "\n"


class Bundle(Writer):
    """A writer whose output is a zip of files."""

    suffix = ".zip"
    binary = True

    @abstractmethod
    def files(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[tuple[str, Iterator[str]]]:
        """Name and text of each file."""

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Yield the files' text one after the other, for looking at."""
        for _, text in self.files(items, stamp):
            yield from text


def save_zip(stream: BinaryIO, files: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Write a zip of text files whose bytes depend on nothing but names and texts."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files:
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w") as member:
                for piece in text:
                    member.write(piece.encode("utf-8"))
