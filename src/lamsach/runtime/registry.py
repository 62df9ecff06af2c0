"""Registries of plug-ins: an ordered list of names and marks, each module imported on demand.

This module imports nothing of the product.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, NamedTuple, TypeVar, overload

T = TypeVar("T")


class Row(NamedTuple):
    """A plug-in before its import: `module:Attribute`, public name, and mark of its input."""

    place: str
    name: str
    mark: tuple[str, ...] | bytes


class Registry(Sequence[T]):
    """Plug-ins in the order in which they are tried; a sequence, each imported on first access."""

    def __init__(self, package: str, rows: Sequence[Row]) -> None:
        self._package = package
        self._rows = tuple(rows)
        self._places = frozenset(f"{package}.{row.place}" for row in rows)
        self._loaded: dict[str, T] = {}
        self._all: tuple[T, ...] | None = None
        self._added: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...
    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        if isinstance(place, slice):
            return tuple(map(self._plugin, self._rows[place]))
        return self._plugin(self._rows[place])

    def __iter__(self) -> Iterator[T]:
        return map(self._plugin, self._rows) if self._all is None else iter(self._all)

    def __contains__(self, plugin: object) -> bool:
        return (
            any(self._loaded[name] is plugin for name in self._added)
            or f"{getattr(plugin, '__module__', '')}:{getattr(plugin, '__qualname__', '')}" in self._places
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order, without an import."""
        return tuple(row.name for row in self._rows)

    def add(self, name: str, plugin: T, mark: tuple[str, ...]) -> None:
        """Add a plug-in of this process before all others, replacing an added one of its name."""
        self._rows = (Row("", name, mark), *(row for row in self._rows if row.name != name))
        self._loaded[name] = plugin
        self._added |= {name}
        self._all = None

    def was_added(self, name: str) -> bool:
        """Return whether the plug-in was added by `add`."""
        return name in self._added

    def has_mark(self, name: str) -> bool:
        """Return whether the plug-in of this name has a mark that identifies it before its import."""
        return any(row.name == name and bool(row.mark) for row in self._rows)

    def named(self, name: str) -> T | None:
        """Return the plug-in of this name, or None."""
        return next((self._plugin(row) for row in self._rows if row.name == name), None)

    def only(self, *names: str) -> Registry[T]:
        """Return a registry of the plug-ins of these names, in this order."""
        rows = {row.name: row for row in self._rows}
        return Registry(self._package, [rows[name] for name in names])

    def without(self, *names: str) -> Registry[T]:
        """Return a registry of all plug-ins but these."""
        return Registry(self._package, [row for row in self._rows if row.name not in names])

    def marked(self, text: str, data: bytes = b"") -> Iterator[T]:
        """Yield the plug-ins whose mark is in the text, or in the data if it is one of bytes, in order."""
        for row in self._rows:
            mark = row.mark
            if any(part in text for part in mark) if isinstance(mark, tuple) else re.search(mark, data):
                yield self._plugin(row)

    def _plugin(self, row: Row) -> T:
        plugin = self._loaded.get(row.name)
        if plugin is None:
            plugin = self._loaded[row.name] = imported(f"{self._package}.{row.place}")
            if len(self._loaded) == len(self._rows):
                self._all = tuple(self._loaded[row.name] for row in self._rows)
        return plugin


def imported(place: str) -> Any:
    """Import the object at `package.module:attribute`."""
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)
