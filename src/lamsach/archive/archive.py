"""Archive: its settings, its key, the order of its chain, and the writer of segments.

    archive.json              settings, written once
    chain.head                number and digest of the last link, sealed: detects a missing end
    chain.key                 key of the seals (readable by its owner alone); may be stored elsewhere
    sources/KEY.src           origin of lines
    segments/YYYY-MM/N-KEY.zst    lines (see `segment`); N is the place in the chain
    records/N.json            acts on segments: expiry, erasure, repair, holds (see `records`)
    packs/                    joint descriptions and filters of many segments: derived, may be deleted

Every segment and every record names the digest of the one before and is sealed with the key, so that changes,
gaps and exchanges are detected. There is one writer at a time.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from lamsach.archive import filters
from lamsach.archive.keys import KeyMaker, hash_check, padded, states_numbers
from lamsach.archive.segment import FIRST_READ, Description, Head, compress, content_bytes, head_of, pack
from lamsach.archive.store import Store
from lamsach.errors import InputError, OutputError, UnreadableError
from lamsach.hunt.chunks import CHUNK_BYTES
from lamsach.hunt.kernel.layout import PAD
from lamsach.i18n import mark
from lamsach.logs.base import DEFAULT_TIMEZONE
from lamsach.results.atomic import open_own

SEGMENTS, RECORDS, PACKS = "segments", "records", "packs"
_SETTINGS, _KEY, _LOCK = "archive.json", "chain.key", "archive.lock"
_VERSION = 1
HEAD = "chain.head"
KEY_VARIABLE = "LAMSACH_ARCHIVE_KEY"
"""Environment variable that names a file with the key, when it is not in the archive."""
DEFAULT_LEVEL, QUICK_LEVEL = 9, 1
"""Compression levels of zstd: normal, and for lines that arrive faster than they compress."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Place in the chain: the object's name, its number, and the key of the source (empty for a record)."""

    name: str
    sequence: int
    source: str = ""


class Archive:
    """Existing archive, or with `create` a new one.

    `key` replaces the archive's own, for callers that only read lines. Raises UnreadableError.
    """

    def __init__(
        self,
        url: str,
        *,
        create: bool = False,
        zone: ZoneInfo = DEFAULT_TIMEZONE,
        level: int = DEFAULT_LEVEL,
        key: bytes | None = None,
    ) -> None:
        self.store = Store(url)
        if not self.store.has(_SETTINGS):
            if not create:
                raise UnreadableError(
                    "There is no archive.",
                    url,
                    "Give its folder, or fill one with: lamsach collect --archive",
                )
            settings = {
                "version": _VERSION,
                "timezone": zone.key,
                "id": secrets.token_hex(8),
                "level": level,
                "chunk_bytes": CHUNK_BYTES,
            }
            self.store.write(_SETTINGS, json.dumps(settings).encode())
        try:
            self.settings: dict[str, Any] = json.loads(self.store.read(_SETTINGS))
            self.zone = ZoneInfo(self.settings["timezone"])
            version = int(self.settings["version"])
        except (ValueError, KeyError, TypeError):
            raise UnreadableError("The settings of the archive are damaged.", url) from None
        if version > _VERSION:
            raise InputError(
                "The archive was made by a newer version of the program.", url, "Install that version."
            )
        self.key = self._load_key(create=create) if key is None else key

    def _load_key(self, *, create: bool) -> bytes:
        key_file = os.environ.get(KEY_VARIABLE)
        try:
            if key_file:
                return bytes.fromhex(Path(key_file).read_text().strip())
            if create and not self.store.has(_KEY):
                self.store.write(_KEY, secrets.token_hex(32).encode())
            return bytes.fromhex(self.store.read(_KEY).decode().strip())
        except (OSError, ValueError):
            raise UnreadableError("The key of the archive cannot be read.", key_file or _KEY) from None

    @property
    def chunk_bytes(self) -> int:
        """Chunk size of the hunt; part of the settings, so that it never changes."""
        return int(self.settings.get("chunk_bytes", CHUNK_BYTES))

    def entries(self) -> list[Entry]:
        """Return every segment and record, in the order of the chain."""
        found = [_entry(name) for folder in (SEGMENTS, RECORDS) for name in self.store.names(folder)]
        return sorted((entry for entry in found if entry), key=lambda entry: entry.sequence)

    def segments(self) -> list[Entry]:
        """Return every segment, in the order of the chain."""
        found = (_entry(name) for name in self.store.names(SEGMENTS))
        return sorted((entry for entry in found if entry), key=lambda entry: entry.sequence)

    def head(self, entry: Entry) -> Head:
        """Read a segment's description and filter. Raises UnreadableError."""
        data = self.store.read(entry.name, 0, FIRST_READ)
        whole = content_bytes(data, entry.name)
        if whole > len(data):
            data = self.store.read(entry.name, 0, whole)
        return head_of(data, entry.name, self.key)

    def frame(self, entry: Entry, head: Head) -> bytes:
        """Read a segment's zstd frame. Raises UnreadableError."""
        return self.store.read(entry.name, head.frame_offset)


