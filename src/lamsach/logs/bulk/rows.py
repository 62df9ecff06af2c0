"""Fields of one record as a format sees them, noting every key that the format reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping
from datetime import datetime
from typing import Any

import pyarrow as pa

HEADER_TIME, HEADER_HOST = "\0time", "\0host"
"""Noted when the format reads the header's time or host."""


Load = Callable[[Collection[str]], Mapping[str, pa.Array]]
"""Loads the texts of the wanted keys."""


class Row:
    """The texts of records by key; nulls for absent ones.

    `names`: all keys, in order. `certain`: keys that every record has; True: all. `usual`: keys that earlier
    records needed, loaded together; empty at first. `constant`: further text that all records contain."""

    def __init__(
        self,
        names: Collection[str],
        load: Load,
        usual: set[str],
        *,
        certain: bool | Collection[str] = (),
        constant: str = "",
    ) -> None:
        self.constant = constant
        self._columns = dict(load(usual or names))
        self.names, self._load, self._usual = names, load, usual
        self.certain = frozenset(names if certain is True else certain or ())

    def __getitem__(self, key: str) -> pa.Array:
        self._usual.add(key)
        if key not in self._columns:
            self._columns.update(self._load({key}))
        return self._columns[key]


class TrackedFields(MutableMapping[str, str]):
    """Fields of one row, with stand-ins for values; `read_keys` collects the keys that were read.

    `certain`: keys that each row has."""

    def __init__(self, values: Mapping[str, Callable[[], str | None]], certain: Collection[str] = ()) -> None:
        self._values = values
        self._set: dict[str, str | None] = {}
        self._certain = certain
        self.read_keys: set[str] = set()

    def _value(self, key: str) -> str | None:
        if key not in self._set:
            if key not in self._values:
                return None
            self.read_keys.add(key)
            self._set[key] = self._values[key]()
        return self._set[key]

    def __contains__(self, key: object) -> bool:
        if key in self._certain and key not in self._set:
            return True
        return self._value(str(key)) is not None

    def __getitem__(self, key: str) -> str:
        value = self._value(key)
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: str, value: str) -> None:
        self._set[key] = value

    def __delitem__(self, key: str) -> None:
        self[key]
        self._set[key] = None

    def __iter__(self) -> Iterator[str]:
        return iter([key for key in {**self._values, **self._set} if key in self])

    def __len__(self) -> int:
        return len(list(iter(self)))


class NestedFields(dict[str, Any]):
    """A nested object over fields with dotted keys."""

    def __init__(self, fields: Mapping[str, Any], paths: Iterable[str], prefix: str = "") -> None:
        super().__init__()
        self._fields, self._prefix = fields, prefix
        self._paths: dict[str, list[str]] = {}
        for path in paths:
            key, _, subpath = path.partition(".")
            self._paths.setdefault(key, []).append(subpath)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value as `dict.get` does; an object whose fields are all absent is empty."""
        paths = self._paths.get(key)
        if paths is None:
            return default
        name = self._prefix + key
        return (
            self._fields.get(name, default)
            if paths == [""]
            else NestedFields(self._fields, paths, f"{name}.")
        )

    def __contains__(self, key: object) -> bool:
        return self.get(str(key)) not in (None, {})

    def __getitem__(self, key: str) -> Any:
        if key not in self:
            raise KeyError(key)
        return self.get(key)

    def __bool__(self) -> bool:
        return any(key in self for key in self._paths)

    def __iter__(self) -> Iterator[str]:
        return iter([key for key in self._paths if key in self])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, dict) and not self and not other

    __hash__ = None


class TrackedHeader:
    """The header before a record; notes in its fields what is read."""

    def __init__(
        self, fields: TrackedFields, time: Callable[[], datetime | None], host: Callable[[], str | None]
    ) -> None:
        self._fields, self._time, self._host = fields, time, host

    @property
    def time(self) -> datetime | None:
        """The stated time."""
        self._fields.read_keys.add(HEADER_TIME)
        return self._time()

    @property
    def host(self) -> str | None:
        """The stated host."""
        self._fields.read_keys.add(HEADER_HOST)
        return self._host()
