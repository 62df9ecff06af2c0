"""Lines of `key=value key="value"` in columns, where they have the same keys in the same order: a shape, which is told by the line without its values."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.bulk.columns import cells, cut, holds

if TYPE_CHECKING:
    import pyarrow as pa

Keys = Sequence[tuple[str, bool]]
"""The keys of a shape in their order, and of each whether its value is quoted."""
# date=2024-03-06 time=22:06:03 devname="FG 1" -> date= time= devname="
_QUOTED, _BARE = re.compile(rb'="[^"\n]*"'), re.compile(rb'=[^" \n]+')
_TOKEN = re.compile(r'([A-Za-z_][\w.-]*)=("?)', re.ASCII)
_MOST_KEYS = 200
_KIND = re.compile(rb' log_?id="?(\d+)')


class Mixed(Exception):  # noqa: N818 - no error: the lines are put together otherwise
    """Some lines have other keys than the first."""


def skeleton(line: bytes) -> bytes:
    """The line without its values."""
    return _BARE.sub(b"=", _QUOTED.sub(b'="', line))


def keys_of(shape: bytes) -> Keys | None:
    """The keys of a skeleton; None when it holds anything else, a key twice, or very many."""
    if shape.count(b" ") > _MOST_KEYS:
        return None
    tokens = [_TOKEN.fullmatch(token) for token in shape.decode().split(" ")]
    keys = [(token[1], bool(token[2])) for token in tokens if token]
    return keys if len(keys) == len(tokens) == len({key for key, _ in keys}) else None


def likely_groups(lines: Sequence[bytes | None], alone: list[int]) -> list[list[int]]:
    """Lines (by their numbers from 0) that may well have one shape, by what is told cheaply; those with escapes come to `alone`."""
    groups: dict[object, list[int]] = {}
    for at, line in enumerate(lines):
        if line is None or b"\\" in line or b"\t" in line:
            alone.append(at)
        else:
            kind = _KIND.search(line)
            groups.setdefault((kind and kind[0], line.count(b'="')), []).append(at)
    return list(groups.values())


class PairRows:
    """Reads lines of one shape: `wanted` of its keys."""

    def __init__(self, keys: Keys, wanted: Collection[str]) -> None:
        self._columns: list[str] = []
        for key, quoted in keys:
            self._columns += [f"{key}=", key] if quoted else [key]
        self._bare = [key for key, quoted in keys if not quoted]
        self._quoted = [key for key, quoted in keys if quoted]
        self._wanted = wanted
        told = {*self._bare, *wanted}
        self._read = [name for name in self._columns if name[-1] == "=" or name in told]

    def row(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """The values of so many lines by their keys. Raises Mixed, or pyarrow.ArrowInvalid, when they do not all have this shape."""
        import pyarrow as pa
        import pyarrow.compute as pc

        quoted = data.replace(b'="', b'= "')
        row = cells(quoted, self._columns, " ", dict.fromkeys(self._read, pa.string()), quotes=True)
        same = [pc.equal(row[f"{key}="], f"{key}=") for key in self._quoted]
        same += [pc.starts_with(row[key], f"{key}=") for key in self._bare]
        if not same or len(same[0]) != count or not all(pc.all(one).as_py() for one in same):
            raise Mixed
        if any(holds(row[key], b",") or not _is_ascii(row[key]) for key in self._bare):
            raise Mixed  # either may part values as a space does
        for key in self._bare:
            if key in self._wanted:
                row[key] = cut(row[key], len(key) + 1)
        return {key: row[key] for key in self._wanted if key in row}


def _is_ascii(column: pa.Array) -> bool:
    texts = column.buffers()[2]
    return texts is None or texts.to_pybytes().isascii()
