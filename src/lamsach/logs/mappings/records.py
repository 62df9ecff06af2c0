"""How a product's records of named values are read in columns: what the format only hands on. Everything else is its function of a record's fields, which is
asked for each combination of what it decides by (`lamsach.logs.bulk.templates`).
"""

from __future__ import annotations

from collections.abc import Collection, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from lamsach.model import Event

if TYPE_CHECKING:
    from lamsach.logs.mappings.keyed_events import Keys

Fields = MutableMapping[str, str]


class Header(Protocol):
    """What a record's header states."""

    @property
    def time(self) -> datetime | None:
        """A time."""

    @property
    def host(self) -> str | None:
        """The sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Records whose values stand in quotes. `opening`: between a key and its value; `closing`: between a value and the next key; `ends`: what may stand behind
    the last value. `mark`: what stands before the record and is not within its header; `sample`: a record, behind which a header is read; `head`: the shape that all
    headers have (regular expression); `name`: an expression of the record's name in the header, which is the text of the key `NAME`. `signs`: texts of other
    layouts. `absent`: values that say that there is nothing.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """`reader`: how records are written, a name in `lamsach.logs.bulk`. `starts`: how a record may begin behind its header. `texts`, `ports`: keys of addresses,
    names, users, URLs, digests, and of ports. `clock`: the keys of the record's own time. `doubled`: a key before which stand two spaces. `like`: an
    expression of further keys of `texts`. `written`: how records in quotes are.
    """

    reader: str
    starts: tuple[str, ...] = ()
    texts: Collection[str] = ()
    ports: Collection[str] = ()
    clock: Collection[str] = ()
    doubled: str = ""
    like: str = ""
    written: Written | None = None


class RecordFormat(Protocol):
    """A format of such records."""

    records: Records

    def record_event(self, fields: Fields, header: Header) -> Event | None:
        """The event of a record's fields."""

    def record_time(self, fields: Fields) -> datetime | None:
        """The record's own time."""


def of_keys(keys: Keys) -> dict[str, frozenset[str]]:
    """`texts` and `ports` of a product whose keys are known."""
    ports = {*keys.source_port, *keys.destination_port, *keys.source_nat_port}
    texts = {
        key
        for name in keys.__dataclass_fields__
        if name not in ("action", "source_port", "destination_port", "source_nat_port")
        for key in getattr(keys, name)
    }
    return {"texts": frozenset(texts), "ports": frozenset(ports)}
