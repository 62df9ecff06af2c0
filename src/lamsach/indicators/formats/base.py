"""One format of lists: a declaration in a file of `lamsach.indicators.formats` and a line in its registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lamsach.indicators.files.source import ListSource
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry, Plain
from lamsach.model import Reference, Refusal


@dataclass(frozen=True, slots=True)
class ListFormat:
    """Reader of one kind of list.

    `name` is lower case with underscores, `title` the name for people. `begins` knows a list by its first
    bytes (of text alone with `text`); the file's name says nothing. `read` yields indicators and refusals in
    file order, not de-duplicated; it raises UnreadableError or LimitError where the document is damaged or
    too large, and what came before holds. `rows_are_lines`: an entry's row is its line, and the format tells
    only what its lines state; the rest of each line is accounted for (`with_lines`). `quick` is `read` of
    long lists, with values that cost no `Indicator`.
    """

    name: str
    title: str
    begins: Callable[[ListSource], Any]
    read: Callable[[ListSource], Iterator[Entry]]
    text: bool = False
    rows_are_lines: bool = False
    quick: Callable[[ListSource], Iterator[Entry | Plain]] | None = None

    def recognises(self, source: ListSource) -> bool:
        """Return whether the content has this format."""
        return not (self.text and source.encoding.binary) and bool(self.begins(source))

    def read_quickly(self, source: ListSource) -> Iterator[Entry | Plain]:
        """Read a list, plain values without the cost of an `Indicator` where the format can."""
        return (self.quick or self.read)(source)


def line_by_line(source: ListSource, take: Callable[[str, Reference], Iterable[Entry]]) -> Iterator[Entry]:
    """Yield what `take` makes of each line, and the refusal of an over-long one."""
    for number, line in source.lines():
        reference = Reference(source.document, None, number)
        if line is None:
            yield Refusal(reference, "", refusals.TOO_LONG)
        else:
            yield from take(line, reference)


def command_by_command(
    source: ListSource,
    take: Callable[[str, Reference], Iterable[Entry]],
    most: int,
    bare: Callable[[str], str] = str.strip,
) -> Iterator[Entry]:
    """As `line_by_line`, with lines that a backslash ends joined to commands of some `most` characters.

    A command's row is the line on which it begins; comment lines between commands are passed over.
    """
    start, command = 0, ""
    for number, line in source.lines():
        if line is None:
            yield Refusal(Reference(source.document, None, number), "", refusals.TOO_LONG)
            continue
        if not command and line.lstrip().startswith("#"):
            continue
        start = start if command else number
        text = bare(line)
        command += text.removesuffix("\\")
        if text.endswith("\\") and len(command) < most:
            continue
        if command.strip():
            yield from take(command, Reference(source.document, None, start))
        command = ""
