"""Members of tar archives (POSIX.1-2017 pax, GNU and old formats), plain or compressed, read in place.

A compressed archive can only be read forward, so its members share one reader: read in order, the archive is
decompressed once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lamsach.errors import LimitError, UnreadableError
from lamsach.logs.opening.limits import Limits, archive_cut_short
from lamsach.logs.opening.places import Member
from lamsach.logs.opening.sources import ByteSource, Opener, read_up_to

_PREFIX_BYTES = 1 << 19
_PREFIXES_KEPT = 32


class ForwardReader:
    """Reader of the archive's bytes at any offset, restarting only when necessary."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._lock = threading.Lock()
        self._idle: tuple[ByteSource, int] | None = None
        self.prefixes: list[MemberState] = []

    def borrow(self, offset: int) -> tuple[ByteSource, int]:
        """Return a reader and its position, at or before the offset."""
        with self._lock:
            idle, self._idle = self._idle, None
        if idle is not None:
            if idle[1] <= offset:
                return idle
            idle[0].close()
        return self._opener(), 0

    def give_back(self, source: ByteSource, at: int) -> None:
        """Store the reader for the next member."""
        with self._lock:
            older, self._idle = self._idle, (source, at)
        if older is not None:
            older[0].close()

    def close(self) -> None:
        """Close the idle reader."""
        with self._lock:
            idle, self._idle = self._idle, None
        if idle is not None:
            idle[0].close()


@dataclass
class MemberState:
    """A member's location and cached first bytes, which save another pass for detection."""

    offset: int
    size: int
    scale: float
    prefix: bytes = b""


class MemberSource:
    """The bytes of one member of a compressed archive."""

    def __init__(self, archive: ForwardReader, state: MemberState, name: str) -> None:
        self.name = name
        self._archive = archive
        self._state = state
        self._done = 0
        self._reader: tuple[ByteSource, int] | None = None

    @property
    def position(self) -> int:
        """The member's share of the archive's bytes on disk."""
        return int(self._done * self._state.scale)

    def readinto(self, view: memoryview) -> int:
        """See ByteSource."""
        state = self._state
        view = view[: state.size - self._done]
        if not len(view):
            return 0
        prefix = state.prefix
        if self._done < len(prefix):
            count = min(len(view), len(prefix) - self._done)
            view[:count] = prefix[self._done : self._done + count]
        else:
            count = self._forward(view)
            if self._done == len(prefix) < _PREFIX_BYTES:
                self._remember(view[:count])
        self._done += count
        return count

    def _remember(self, data: memoryview) -> None:
        state, cached = self._state, self._archive.prefixes
        if state not in cached:
            cached.append(state)
            if len(cached) > _PREFIXES_KEPT:
                cached.pop(0).prefix = b""
        state.prefix += bytes(data[: _PREFIX_BYTES - len(state.prefix)])

    def _forward(self, view: memoryview) -> int:
        wanted = self._state.offset + self._done
        if self._reader is None:
            self._reader = self._archive.borrow(wanted)
        source, at = self._reader
        self._reader = (source, skip_to(source, at, wanted))
        count = source.readinto(view)
        if count == 0:
            raise archive_cut_short(self.name)
        self._reader = (source, wanted + count)
        return count

    def close(self) -> None:
        """See ByteSource."""
        if self._reader is not None:
            self._archive.give_back(*self._reader)
            self._reader = None


def skip_to(source: ByteSource, at: int, wanted: int) -> int:
    """Read forward to an offset and return it. Raises UnreadableError at the archive's end."""
    buffer = memoryview(bytearray(min(max(wanted - at, 0), 1 << 18)))
    while at < wanted:
        count = source.readinto(buffer[: wanted - at])
        if count == 0:
            raise archive_cut_short(source.name)
        at += count
    return wanted


BLOCK_BYTES = 512
_LARGEST_HEADER_BYTES = 1 << 20
_SCALE_KNOWN_BYTES = 1 << 20
_REGULAR = (b"0", b"\0", b"7")
_FOLDER = b"5"


def is_tar(head: bytes) -> bool:
    """Return whether a file with this beginning is a tar archive, by its first header's checksum."""
    return len(head) >= BLOCK_BYTES and head[:1] != b"\0" and _checksum_right(head[:BLOCK_BYTES])


def _checksum_right(header: bytes) -> bool:
    stated = _number(header[148:156])
    return stated is not None and stated == sum(header[:148]) + 8 * 32 + sum(header[156:])


def _number(text: bytes) -> int | None:
    """Parse octal digits, or GNU's base 256 for larger numbers."""
    if text[:1] == b"\x80":
        return int.from_bytes(text[1:], "big")
    try:
        return int(text.strip(b" \0") or b"0", 8)
    except ValueError:
        return None


