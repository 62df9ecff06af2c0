"""What a writer of lists is: one program's syntax. One writer is one file here and one line in the registry.

A writer is only ever given canonical values (see `safety.is_canonical`), so that no value can leave its syntax; free text goes
through `safety.words` or the syntax's own quoting.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from lamsach.indicators.writers.safety import is_canonical
from lamsach.model import Indicator, IndicatorType

ADDRESSES = (IndicatorType.IP, IndicatorType.NETWORK)
HASHES = (IndicatorType.MD5, IndicatorType.SHA1, IndicatorType.SHA256)

WHOLE = ""
"""The format means by a value what the list means by it."""
NAME_ONLY = "The name is held, the names below it are not."
HOST_AND_PATH = "Host and path are held, the scheme is not."

NOT_HELD = "The format cannot hold values of this kind."
NOT_CANONICAL = "The value is not in canonical form."
COVERED = "Another value of the list covers this one already."
NAME_TOO_LONG = "The name is too long for the format."
WRONG_VERSION = "The format holds addresses of the other version of IP."
SYNTAX = "The syntax has no safe way to write this value."


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every output says of itself: the list's digest (SHA-256, as a hunt states it), the time it was made, how many values
    it holds, and when the first of them ends (None: none ends)."""

    digest: str
    made: datetime
    count: int
    expires: datetime | None = None
    tlp: str | None = None

    def text(self) -> str:
        """One line of ASCII without quotes, semicolons, braces or line ends: a comment of any syntax."""
        marked = f", tlp {self.tlp}" if self.tlp else ""
        return (
            f"lamsach list, digest sha256-{self.digest}, made {iso(self.made)}, values {self.count}, "
            f"expires {iso(self.expires) if self.expires else 'never'}{marked}"
        )


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
    """The kinds of value that the format can hold: WHOLE, or the sentence that says what of it is lost."""
    facts: ClassVar[frozenset[str]] = frozenset()
    """Which facts (fields of `Indicator`) are kept so that they can be read back."""
    reads_back: ClassVar[bool] = True
    """Whether `lamsach indicators read` understands the output."""
    binary: ClassVar[bool] = False
    """Whether the output is an archive of several files: see `bundle.Bundle`."""

    def lost(self, item: Indicator) -> str | None:
        """Why a canonical value of a kind that is held cannot be written all the same, or None."""
        return None

    def merged(self, items: Sequence[Indicator]) -> Sequence[Indicator]:
        """The values without those that others cover, where the program asks for that."""
        return items

    @abstractmethod
    def write(self, items: Sequence[Indicator], stamp: Stamp) -> Iterator[str]:
        """The output's text in pieces, the same for the same arguments."""

    def refusal(self, item: Indicator) -> str | None:
        """Why a value is left out, or None."""
        if item.type not in self.holds:
            return NOT_HELD
        if not is_canonical(item.type, item.value):
            return NOT_CANONICAL
        return self.lost(item)


def of_types(items: Iterable[Indicator], *types: IndicatorType) -> list[Indicator]:
    """The items of these types, in order."""
    return [item for item in items if item.type in types]
