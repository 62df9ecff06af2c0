"""The account of a document: every value that its text shows is taken or refused, by any reader.

A reader lists what its format states. What the same text shows beside that (a note, a reference, a comment, a
setting) is refused by name here, or taken where its author defanged it and the text describes what is listed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from xml.etree.ElementTree import Element

from lamsach.documents.xml import XSI
from lamsach.indicators.files.source import ListSource
from lamsach.indicators.judge.loop import decide, withheld
from lamsach.indicators.judge.rule import Scope, any_case
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.judge.tables import Beside
from lamsach.indicators.tables.fields import Field
from lamsach.indicators.text.extract import Found, located, pieces
from lamsach.indicators.values.records import Entry, Plain, entries, is_shaped, whole_value
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Reference

_MAY_SHOW = any_case(
    r"[0-9A-Za-z\])}][\[({]?\.[\])}]?[0-9A-Za-z\[({*]|//|[0-9A-Fa-f]{32}"
    r"|[0-9A-Fa-f]:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*:|::|@|[^\x00-\x7f]\w|\bdot\b|\[d\]|DOT|hxx"
)
"""What a text contains that shows a value; most cells of a long list do not."""
_HINT = re.compile(r"[.:@\[]|[0-9A-Fa-f]{32}|[^\x00-\x7f]|[dD][oO][tT]")
"""What such a text contains at least, quickly told."""
_SHOWS_NONE = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]{5,20}(?:Z|[+-]\d\d:?\d\d)?|[A-Za-z0-9+/=\r\n]{4096,}")
"""A time, and the encoded content of a file."""
_SEEN_KEPT = 20_000
"""How many texts of a document are remembered, so that millions of rows do not name one link each."""
_TOLD_KEPT = 100_000
"""How many values a list of lines is remembered to have told last."""
_SHOWN_AT_ONCE = 1000
_DEPTH = 100


_ACCOUNTS: ContextVar[bool] = ContextVar("accounts", default=True)


@contextmanager
def listed_only() -> Iterator[None]:
    """Read only what is listed: notes and comments of lists of exceptions are neither taken nor reported."""
    before = _ACCOUNTS.set(False)
    try:
        yield
    finally:
        _ACCOUNTS.reset(before)


class Account:
    """Values that texts of one document show besides those given; the same text is looked at once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def rest(
        self,
        texts: Iterable[str],
        told: Collection[str],
        *,
        takes: bool = False,
        where: Field | Section | None = None,
    ) -> list[Found]:
        """Values in texts, but for given ones. `takes`: defanged ones may be taken; `where` they are."""
        found: list[Found] = []
        for text in texts if _ACCOUNTS.get() else ():
            if text not in told and self.is_new(text) and " ".join(text.split()) not in told:
                shown = [item for item in _shown(text, takes, where) if value_of(item) not in told]
                found += shown
                if all(isinstance(item, Refused) for item in shown):
                    self.note(text)
        return found

    def is_new(self, text: str) -> bool:
        """Return whether a text may show a value and was not looked at before."""
        return (
            _HINT.search(text) is not None
            and text not in self._seen
            and _MAY_SHOW.search(text) is not None
            and _SHOWS_NONE.fullmatch(text) is None
        )

    def note(self, text: str) -> None:
        """Remember a text, which says the same wherever it comes again."""
        if len(self._seen) < _SEEN_KEPT:
            self._seen.add(text)


def value_of(item: Found | Entry) -> str:
    """The value of an entry or of what was found."""
    return item[1] if isinstance(item, tuple) else item.value or ""


def _shown(text: str, takes: bool, where: Field | Section | None) -> Iterator[Found]:
    if not takes and " " not in text and (whole := whole_value(text)):
        yield from (_beside(item, where=where) for item in whole)
        return
    for piece in pieces(text):
        for token, item in located(piece):
            if not isinstance(item, Refused) or is_shaped(item):
                yield _beside(item, defanged=token not in piece, may_list=takes, where=where)


def _beside(item: Found, **what: Any) -> Found:
    if isinstance(item, Refused):
        return item
    return withheld(item, decide(Scope.BESIDE, Beside(item[0], item[1], **what), item[0]))


def with_rest(tree: Any, found: Iterable[Entry], reference: Reference) -> Iterator[Entry]:
    """Yield the entries of a record, a JSON document or an XML element, then what its texts show besides."""
    told: set[str] = set()
    for item in found:
        told.add(item.value)
        yield item
    yield from entries(Account().rest(leaves(tree), told), reference)


def leaves(tree: Any, depth: int = 0) -> Iterator[str]:
    """The texts of a tree: keys and values, or an element's texts and attributes."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Element):
        for part in tree.iter():
            said = (value for name, value in part.attrib.items() if not name.startswith(XSI))
            yield from filter(None, (part.text, part.tail, *said))
    elif depth < _DEPTH and isinstance(tree, Mapping):
        for key, value in tree.items():
            yield str(key)
            yield from leaves(value, depth + 1)
    elif depth < _DEPTH and isinstance(tree, (list, tuple)):
        for value in tree:
            yield from leaves(value, depth + 1)


def with_lines(source: ListSource, found: Iterable[Entry | Plain]) -> Iterator[Entry | Plain]:
    """The entries of a list whose rows are its lines, in order, and refused what the lines show beside them.

    In bounded memory: a line is looked at when an entry of a later one comes.
    """
    lines = _Lines(source)
    for item in found:
        row: int | None
        if isinstance(item, tuple):
            value, row = item[1], item[4]
        else:
            value, row = item.value, item.reference.row if item.reference else None
        while row is not None and (shown := lines.before(row)):
            yield from shown
        lines.told(value)
        yield item
    while shown := lines.before(None):
        yield from shown


class _Lines:
    """A list's lines in order, each compared with the values given so far when it is passed."""

    def __init__(self, source: ListSource) -> None:
        self._document = source.document
        self._lines = source.lines()
        self._next = next(self._lines, None)
        self._account = Account()
        self._told: dict[str, None] = {}
        self._rest = ""
        self._row: list[str] = []
        """What was told since the last line that was passed."""

    def told(self, value: str) -> None:
        """Take note of a value that the reader gave."""
        self._row.append(value)
        self._told[value] = None
        if len(self._told) > _TOLD_KEPT:
            del self._told[next(iter(self._told))]

    def before(self, row: int | None) -> Sequence[Entry]:
        """Refusals of what the next lines before a row (None: all) show besides; empty at the end."""
        shown: list[Entry] = []
        while self._next is not None and (row is None or self._next[0] < row) and len(shown) < _SHOWN_AT_ONCE:
            number, line = self._next
            if line:
                rest = line
                for value in self._row:
                    rest = rest.replace(value, " ")
                if rest != self._rest:  # in a list of one kind of rules it is always the same
                    self._rest = rest
                    found = self._shown(line, rest.strip())
                    shown += entries(found, Reference(self._document, None, number)) if found else ()
            self._row.clear()
            self._next = next(self._lines, None)
        return shown

    def _shown(self, line: str, rest: str) -> list[Found]:
        if not self._account.is_new(rest):
            return []
        self._account.note(rest)
        found = Account().rest([line], self._told)
        return [
            item
            for item in found
            if not any(part and (part in value_of(item) or value_of(item) in part) for part in self._row)
        ]
