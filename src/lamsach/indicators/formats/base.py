"""What a format of lists is. One format is one file in `lamsach.indicators.formats` and one line in its registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.values.records import Entry, Plain


class ListFormat(ABC):
    """Reads one kind of list. Holds no state: one instance serves every file."""

    name: ClassVar[str]
    """Lower case with underscores."""
    title: ClassVar[str]
    """The format's name for people."""
    rows_are_lines: ClassVar[bool] = False
    """Whether an entry's row is its line, and the format tells only what its lines state: the rest of each line is accounted for (`with_lines`)."""

    @classmethod
    @abstractmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the content has this format, by its first bytes; the file's name says nothing."""

    @classmethod
    @abstractmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """The indicators and refusals in file order, not de-duplicated.

        Raises UnreadableError or LimitError where the document is damaged or too large; what came before holds.
        """

    @classmethod
    def read_quickly(cls, source: ListSource) -> Iterator[Entry | Plain]:
        """As `read`; a format of long lists may give values without the cost of an `Indicator`."""
        return cls.read(source)
