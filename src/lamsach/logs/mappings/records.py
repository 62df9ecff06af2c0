"""Descriptions of record syntax for the columnar readers.

They state what a format passes through unchanged. Everything else is decided by its function of a record's
fields, which runs once per combination of values (`lamsach.logs.bulk.templates`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from lamsach.model import Event

if TYPE_CHECKING:
    from lamsach.logs.mappings.keyed_events import Keys

Fields = MutableMapping[str, str]


class Header(Protocol):
    """Time and sender in a record's header."""

    @property
    def time(self) -> datetime | None:
        """The stated time."""

    @property
    def host(self) -> str | None:
        """The sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Syntax of records with quoted values.

    `opening`: between a key and its value; `closing`: between a value and the next key; `ends`: possible
    texts after the last value. `mark`: text before the record that does not occur in its header; `sample`: a
    record to parse headers with; `head`: expression that all headers match; `name`: expression of the
    record's name in the header, which becomes the key `NAME`. `signs`: texts of other layouts. `absent`:
    values that mean "none"."""

    opening: str
    closing: str
    ends: tuple[str, ...]
    mark: str
    sample: str
    head: str = ""
    name: str = ""
    signs: tuple[str, ...] = ()
    absent: frozenset[str] = frozenset()


NAME = "|name"


@dataclass(frozen=True, slots=True)
class Within:
    """A value inside a text; the format uses nothing else of the text.

    `made`: extracts it; `text`: a text that contains it at `{}`."""

    made: Callable[[str], str | None]
    text: str


@dataclass(frozen=True, slots=True)
class Each:
    """A format's function of each item of a list, which it uses for nothing else.

    `made`: the value of an item, or None to skip it; must leave canonical names and IPv4 addresses
    unchanged. `item`: shape of items that are objects, with an empty text for the value and examples of the
    others."""

    made: Callable[[Any], str | None]
    item: Mapping[str, str] | None = None

    def shaped(self, value: str) -> object:
        """Build an item with this value."""
        return value if self.item is None else {key: text or value for key, text in self.item.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """Prose messages; lines of one wording differ in addresses, names, MAC addresses and numbers.

    `marks`: the first of them begins a message after its header. `parting`: the characters between values.
    `first`: expression for a message's first value. Expressions on bytes whose groups are values of the
    message: `idle`, of irrelevant numbers; `names`, of names that are passed through. `rare`: texts of
    messages to parse singly."""

    marks: tuple[str, ...]
    parting: str
    first: str = ""
    idle: bytes = b""
    names: bytes = b""
    rare: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Rows of delimited cells.

    `layouts`: cell names by number of quotes in a row; rows without quotes are numbered from 0, or named by
    the format's `table`. `shapes`: expressions of cells that every row has; absent cells match. `head`:
    whether the first cell has a header before its digits. `rare`: texts of rows to parse singly."""

    delimiter: str
    shapes: Mapping[str, str]
    layouts: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    head: bool = False
    rare: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Description of a format's records."""

    reader: str
    """Their syntax: a name in `lamsach.logs.bulk.RECORDS`."""
    starts: tuple[str, ...] = ()
    """Possible beginnings of a record after its header."""
    texts: Collection[str] = ()
    """Keys of passed-through addresses, names, users, URLs and digests.

    Of `cells`: users and request targets."""
    ports: Collection[str] = ()
    """Keys of ports; of `cells`, all values of the classes `bulk.value_classes.TOKEN`."""
    clock: Collection[str] = ()
    """Keys of the record's own time."""
    doubled: str = ""
    """A key preceded by two spaces."""
    like: str = ""
    """Expression of further keys of `texts`."""
    written: Written | None = None
    """Syntax with quotes."""
    lists: Mapping[str, Each] = field(default_factory=dict)
    """Keys of lists."""
    within: Mapping[str, Within] = field(default_factory=dict)
    """Keys of `texts` with a value inside a text."""
    made: Mapping[str, Callable[[str], Sequence[str] | None]] = field(default_factory=dict)
    """Functions of texts that the format receives as lists."""
    marks: tuple[str, ...] = ()
    """Texts before the words that determine the layout of JSON objects."""
    nested: bool = False
    """Whether the format receives nested objects instead of dotted keys."""
    needs: tuple[str, ...] = ()
    """Top-level keys of every JSON object, unless parsed singly."""
    renamed: Callable[[str], str] | None = None
    """Returns the key of a dotted path."""
    sentences: Sentences | None = None
    """Syntax of prose messages, which have no keys; the format is run on whole lines."""
    cells: Cells | None = None
    """Syntax of rows."""


@dataclass(frozen=True, slots=True)
class Table:
    """Delimited rows of named columns; further cells have no names.

    `title`: other content of a header that the format uses; `lists`: columns of several values; `absent`:
    values that mean "none"; `alone`: text of rows to parse singly; `first`: expression of the first cell,
    for rows that may have fewer or more cells; `trimmed`: whether spaces around values are ignored."""

    title: str | None
    names: tuple[str, ...]
    delimiter: str = "\t"
    lists: frozenset[str] = frozenset()
    separator: str = ","
    absent: tuple[str, ...] = ("-",)
    alone: str = "\\"
    first: str = ""
    trimmed: bool = False


class RecordFormat(Protocol):
    """A format with such a description."""

    records: Records

    def record_event(self, fields: Fields, header: Header) -> Event | None:
        """Return the event of a record's fields."""

    def record_time(self, fields: Fields) -> datetime | None:
        """Return the record's own time."""


def carried_keys(keys: Keys) -> dict[str, frozenset[str]]:
    """Return `texts` and `ports` of a product with known keys."""
    ports = {*keys.source_port, *keys.destination_port, *keys.source_nat_port}
    texts = {
        key
        for name in keys.__dataclass_fields__
        if name not in ("action", "source_port", "destination_port", "source_nat_port")
        for key in getattr(keys, name)
    }
    return {"texts": frozenset(texts), "ports": frozenset(ports)}
