"""The campaign's lists as an index on disk: a million indicators in little memory, fast to open.

A SQLite file in a private temporary folder: `value, type -> threat, source, document, row`. Workers open it
read-only. Values that have expired in all their lists are not searched, but count in the digest, which
identifies the list.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from lamsach.errors import InputError
from lamsach.indicators.files.source import expand
from lamsach.indicators.lists import read_list
from lamsach.indicators.values.exceptions import covering
from lamsach.model import Indicator, IndicatorType, Problem, Refusal
from lamsach.model.indicator_types import DIGESTS, STATED_ONLY
from lamsach.scanner.findings import Skip

_ZERO_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 1 << 20)
_TEXTS = (
    b"",
    b"\n",
    b"\r\n",
    b"\n\n",
    b" ",
    b"\t",
    b"0",
    b"0\n",
    b"1",
    b"1\n",
    b"{}",
    b"{}\n",
    b"[]",
    b"[]\n",
    b"null",
    b"true",
    b"false",
    b"OK",
    b"OK\n",
    b"ok",
    b"ok\n",
    b"test",
    b"test\n",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf\r\n",
    b"#!/bin/sh\n",
    b"#!/bin/bash\n",
    b"<html></html>",
    b"<html></html>\n",
    b"<!DOCTYPE html>\n",
    b'<?xml version="1.0" encoding="UTF-8"?>\n',
    b"PK\x05\x06" + b"\0" * 18,
    b"[ZoneTransfer]\r\nZoneId=3\r\n",
    b"import pkg_resources\n",
    b"pip\n",
)
_PICTURES = (
    "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7",
    "R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==",
    "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=",
    "R0lGODlhAQABAJAAAP8AAAAAACH5BAUQAAAALAAAAAABAAEAAAICBAEAOw==",
)


@cache
def _hashes() -> frozenset[str]:
    contents = [*_TEXTS, *(b"\0" * size for size in _ZERO_SIZES), *(b"\xff" * size for size in _ZERO_SIZES)]
    contents += [base64.b64decode(text) for text in _PICTURES]
    return frozenset(
        digest(content, usedforsecurity=False).hexdigest()
        for content in contents
        for digest in (hashlib.sha256, hashlib.sha1, hashlib.md5)
    )


def common_file(value: str) -> bool:
    """Return whether a lower-case SHA-256, SHA-1 or MD5 is that of a file found on every machine."""
    return value in _hashes()


_SCHEMA = (
    "CREATE TABLE entry (value TEXT, type TEXT, threat TEXT, source TEXT, place TEXT, ends "
    "INTEGER, PRIMARY KEY (value, type)) WITHOUT ROWID"
)
_INSERT = (
    "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET ends = max(ends, excluded.ends)"
)
_NEVER = 1 << 62
_EXPIRED_MAX = 200
_REFUSED_MAX = 1000


@dataclass(frozen=True, slots=True)
class Hit:
    """A listed value that covers a value of the machine. `place` is its position in the list."""

    type: IndicatorType
    value: str
    threat: str
    place: str


class Index:
    """Lookups of values. `hash_types` are the kinds of hash in the list, in the order of the model."""

    def __init__(self, path: str) -> None:
        self._path = path
        uri = f"{Path(path).as_uri()}?mode=ro&immutable=1"
        self._base = sqlite3.connect(uri, uri=True, check_same_thread=False)
        counted = dict(self._base.execute("SELECT type, count(*) FROM entry GROUP BY type"))
        self.by_type = {IndicatorType(kind): int(count) for kind, count in counted.items()}
        self.count = sum(self.by_type.values())
        self.hash_types = tuple(kind for kind in DIGESTS if kind in self.by_type)
        self._kinds = frozenset(self.by_type)

    def exact(self, kind: IndicatorType, value: str) -> Hit | None:
        """Return the entry of exactly this type and canonical value."""
        if kind not in self._kinds:
            return None
        row = self._base.execute(
            "SELECT threat, place FROM entry WHERE value = ? AND type = ?", (value, kind.value)
        ).fetchone()
        return Hit(kind, value, row[0], row[1]) if row else None

    def covering(self, kind: IndicatorType, value: str) -> Hit | None:
        """Return the nearest entry covering a value: itself, a parent domain, a network, a URL above it."""
        if not self._kinds:
            return None
        for above, text in covering(kind, value):
            if above in self._kinds and (hit := self.exact(above, text)):
                return hit
        return None

    def close(self) -> None:
        """Close the file."""
        self._base.close()


@dataclass(slots=True)
class LoadedIndex:
    """An index with its inputs and refusals. `close` removes its file.

    `count`: searched values; `expired`: number of expired values, `over` the first of them.
    """

    path: str
    count: int
    expired: int
    over: tuple[Skip, ...]
    documents: tuple[str, ...]
    digest: str
    refused: tuple[Skip, ...]
    problems: tuple[Problem, ...]

    def close(self) -> None:
        """Remove the file."""
        shutil.rmtree(Path(self.path).parent, ignore_errors=True)


def build_index(lists: Sequence[str], now: datetime | None = None) -> LoadedIndex:
    """Read lists of any supported format into an index.

    Hashes of empty and common files are refused (`common_file`), values expired at `now` omitted. Raises
    InputError when lists were given and none has a usable value.
    """
    folder = tempfile.mkdtemp(prefix="lamsach-list-")
    path = str(Path(folder) / "list.db")
    problems: list[Problem] = []
    refused: list[Skip] = []
    try:
        documents = expand(list(lists))
        base = sqlite3.connect(path, isolation_level=None)
        base.execute("PRAGMA journal_mode = OFF")
        base.execute("PRAGMA synchronous = OFF")
        base.execute(_SCHEMA)
        base.execute("BEGIN")
        rows = _rows(documents, problems, refused)
        base.executemany(_INSERT, rows)
        base.execute("COMMIT")
        digest = _digest(base.execute("SELECT type, value FROM entry ORDER BY value, type"))
        expired, over = _delete_expired(base, int((now or datetime.now(UTC)).timestamp()))
        count = int(base.execute("SELECT count(*) FROM entry").fetchone()[0])
        base.close()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if lists and not count:
        shutil.rmtree(folder, ignore_errors=True)
        none = "Every value of the list is past its end." if expired else "The list holds no usable value."
        first = problems[0] if problems else Problem(", ".join(documents), none)
        raise InputError(first.what, first.where, first.todo or _todo(expired))
    return LoadedIndex(path, count, expired, over, tuple(documents), digest, tuple(refused), tuple(problems))


def _todo(expired: int) -> str:
    return (
        "Fetch the newest list, and check the clock of this computer."
        if expired
        else "Give a list of addresses, names or hashes."
    )


def _delete_expired(base: sqlite3.Connection, now: int) -> tuple[int, tuple[Skip, ...]]:
    """Delete expired values; return their number, and the first of them."""
    first = base.execute(
        "SELECT value FROM entry WHERE ends <= ? ORDER BY value, type LIMIT ?", (now, _EXPIRED_MAX)
    )
    over = tuple(Skip(value, "expired") for (value,) in first)
    return base.execute("DELETE FROM entry WHERE ends <= ?", (now,)).rowcount, over


def _rows(
    documents: Iterable[str], problems: list[Problem], refused: list[Skip]
) -> Iterator[tuple[str, str, str, str, str, int]]:
    for document in documents:
        for item in read_list(document, problems.append):
            if isinstance(item, Refusal):
                if len(refused) < _REFUSED_MAX:
                    refused.append(Skip(item.value, item.reason))
            elif item.type in STATED_ONLY:
                if len(refused) < _REFUSED_MAX:
                    refused.append(Skip(item.value, "no_trace"))
            elif item.type in DIGESTS and common_file(item.value):
                refused.append(Skip(item.value, "common_hash"))
            else:
                ends = _NEVER if item.valid_until is None else int(item.valid_until.timestamp())
                yield item.value, item.type.value, item.threat or "", item.source or "", _place(item), ends


def _place(item: Indicator) -> str:
    where = item.reference
    if where is None:
        return ""
    parts = [os.path.basename(where.document)]  # noqa: PTH119 - a document may be a URL
    parts += [str(part) for part in (where.page, where.row) if part is not None]
    return ":".join(parts)


def _digest(rows: Iterable[tuple[str, str]]) -> str:
    digest = hashlib.sha256()
    for kind, value in rows:
        digest.update(f"{kind}:{value}\n".encode())
    return digest.hexdigest()
