"""Values that a document shows without listing them, so that every shown value is accepted or refused.

A reader lists what its format states. Other values of the same text (a note, a reference, a comment, a
setting) are refused by name here, or accepted where defanged in a text that describes listed values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from xml.etree.ElementTree import Element

from lamsach.documents.xml import XSI
from lamsach.indicators.files.source import ListSource
from lamsach.indicators.judge.loop import apply_rule, decide
from lamsach.indicators.judge.rule import Scope, any_case
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.judge.tables import Unlisted
from lamsach.indicators.tables.fields import Field
from lamsach.indicators.text.extract import Found, locate, pieces
from lamsach.indicators.values.records import Entry, Plain, entries, entry, is_shaped, whole_value
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Reference

_MAY_SHOW = any_case(
    r"[0-9A-Za-z\])}][\[({]?\.[\])}]?[0-9A-Za-z\[({*]|//|[0-9A-Fa-f]{32}"
    r"|[0-9A-Fa-f]:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*:|::|@|[^\x00-\x7f]\w|\bdot\b|\[d\]|DOT|hxx"
)
"""Signs of a value in a text; most cells of a long list have none."""
_HINT = re.compile(r"[.:@\[]|[0-9A-Fa-f]{32}|[^\x00-\x7f]|[dD][oO][tT]")
"""Cheap necessary condition of `_MAY_SHOW`."""
_SHOWS_NONE = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]{5,20}(?:Z|[+-]\d\d:?\d\d)?|[A-Za-z0-9+/=\r\n]{4096,}")
"""A time, and the encoded contents of a file."""
_MAX_SEEN = 20_000
"""Maximum number of remembered texts, so that millions of rows do not repeat one link each."""
_MAX_LISTED = 100_000
"""Maximum number of remembered values that a list of lines listed last."""
_BATCH = 1000
_MAX_DEPTH = 100


_ENABLED: ContextVar[bool] = ContextVar("accounts", default=True)


@contextmanager
def listed_only() -> Iterator[None]:
    """Read only listed values: values in notes and comments are neither accepted nor reported."""
    before = _ENABLED.set(False)
    try:
        yield
    finally:
        _ENABLED.reset(before)


class Account:
    """Values that a document's texts show without listing; the same text is examined once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def unlisted(
        self,
        texts: Iterable[str],
        listed: Collection[str],
        *,
        accepts_defanged: bool = False,
        where: Field | Section | None = None,
    ) -> list[Found]:
        """Return unlisted values of texts at `where`; defanged ones may be accepted if `accepts_defanged`."""
        found: list[Found] = []
        for text in texts if _ENABLED.get() else ():
            if text not in listed and self.is_new(text) and " ".join(text.split()) not in listed:
                shown = [
                    item for item in _shown(text, accepts_defanged, where) if value_of(item) not in listed
                ]
                found += shown
                if all(isinstance(item, Refused) for item in shown):
                    self.note(text)
        return found

    def is_new(self, text: str) -> bool:
        """Return whether a text may show a value and was not examined before."""
        return (
            _HINT.search(text) is not None
            and text not in self._seen
            and _MAY_SHOW.search(text) is not None
            and _SHOWS_NONE.fullmatch(text) is None
        )

    def note(self, text: str) -> None:
        """Remember a text, so that its repetitions are skipped."""
        if len(self._seen) < _MAX_SEEN:
            self._seen.add(text)


def value_of(item: Found | Entry) -> str:
    """Return the value of an entry or an observable."""
    return item[1] if isinstance(item, tuple) else item.value or ""


def _shown(text: str, accepts_defanged: bool, where: Field | Section | None) -> Iterator[Found]:
    if not accepts_defanged and " " not in text and (whole := whole_value(text)):
        yield from (_judge_unlisted(item, where=where) for item in whole)
        return
    for piece in pieces(text):
        for token, item in locate(piece):
            if not isinstance(item, Refused) or is_shaped(item):
                yield _judge_unlisted(
                    item, defanged=token not in piece, may_list=accepts_defanged, where=where
                )


def _judge_unlisted(item: Found, **context: Any) -> Found:
    if isinstance(item, Refused):
        return item
    return apply_rule(item, decide(Scope.UNLISTED, Unlisted(item[0], item[1], **context), item[0]))


def with_unlisted(tree: Any, found: Iterable[Entry], reference: Reference) -> Iterator[Entry]:
    """Yield the entries of a record, JSON document or XML element, then the values its texts show besides."""
    listed: set[str] = set()
    for item in found:
        listed.add(item.value)
        yield item
    yield from entries(Account().unlisted(leaves(tree), listed), reference)


def with_unlisted_records(
    records: Iterable[tuple[int | None, Any]],
    document: str,
    listed: Callable[[Any, Reference], Iterable[Entry]],
) -> Iterator[Entry]:
    """Yield the entries that `listed` finds in each numbered record, with those its texts show besides."""
    for row, record in records:
        reference = Reference(document, None, row)
        if isinstance(record, Refused):
            yield entry(record, reference)
        else:
            yield from with_unlisted(record, listed(record, reference), reference)


def leaves(tree: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts of a tree: keys and values, or an element's texts and attributes."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Element):
        for element in tree.iter():
            attributes = (value for name, value in element.attrib.items() if not name.startswith(XSI))
            yield from filter(None, (element.text, element.tail, *attributes))
    elif depth < _MAX_DEPTH and isinstance(tree, Mapping):
        for key, value in tree.items():
            yield str(key)
            yield from leaves(value, depth + 1)
    elif depth < _MAX_DEPTH and isinstance(tree, (list, tuple)):
        for value in tree:
            yield from leaves(value, depth + 1)


def with_unlisted_lines(source: ListSource, found: Iterable[Entry | Plain]) -> Iterator[Entry | Plain]:
    """Yield the entries of a list with a row a line, each row's followed by refusals of unlisted values.

    In bounded memory: a line is examined when an entry of a later one is read.
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
        lines.add(value)
        yield item
    while shown := lines.before(None):
        yield from shown


class _Lines:
    """A list's lines in order, each compared with the values listed so far once it is passed."""

    def __init__(self, source: ListSource) -> None:
        self._document = source.document
        self._lines = source.lines()
        self._next = next(self._lines, None)
        self._account = Account()
        self._listed: dict[str, None] = {}
        self._last_rest = ""
        self._row: list[str] = []
        """Values listed since the last passed line."""

    def add(self, value: str) -> None:
        """Record a value that the reader listed."""
        self._row.append(value)
        self._listed[value] = None
        if len(self._listed) > _MAX_LISTED:
            del self._listed[next(iter(self._listed))]

    def before(self, row: int | None) -> Sequence[Entry]:
        """Return refusals of unlisted values on the next lines before a row (None: all); empty at the end."""
        shown: list[Entry] = []
        while self._next is not None and (row is None or self._next[0] < row) and len(shown) < _BATCH:
            number, line = self._next
            rest = line or ""
            for value in self._row if rest else ():
                rest = rest.replace(value, " ")
            if line and rest != self._last_rest:  # always equal in a list of one kind of rules
                self._last_rest = rest
                shown += entries(self._shown(line, rest.strip()), Reference(self._document, None, number))
            self._row.clear()
            self._next = next(self._lines, None)
        return shown

    def _shown(self, line: str, rest: str) -> list[Found]:
        if not self._account.is_new(rest):
            return []
        self._account.note(rest)
        return [
            item
            for item in Account().unlisted([line], self._listed)
            if not any(part and (part in value_of(item) or value_of(item) in part) for part in self._row)
        ]
