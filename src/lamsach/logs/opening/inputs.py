"""Log files in inputs: files, folders, patterns, archives, standard input, URLs.

Nothing is unpacked to disk. An unreadable input is reported once, and the others continue.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from types import TracebackType

from lamsach.errors import InputError, LimitError, UnreadableError
from lamsach.logs.formats import binary_format_of
from lamsach.logs.opening import tars
from lamsach.logs.opening.encodings import BINARY, SNIFF_BYTES, bom_bytes, encoding_of
from lamsach.logs.opening.limits import DEFAULT_LIMITS, Limits
from lamsach.logs.opening.peeked import PeekedSource, decompressed
from lamsach.logs.opening.places import Member, OnProblem, Place, find_places, in_memory, problem
from lamsach.logs.opening.signatures import ZIP_MAGICS
from lamsach.logs.opening.sources import ByteSource, Opener

HEAD_BYTES = 262_144
"""Bytes of a file that detection uses."""
_MOST_HEADS = 64


class LogStream:
    """A log's decompressed bytes, text in UTF-8; for one thread at a time."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self.readinto: Callable[[memoryview], int] = source.readinto
        """Read bytes into the view and return their number; 0 only at the end.

        A damaged input gives everything readable, then raises UnreadableError or LimitError. The heavy work
        releases the interpreter lock."""

    @property
    def position(self) -> int:
        """Bytes of the input on disk consumed so far, for progress."""
        return self._source.position

    def close(self) -> None:
        """Release resources; may be called twice."""
        self._source.close()

    def __enter__(self) -> LogStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class LogFile:
    """One log, which can be opened any number of times (standard input: once).

    `name` is the path as given, `archive.zip!inner/name.log` for a member. `size_bytes` is its size on disk,
    compressed; for a member of a compressed tar its share of the archive. `modified` is in UTC."""

    _recent: deque[LogFile] = deque()
    _recent_lock = threading.Lock()

    def __init__(
        self, name: str, size_bytes: int, modified: datetime, opener: Opener, *, once: bool = False
    ) -> None:
        self.name = name
        self.size_bytes = size_bytes
        self.modified = modified
        self._opener = opener
        self._encoding: str | None = None
        self._head: bytes | None = None
        self._once = once
        self.detected: object = None
        """Cached result of `reading.detection_for`."""
        self._only: PeekedSource | None = None
        self._opened = False

    @property
    def encoding(self) -> str:
        """Encoding of the bytes; see `encodings.encoding_of`; `binary` for a binary format.

        Raises as `head` does."""
        if self._encoding is None:
            self.head()
        return self._encoding or ""

    def head(self, size: int = HEAD_BYTES) -> bytes:
        """Return the first bytes, text in UTF-8; fewer than `size` only for a short file.

        Raises UnreadableError or LimitError when nothing can be read."""
        head = self._head
        if head is None or len(head) < size:
            head = self._read_head(max(size, HEAD_BYTES))
            self._head = head
            self._limit_heads()
        return head[:size]

    def _limit_heads(self) -> None:
        """Cache the heads of the last few files only, so that large folders do not fill the memory."""
        with LogFile._recent_lock:
            LogFile._recent.append(self)
            if len(LogFile._recent) > _MOST_HEADS:
                LogFile._recent.popleft()._head = None

    def _read_head(self, size: int) -> bytes:
        if self._once:
            return self._only_source().peek(size)
        source = PeekedSource(self._decoded())
        try:
            return source.peek(size)
        finally:
            source.close()

    def open(self) -> LogStream:
        """Open the whole log. Raises UnreadableError, or LimitError when it exceeds a limit."""
        if not self._once:
            return self._stream(self._decoded())
        if self._opened:
            raise UnreadableError(
                "Standard input can be read only once.", self.name, "Save it to a file and give the file."
            )
        source = self._only_source()
        self._opened = True
        return self._stream(source)

    def _stream(self, source: ByteSource) -> LogStream:
        if self._encoding in (None, BINARY):
            return LogStream(source)
        from lamsach.logs.opening.transcoder import OneEncoding  # imports numpy

        return LogStream(OneEncoding(source))

    def _only_source(self) -> PeekedSource:
        if self._only is None:
            self._only = PeekedSource(self._decoded())
        return self._only

    def _decoded(self) -> ByteSource:
        source = self._opener()
        peeked = source if isinstance(source, PeekedSource) else PeekedSource(source)
        try:
            sniffed = peeked.peek(SNIFF_BYTES)
        except InputError:
            peeked.close()
            raise
        encoding = BINARY if binary_format_of(sniffed) else encoding_of(sniffed)
        self._encoding = encoding
        peeked.skip(bom_bytes(sniffed, encoding))
        if not encoding.startswith(("utf-16", "utf-32")):
            return peeked
        from lamsach.logs.opening.transcoder import Transcoder  # imports numpy

        return Transcoder(peeked, encoding)


