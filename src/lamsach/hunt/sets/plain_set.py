"""Lookups in a cached compiled set in plain Python, for one value without loading numpy or the kernel.

The files are those saved by `lamsach.hunt.sets.lists`: an array each (`npy`), mapped into memory, and
`set.json`. Answers equal those of `CompiledSet`; on anything unexpected there is no plain set, and the caller
uses `CompiledSet`.
"""

from __future__ import annotations

import json
import os
import sys
from bisect import bisect_left
from collections.abc import Sequence
from ipaddress import IPv4Address, ip_address
from math import prod
from pathlib import Path
from typing import Any, Literal

from lamsach.hunt.sets.folder import set_folder
from lamsach.hunt.sets.npy import mapped
from lamsach.hunt.sets.plain_hash import hash_name, hash_network
from lamsach.indicators.files.source import expand
from lamsach.indicators.values.merge import merge
from lamsach.indicators.values.names import searched_part
from lamsach.model import Indicator, IndicatorType, Reference
from lamsach.model.indicator_types import FORMS

_TYPES = tuple(IndicatorType)
_NO_TIME = -(1 << 62)
_IPV4_HIGH = 0xFFFF_FFFF_FFFF_FFFF
_NUMBERS = ("threat", "source", "document", "page", "row", "confidence", "tlp", "table")
_CODES: dict[str, Literal["B", "i", "I", "q", "Q"]] = {
    "|u1": "B",
    "<i4": "i",
    "<u4": "I",
    "<i8": "q",
    "<u8": "Q",
}
_ARRAYS = {
    "types": "|u1",
    "blob": "|u1",
    "offsets": "<i8",
    "numbers": "<i4",
    "times": "<i8",
    "keys": "<u8",
    "rows": "<u4",
    "lengths": "|u1",
}


