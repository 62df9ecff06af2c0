"""Reading records of named values in columns: what the format only hands on.

Everything else is its function of a record's fields, which is asked for each combination of what it decides
by (`lamsach.logs.bulk.templates`).
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
    """Time and sender of a record's header."""

    @property
    def time(self) -> datetime | None:
        """A time."""

    @property
    def host(self) -> str | None:
        """The sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Records whose values stand in quotes.

    `opening`: between a key and its value; `closing`: between a value and the next key; `ends`: what may
    stand behind the last value. `mark`: what stands before the record and is not within its header; `sample`:
    a record, behind which a header is read; `head`: the shape that all headers have (regular expression);
    `name`: an expression of the record's name in the header, which is the text of the key `NAME`. `signs`:
    texts of other layouts. `absent`: values that say that there is nothing.
    """

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
    """A value within a text, of which a format takes nothing else.

    `made`: takes it out; `text`: one that holds it where `{}` stands.
    """

    made: Callable[[str], str | None]
    text: str


@dataclass(frozen=True, slots=True)
class Each:
    """A format's use of each item of a list; it does nothing else with the list.

    `made`: the value of an item, None where it is left out; names and IPv4 addresses in canonical spelling
    stay as they are. `item`: the shape of items that are objects, with an empty text for the value and
    examples of others.
    """

    made: Callable[[Any], str | None]
    item: Mapping[str, str] | None = None

    def shaped(self, value: str) -> object:
        """An item with this value."""
        return value if self.item is None else {key: text or value for key, text in self.item.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """Messages in words, whose lines of one wording differ in addresses, names, MAC addresses and numbers.

    `marks`: texts of which the first begins a message behind its header. `parting`: the letters between which
    values are. `first`: an expression that a message's first value fits. Expressions whose groups are values
    of the message (they look at bytes): `idle`, of numbers of no account; `names`, of names that are only
    handed on. `rare`: texts of messages that are read singly.
    """

    marks: tuple[str, ...]
    parting: str
    first: str = ""
    idle: bytes = b""
    names: bytes = b""
    rare: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Rows of delimited cells.

    `layouts`: the cells' names by how many quotes a row has; without any they are numbered from 0, or named
    by the format's `table`. `shapes`: expressions of cells that every row has; of absent cells they hold.
    `head`: whether a header stands in the first cell before its digits. `rare`: texts of rows that are read
    singly.
    """

    delimiter: str
    shapes: Mapping[str, str]
    layouts: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    head: bool = False
    rare: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """`reader`: how records are written, a name in `lamsach.logs.bulk`.

    `starts`: how a record may begin behind its header. `texts`, `ports`: keys of addresses, names, users,
    URLs, digests, and of ports. `clock`: the keys of the record's own time. `doubled`: a key before which
    stand two spaces. `like`: an expression of further keys of `texts`. `written`: how records in quotes are.
    `lists`: keys of lists; `within`: keys of `texts` whose value stands within a text. `made`: of
    texts from which the format is given a list, what makes it. `marks`: what stands before
    the words by which JSON objects are of one layout. `nested`: whether the format is given objects as they
    are nested, and not their dotted keys. `needs`: keys that a JSON object has at its top, if it is not to be
    read alone. `renamed`: the key of a dotted path. `sentences`: how messages in words are; of these no key
    is stated, and the format is asked for whole lines. `cells`: how rows of cells are; then `texts` are users
    and what a server was asked for, and `ports` all of the classes `bulk.value_classes.TOKEN`.
    """

    reader: str
    starts: tuple[str, ...] = ()
    texts: Collection[str] = ()
    ports: Collection[str] = ()
    clock: Collection[str] = ()
    doubled: str = ""
    like: str = ""
    written: Written | None = None
    lists: Mapping[str, Each] = field(default_factory=dict)
    within: Mapping[str, Within] = field(default_factory=dict)
    made: Mapping[str, Callable[[str], Sequence[str] | None]] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    nested: bool = False
    needs: tuple[str, ...] = ()
    renamed: Callable[[str], str] | None = None
    sentences: Sentences | None = None
    cells: Cells | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Delimited rows of named columns; further ones have no names.

    `title`: what else a header states and the format goes by; `lists`: columns of several values; `absent`:
    values that say that there is nothing; `alone`: what stands in rows that are read alone; `first`: an
    expression of the first cell of others, which may have fewer or more cells; `trimmed`: whether spaces
    around values are none of theirs.
    """

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
    """A format of such records."""

    records: Records

    def record_event(self, fields: Fields, header: Header) -> Event | None:
        """The event of a record's fields."""

    def record_time(self, fields: Fields) -> datetime | None:
        """The record's own time."""


def carried_keys(keys: Keys) -> dict[str, frozenset[str]]:
    """`texts` and `ports` of a product whose keys are known."""
    ports = {*keys.source_port, *keys.destination_port, *keys.source_nat_port}
    texts = {
        key
        for name in keys.__dataclass_fields__
        if name not in ("action", "source_port", "destination_port", "source_nat_port")
        for key in getattr(keys, name)
    }
    return {"texts": frozenset(texts), "ports": frozenset(ports)}