class _Expander:
    """Finds the logs inside inputs."""

    def __init__(self, limits: Limits, password: bytes | None, on_problem: OnProblem) -> None:
        self.limits = limits
        self.password = password
        self.on_problem = on_problem

    def logs(self, place: Place, depth: int = 0) -> Iterator[LogFile]:
        """Yield the logs of one input."""
        try:
            if place.once:
                yield from self._once(place)
            else:
                yield from self._input(
                    place.name, place.size_bytes, place.modified, lambda: place.part(place.name), depth, place
                )
        except (UnreadableError, LimitError) as error:
            self.on_problem(problem(error))

    def _once(self, place: Place) -> Iterator[LogFile]:
        source = decompressed(place.part(place.name), self.limits)
        head = source.peek(tars.BLOCK_BYTES)
        if head[:4] in ZIP_MAGICS or tars.is_tar(head):
            raise UnreadableError(
                "An archive cannot be read from standard input.",
                place.name,
                "Save it to a file and give the file.",
            )
        yield LogFile(place.name, 0, place.modified, lambda: source, once=True)

    def _input(
        self, name: str, size: int, modified: datetime, opener: Opener, depth: int, place: Place | None
    ) -> Iterator[LogFile]:
        """Yield the logs of one input or member; with `place` its bytes can be read from any offset."""
        source = PeekedSource(opener())
        try:
            first = source.peek(tars.BLOCK_BYTES)
            if first[:4] in ZIP_MAGICS:
                place = place or in_memory(name, self._whole(source), modified)
                head = first
            else:
                source = decompressed(source, self.limits)
                head = source.peek(tars.BLOCK_BYTES)
        finally:
            source.close()
        if head[:4] in ZIP_MAGICS and place is not None:
            yield from self._members(self._zip(place), depth, name)
        elif tars.is_tar(head):
            plain = first == head
            part = place.part if plain and place is not None else None
            archive = tars.TarArchive(
                name, modified, lambda: decompressed(opener(), self.limits), self.limits, part, size
            )
            yield from self._members(archive.members(_member_namer(name)), depth, name)
        else:
            yield LogFile(name, size, modified, lambda: decompressed(opener(), self.limits))

    def _zip(self, place: Place) -> Iterator[Member]:
        from lamsach.logs.opening.zips import zip_members

        return zip_members(place, self.limits, self.password, _member_namer(place.name))

    def _members(self, members: Iterator[Member], depth: int, name: str) -> Iterator[LogFile]:
        if depth >= self.limits.max_depth:
            raise LimitError(
                "There are more archives inside archives than the limit allows.", name, "Unpack it first."
            )
        empty = True
        for member in members:
            empty = False
            try:
                if member.problem is not None:
                    raise member.problem
                yield from self._input(
                    member.name, member.size_bytes, member.modified, member.open, depth + 1, None
                )
            except (UnreadableError, LimitError) as error:
                self.on_problem(problem(error))
        if empty:
            raise UnreadableError("The archive is empty.", name, "Check that everything was packed.")

    def _whole(self, source: PeekedSource) -> bytes:
        """Read a zip inside another archive completely: its directory is at the end."""
        limit = self.limits.max_nested_zip_bytes
        data = bytearray()
        buffer = memoryview(bytearray(1 << 18))
        while count := source.readinto(buffer):
            data += buffer[:count]
            if len(data) > limit:
                raise LimitError(
                    "The archive inside an archive is larger than the limit allows.",
                    source.name,
                    "Unpack it first.",
                )
        return bytes(data)


def _member_namer(archive: str) -> Callable[[str], str]:
    """Return a function for display names of members: relative, without `..` and control characters."""

    def name(member: str) -> str:
        parts = member.replace("\\", "/").split("/")
        shown = [_printable(part) for part in parts if part not in ("", ".", "..")]
        return f"{archive}!{'/'.join(shown) or '?'}"

    return name


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)[:255]


def find_logs(
    paths: Iterable[str],
    *,
    limits: Limits = DEFAULT_LIMITS,
    password: bytes | None = None,
    on_problem: OnProblem = lambda _: None,
) -> Iterator[LogFile]:
    """Yield the logs in files, folders (recursively, sorted), patterns, `-`, URLs and archives.

    Problems go to `on_problem`, once per input, and the others continue. Members of a compressed tar are
    cheapest to read in their order. `password` is for locked zip archives."""
    expander = _Expander(limits, password, on_problem)
    for place in find_places(paths, on_problem):
        yield from expander.logs(place)