class PlainSet:
    """The indicators of a compiled set; its methods are those of `CompiledSet`."""

    def __init__(self, folder: Path) -> None:
        self._strings, self._ipv4_lengths = _described(folder)
        arrays = {name: _mapped(folder / f"{name}.npy", kind) for name, kind in _ARRAYS.items()}
        self._types, self._blob, self._offsets = arrays["types"], arrays["blob"], arrays["offsets"]
        self._numbers, self._times = arrays["numbers"], arrays["times"]
        self._keys, self._rows, self._lengths = arrays["keys"], arrays["rows"], arrays["lengths"]
        count = len(self._types)
        sizes = (len(self._offsets), len(self._numbers), len(self._times), len(self._rows))
        if sizes != (count + 1, count * len(_NUMBERS), count * 2, len(self._keys)):
            raise ValueError("the cache holds something else")

    def indicator(self, row: int) -> Indicator:
        """Return the indicator of a row."""
        start = row * len(_NUMBERS)
        number = dict(zip(_NUMBERS, self._numbers[start : start + len(_NUMBERS)], strict=True))

        def string(name: str) -> str | None:
            return None if number[name] < 0 else self._strings[number[name]]

        def positive(name: str) -> int | None:
            return None if number[name] < 0 else int(number[name])

        document = string("document")
        return Indicator(
            type=_TYPES[self._types[row]],
            value=bytes(self._blob[self._offsets[row] : self._offsets[row + 1]]).decode(),
            threat=string("threat"),
            source=string("source"),
            reference=Reference(document, positive("page"), positive("row"), table=positive("table"))
            if document
            else None,
            valid_from=_time(self._times[2 * row]),
            valid_until=_time(self._times[2 * row + 1]),
            confidence=positive("confidence"),
            tlp=string("tlp"),
        )

    def _under(self, keys: Sequence[int]) -> tuple[Indicator, ...]:
        found: dict[tuple[IndicatorType, str], Indicator] = {}
        for key in keys:
            place = bisect_left(self._keys, key)
            while place < len(self._keys) and self._keys[place] == key:
                item = self.indicator(self._rows[place])
                known = found.get((item.type, item.value))
                found[item.type, item.value] = merge(known, item) if known else item
                place += 1
        return tuple(found.values())

    def by_names(self, names: Sequence[str]) -> tuple[Indicator, ...]:
        """Return the domains, and the URLs on these hosts, listed under exactly these names."""
        return tuple(
            item
            for item in self._under([hash_name(name.encode()) for name in names])
            if item.type in (IndicatorType.DOMAIN, IndicatorType.URL)
        )

    def by_mailbox(self, name: str) -> tuple[Indicator, ...]:
        """Return the listed e-mail addresses of exactly this domain."""
        items = self._under([hash_name(name.encode())])
        return tuple(item for item in items if item.type is IndicatorType.EMAIL)

    def by_file_name(self, name: str) -> tuple[Indicator, ...]:
        """Return the listed name of a file, in canonical form."""
        items = self._under([hash_name(searched_part(name).encode())])
        return tuple(item for item in items if item.type is IndicatorType.FILE_NAME and item.value == name)

    def by_digest(self, digest: str) -> tuple[Indicator, ...]:
        """Return the listed digest or fingerprint with this lower-case value."""
        return tuple(item for item in self._under([hash_name(digest.encode())]) if item.value == digest)

    def by_address(self, address: str) -> tuple[Indicator, ...]:
        """Return the addresses, networks and URLs that contain the address; empty for other text."""
        try:
            parsed = ip_address(address)
        except ValueError:
            return ()
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        number = int(parsed)
        if isinstance(parsed, IPv4Address):
            prefixes = ((number >> (32 - length) << (32 - length), length) for length in self._ipv4_lengths)
            return self._under([hash_network(_IPV4_HIGH, value, length) for value, length in prefixes])
        prefixes = ((number >> (128 - length) << (128 - length), length) for length in self._lengths)
        halves = ((value >> 64, value & _IPV4_HIGH, length) for value, length in prefixes)
        return self._under([hash_network(*half) for half in halves])

    def is_sound(self) -> bool:
        """Return whether the set's first hash or domain is found under the key that this module computes."""
        for place in range(min(len(self._keys), 1000)):
            item = self.indicator(self._rows[place])
            if item.type not in (IndicatorType.DOMAIN, *FORMS) or "xn--" in item.value:
                continue
            return bool(hash_name(item.value.encode()) == self._keys[place])
        return True


def plain_set(paths: Sequence[str]) -> PlainSet | None:
    """Load the compiled set of these lists from the cache; None if it is missing or unsuitable."""
    if sys.byteorder != "little":
        return None
    folder = set_folder(expand(list(paths)))
    if folder is None or not folder.is_dir():
        return None
    try:
        found = PlainSet(folder)
        if not found.is_sound():
            return None
        os.utime(folder)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
    return found


def _described(folder: Path) -> tuple[list[str], list[int]]:
    """Read the strings and lengths of `set.json`, skipping the long summary after them."""
    text = (folder / "set.json").read_text(encoding="utf-8")
    start = '{"set": '
    if not text.startswith(start):
        raise ValueError("the cache holds something else")
    saved, _ = json.JSONDecoder().raw_decode(text, len(start))
    return list(saved["strings"]), [int(length) for length in saved["ipv4_lengths"]]


def _mapped(path: Path, kind: str) -> memoryview[int]:
    """Map the numbers of an array file, row by row."""
    array = mapped(path)
    if array.kind != kind:
        raise ValueError("the cache holds something else")
    numbers = memoryview(array.memory)[array.begin :].cast(_CODES[kind])
    if len(numbers) != prod(array.shape):
        raise ValueError("the cache holds something else")
    return numbers


def _time(seconds: int) -> Any:
    from datetime import UTC, datetime

    return None if seconds == _NO_TIME else datetime.fromtimestamp(seconds, UTC)
