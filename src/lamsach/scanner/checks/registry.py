"""The Windows registry, read only: values of any type as text, missing keys as empty."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any

ITEMS = 20_000
"""Maximum values or subkeys read of one key."""


class Registry:
    """Reader of the live registry. A test passes another class with the same three methods."""

    def __init__(self) -> None:
        self._api: Any = import_module("winreg") if os.name == "nt" else None

    def values(self, hive: str, path: str) -> Iterator[tuple[str, str]]:
        """Yield name and text of each value; binary values without text are decoded as Latin-1."""
        key = self._open(hive, path)
        if key is None:
            return
        with key:
            for number in range(ITEMS):
                try:
                    name, data, _ = self._api.EnumValue(key, number)
                except OSError:
                    return
                yield str(name), as_text(data)

    def keys(self, hive: str, path: str) -> Iterator[str]:
        """Yield the names of the keys below."""
        key = self._open(hive, path)
        if key is None:
            return
        with key:
            for number in range(ITEMS):
                try:
                    yield str(self._api.EnumKey(key, number))
                except OSError:
                    return

    def text(self, hive: str, path: str, name: str) -> str:
        """Return one value as text; empty when there is none."""
        return next((text for found, text in self.values(hive, path) if found.lower() == name.lower()), "")

    def _open(self, hive: str, path: str) -> Any:
        if self._api is None:
            return None
        root = {
            "HKLM": self._api.HKEY_LOCAL_MACHINE,
            "HKCU": self._api.HKEY_CURRENT_USER,
            "HKU": self._api.HKEY_USERS,
        }[hive]
        try:
            return self._api.OpenKey(root, path, 0, self._api.KEY_READ | self._api.KEY_WOW64_64KEY)
        except OSError:
            return None


def as_text(data: object) -> str:
    """Convert the data of a registry value of any type to text."""
    if isinstance(data, str):
        return data.rstrip("\0")
    if isinstance(data, (list, tuple)):
        return "\n".join(as_text(part) for part in data)
    if isinstance(data, bytes):
        wide = len(data) >= 2 and data[1::2].count(0) > len(data) // 4
        if wide:
            return data[: len(data) & ~1].decode("utf-16-le", "replace").rstrip("\0")
        return data.decode("latin-1")
    return "" if data is None else str(data)
