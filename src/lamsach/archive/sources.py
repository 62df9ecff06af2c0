"""Sources of an archive's lines: a file, or a sender of a protocol; with the input of their readers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import partial

import zstandard

from lamsach.archive.store import Store
from lamsach.devices.holder_logs import MarkedLog
from lamsach.errors import UnreadableError
from lamsach.i18n import mark
from lamsach.logs.opening.inputs import HEAD_BYTES, LogFile
from lamsach.logs.opening.sources import ByteSource, HandleSource
from lamsach.logs.reading.detect import Detection, detect

FOLDER = "sources"
UNREAD = "unread"
"""Kind of an input that could not be opened."""
_DAMAGED = mark("The description of a source in the archive is damaged.")


Marked = Callable[[], Iterator[tuple[int, bytes | None]]]


@dataclass(slots=True)
class Source:
    """One stream of lines in the archive.

    `name` goes into events and evidence. `kind`: file, followed, tcp, udp, tls. `size_bytes` and `modified`
    are those of the file. `retention`: class by which its segments expire. `fingerprint` identifies a file
    already archived. `whole`: complete, no lines will be added. `known_format`: some format reads it;
    `format`: its name, if it is a single one. `holders`: may name address holders; `numbers`: lines after its
    head state addresses as numbers. `head`: its beginning, by which the format is detected; `fetch` loads it,
    packed, on demand: there may be tens of thousands of sources.
    """

    key: str
    name: str
    kind: str = "file"
    size_bytes: int = 0
    modified: str = "9999-01-01T00:00:00+00:00"
    retention: str = "default"
    fingerprint: str = ""
    whole: bool = False
    binary: bool = False
    known_format: bool = False
    format: str | None = None
    holders: bool = False
    numbers: bool = False
    problem: list[str] | None = None
    packed_head: bytes = field(default=b"", repr=False)
    fetch: Callable[[], bytes] | None = field(default=None, repr=False, compare=False)

    @property
    def head(self) -> bytes:
        """Beginning of the source. Raises UnreadableError when it is damaged."""
        data = self.stored_head()
        if not data:
            return b""
        try:
            unpacker = zstandard.ZstdDecompressor()
            return unpacker.decompress(data, max_output_size=HEAD_BYTES)
        except zstandard.ZstdError:
            raise UnreadableError(_DAMAGED, self.object_name) from None

    @head.setter
    def head(self, head: bytes) -> None:
        self.packed_head = pack_head(head)

    def stored_head(self) -> bytes:
        """Return the packed beginning. Raises UnreadableError."""
        return self.packed_head or (self.fetch() if self.fetch else b"")

    @property
    def object_name(self) -> str:
        """Name of its description in the archive."""
        return f"{FOLDER}/{self.key}.src"

    @property
    def arrives(self) -> bool:
        """True if its lines were archived while they were written, false for a finished file."""
        return self.kind not in ("file", UNREAD)

    def log_file(
        self, opener: Callable[[], ByteSource] | None = None, marked: Marked | None = None
    ) -> LogFile:
        """Return the source as a log: readable as a whole if `opener` is given, else its head only.

        `marked`: see MarkedLog.
        """
        return _Archived(self, opener, marked)

    def detection(self) -> Detection:
        """Detect the format by its head."""
        return detect(self.head)


class _Archived(MarkedLog):
    """Archived log whose head is known without opening a segment."""

    def __init__(
        self, source: Source, opener: Callable[[], ByteSource] | None, marked: Marked | None
    ) -> None:
        modified = datetime.fromisoformat(source.modified).astimezone(UTC)
        super().__init__(
            source.name,
            source.size_bytes,
            modified,
            opener or (lambda: HandleSource(io.BytesIO(source.head), source.name)),
        )
        self.source = source
        self._marked = marked

    def marked_lines(self) -> Iterator[tuple[int, bytes | None]]:
        """See MarkedLog."""
        return self._marked() if self._marked is not None else super().marked_lines()

    def head(self, size: int = HEAD_BYTES) -> bytes:
        """See LogFile."""
        return self.source.head[:size]


_KNOWN = tuple(entry.name for entry in fields(Source) if entry.name not in ("packed_head", "fetch"))
_FIRST_READ, _FRAME_HEADER = 4096, 18


def pack_head(head: bytes) -> bytes:
    """Pack a head for storage."""
    return zstandard.ZstdCompressor(level=6).compress(head)


def save(store: Store, source: Source) -> None:
    """Write the source's description. Raises OutputError."""
    text = json.dumps({name: getattr(source, name) for name in _KNOWN}, ensure_ascii=False).encode()
    store.write(source.object_name, text + b"\n" + source.stored_head())


def load(store: Store, name: str) -> Source:
    """Read a source's description; its head is loaded on demand. Raises UnreadableError."""
    begin = store.read(name, 0, _FIRST_READ)
    whole = len(begin) < _FIRST_READ
    about, _, head = begin.partition(b"\n")
    if not whole and len(head) < _FRAME_HEADER:
        about, _, head = store.read(name).partition(b"\n")
        whole = True
    try:
        values = {key: value for key, value in json.loads(about).items() if key in _KNOWN}
        if head or values.get("kind") != UNREAD:
            zstandard.get_frame_parameters(head)
        source = Source(**values)
    except (ValueError, TypeError, AttributeError, zstandard.ZstdError):
        raise UnreadableError(_DAMAGED, f"{store.url}/{name}") from None
    if whole:
        source.packed_head = head
    else:
        source.fetch = partial(_head_of, store, name)
    return source


def _head_of(store: Store, name: str) -> bytes:
    return store.read(name).partition(b"\n")[2]