_BUSY = mark("Another program is writing to the archive.")


@contextlib.contextmanager
def writing(archive: Archive) -> Iterator[Writer]:
    """Open the only writer of the archive. Raises OutputError when another program writes to it."""
    lock: IO[bytes] | None = None
    folder = archive.store.folder
    if folder is not None and os.name == "posix":
        import fcntl

        lock = open_own(folder / _LOCK, "ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise OutputError(_BUSY, archive.store.url, "Wait until it has ended.") from None
    try:
        yield Writer(archive)
    finally:
        if lock is not None:
            lock.close()


class Writer:
    """Writer of the chain. See `writing`.

    `lock` is held while a link is added; its holder has exclusive access to the chain.
    """

    def __init__(self, archive: Archive) -> None:
        from lamsach.archive.records import digest_of, originals

        self.archive = archive
        self.lock = threading.RLock()
        self._maker = KeyMaker()
        self._hashes = hash_check()
        self._level = int(archive.settings.get("level", DEFAULT_LEVEL))
        entries = archive.entries()
        self.sequence, self.previous = 0, ""
        if entries:
            last = digest_of(archive, entries[-1])
            self.sequence, self.previous = entries[-1].sequence, originals(archive).get(last, last)

    def describe(self, source: str, begin: int, end: int) -> Description:
        """Return an empty description of the next segment of a source."""
        return Description(
            sequence=self.sequence + 1,
            previous=self.previous,
            source=source,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            lines=0,
            first_line=1,
            begin=begin,
            end=end,
        )

    def add(
        self, description: Description, raw: bytes, *, searchable: bool = True, quick: bool = False
    ) -> str:
        """Write a segment with these lines; returns its object's name. `searchable`: the bytes are text.

        `quick`: compress fast. Raises OutputError.
        """
        with self.lock:
            description.sequence, description.previous = self.sequence + 1, self.previous
            data, digest = self.sealed(description, raw, searchable=searchable, quick=quick)
            name = (
                f"{SEGMENTS}/{description.created[:7]}/{description.sequence:010d}-{description.source}.zst"
            )
            self.archive.store.write(name, data)
            self.set_end(description.sequence, digest)
            return name

    def set_end(self, sequence: int, digest: str) -> None:
        """Set the end of the chain to this segment or record."""
        self.sequence, self.previous = sequence, digest
        content = json.dumps({"sequence": sequence, "digest": digest}).encode()
        seal = hmac.digest(self.archive.key, content, "sha256").hex().encode()
        with contextlib.suppress(OutputError):  # an older mark of the end is allowed
            self.archive.store.write(HEAD, content + b"\n" + seal + b"\n", sync=False)

    def sealed(
        self, description: Description, raw: bytes, *, searchable: bool = True, quick: bool = False
    ) -> tuple[bytes, str]:
        """Return the bytes of a segment and its digest, with the filter of its lines."""
        frame = compress(raw, min(self._level, QUICK_LEVEL) if quick else self._level)
        filter_bytes = b""
        description.filter_count, description.filter_shape = None, []
        if searchable:
            keys = self._maker.keys(padded(raw), PAD, PAD + len(raw))
            if keys is not None and not states_numbers(raw, description.format):
                description.filter_count = int(keys.size)
                description.filter_shape, filter_bytes = filters.build(keys, len(frame))
        description.hashes = self._hashes
        return pack(description, filter_bytes, frame, self.archive.key)

    def record(self, kind: str, **values: Any) -> None:
        """Record an act, as the next link in the chain."""
        from lamsach.archive.records import Record, pack_record

        with self.lock:
            record = Record(
                self.sequence + 1,
                self.previous,
                kind,
                datetime.now(UTC).isoformat(timespec="seconds"),
                values,
            )
            data, digest = pack_record(record, self.archive.key)
            self.archive.store.write(f"{RECORDS}/{record.sequence:010d}.json", data)
            self.set_end(record.sequence, digest)


def _entry(name: str) -> Entry | None:
    stem = name.rpartition("/")[2].partition(".")[0]
    number, _, source = stem.partition("-")
    return Entry(name, int(number), source.partition("-")[0]) if number.isdigit() else None