class _Headers:
    """Parser of an archive's consecutive headers; `read` returns bytes at an offset.

    Empty blocks are padding: another archive may follow (`cat a.tar b.tar`)."""

    def __init__(self, read: Callable[[int, int], bytes], name: str, size_bytes: int | None) -> None:
        self._read = read
        self._name = name
        self._size = size_bytes
        self._padded = False
        self.offset = 0

    def next(self) -> tuple[str, bytes, int, int, float | None] | None:
        """Return name, type, data offset, size and time (seconds) of the next member; None at the end."""
        stated: dict[str, bytes] = {}
        while True:
            if self._padded and self._size is not None and self.offset >= self._size:
                return None
            header = self._read(self.offset, BLOCK_BYTES)
            if not header:
                return None
            if header == bytes(BLOCK_BYTES):
                self.offset += BLOCK_BYTES
                self._padded = True
                continue
            size = (
                _number(header[124:136]) if len(header) == BLOCK_BYTES and _checksum_right(header) else None
            )
            if size is None:
                raise self._damaged()
            kind, data = header[156:157], self.offset + BLOCK_BYTES
            if kind in b"xgLK" and kind:
                self._extension(kind, data, size, stated)
                self.offset = data + _padded(size)
                continue
            size = _stated_size(stated, size)
            self.offset = data + _padded(size)
            name = stated.get("path") or _ustar_name(header)
            time = _stated_time(stated.get("mtime")) or _number(header[136:148])
            return name.decode("utf-8", "replace"), kind, data, size, time

    def _extension(self, kind: bytes, data: int, size: int, stated: dict[str, bytes]) -> None:
        if size > _LARGEST_HEADER_BYTES:
            raise LimitError(
                "A header of the archive is larger than the limit allows.", self._name, "Unpack it first."
            )
        text = self._read(data, size)
        if kind == b"L":
            stated["path"] = text.rstrip(b"\0")
        elif kind == b"x":
            stated.update(_pax(text))

    def _damaged(self) -> UnreadableError:
        return UnreadableError(
            "The archive is damaged; what came before the damage was read.",
            self._name,
            "Copy the file again from where it came.",
        )


def _padded(size: int) -> int:
    return (size + BLOCK_BYTES - 1) // BLOCK_BYTES * BLOCK_BYTES


def _pax(text: bytes) -> dict[str, bytes]:
    r"""Parse records `length key=value\n` (POSIX.1-2017, pax, "Extended header")."""
    found: dict[str, bytes] = {}
    position = 0
    while position < len(text):
        space = text.find(b" ", position, position + 20)
        length = text[position:space]
        if space < 0 or not length.isdigit() or int(length) <= space - position:
            break
        key, _, value = text[space + 1 : position + int(length) - 1].partition(b"=")
        found[key.decode("utf-8", "replace")] = value
        position += int(length)
    return found


def _stated_size(stated: dict[str, bytes], size: int) -> int:
    text = stated.get("size", b"")
    return int(text) if text.isdigit() and len(text) < 20 else size


def _stated_time(text: bytes | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _ustar_name(header: bytes) -> bytes:
    name = header[:100].split(b"\0", 1)[0]
    prefix = header[345:500].split(b"\0", 1)[0] if header[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _time(seconds: float | None, otherwise: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else otherwise
    except (ValueError, OverflowError, OSError):
        return otherwise


@dataclass
class TarArchive:
    """An archive to list.

    `part` returns bytes of a plain archive of `size_bytes` by offset and length; None if it can only be read
    forward.
    `opener` opens its decompressed bytes."""

    name: str
    modified: datetime
    opener: Opener
    limits: Limits
    part: Callable[[str, int, int], ByteSource] | None = None
    size_bytes: int = 0
    _forward: ForwardReader = field(init=False)

    def __post_init__(self) -> None:
        self._forward = ForwardReader(self.opener)

    def members(self, member_name: Callable[[str], str]) -> Iterator[Member]:
        """Yield the files in the archive's order.

        Raises UnreadableError at damage, LimitError at too many members."""
        headers = _Headers(self._read, self.name, None if self.part is None else self.size_bytes)
        count = 0
        while found := headers.next():
            name, kind, data, size, seconds = found
            count += 1
            self.limits.check_members(count, self.name)
            if kind == _FOLDER or name.endswith("/"):
                continue
            shown = member_name(name)
            modified = _time(seconds, self.modified)
            if kind not in _REGULAR:
                trouble = UnreadableError("A link or device inside an archive was skipped.", shown)
                yield Member(shown, 0, modified, self.opener, trouble)
                continue
            opener, on_disk = self._member(shown, data, size)
            yield Member(shown, on_disk, modified, opener)

    def _member(self, name: str, data: int, size: int) -> tuple[Opener, int]:
        part = self.part
        if part is not None:
            return (lambda: part(name, data, size)), size
        state = MemberState(data, size, self._scale)
        return (lambda: MemberSource(self._forward, state, name)), int(size * state.scale)

    _scale: float = field(init=False, default=0.1)  # until measured on the first bytes

    def _read(self, offset: int, size: int) -> bytes:
        """Return bytes at an offset, fewer only at the end of the archive."""
        if self.part is not None:
            with closing(self.part(self.name, offset, size)) as part:
                return read_up_to(part, size)
        source, at = self._forward.borrow(offset)
        try:
            at = skip_to(source, at, offset)
            data = read_up_to(source, size)
        except UnreadableError:
            source.close()
            raise
        at += len(data)
        if at > _SCALE_KNOWN_BYTES:
            self._scale = source.position / at
        self._forward.give_back(source, at)
        return data
