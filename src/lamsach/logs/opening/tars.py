"""Members of tar archives (POSIX.1-2017 pax, GNU and old formats), plain or compressed, read in place.

A compressed archive can only be read forward, so its members share one reader: taken in the archive's order,
as they are found, the archive is decompressed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lamsach.errors import LimitError, UnreadableError
from lamsach.logs.opening.forward import Forward, MemberSource, MemberState, skip_to
from lamsach.logs.opening.limits import Limits
from lamsach.logs.opening.sources import ByteSource, Opener

BLOCK_BYTES = 512
_LARGEST_HEADER_BYTES = 1 << 20
_SCALE_KNOWN_BYTES = 1 << 20
_REGULAR = (b"0", b"\0", b"7")
_FOLDER = b"5"


def is_tar(head: bytes) -> bool:
    """Return whether a file that begins so is a tar archive: its first header's checksum is right."""
    return len(head) >= BLOCK_BYTES and head[:1] != b"\0" and _checksum_right(head[:BLOCK_BYTES])


def _checksum_right(header: bytes) -> bool:
    stated = _number(header[148:156])
    return stated is not None and stated == sum(header[:148]) + 8 * 32 + sum(header[156:])


def _number(text: bytes) -> int | None:
    """Octal digits, or GNU's base 256 for what does not fit."""
    if text[:1] == b"\x80":
        return int.from_bytes(text[1:], "big")
    try:
        return int(text.strip(b" \0") or b"0", 8)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class TarMember:
    """One file in an archive. `problem` says why it cannot be read."""

    name: str
    size_bytes: int
    modified: datetime
    open: Opener
    problem: UnreadableError | None = None


class _Headers:
    """Reads an archive's headers one after the other; `read` gives bytes at an offset."""

    def __init__(self, read: Callable[[int, int], bytes], name: str) -> None:
        self._read = read
        self._name = name
        self.offset = 0

    def next(self) -> tuple[str, bytes, int, int, float | None] | None:
        """Name, type, offset of the data, size and time (seconds) of the next member; None at the end."""
        stated: dict[str, bytes] = {}
        while True:
            header = self._read(self.offset, BLOCK_BYTES)
            if not header or header == bytes(BLOCK_BYTES):
                return None
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
    """Records `length key=value\\n` (POSIX.1-2017, pax, "Extended header")."""
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
    """An archive to list. `part` gives bytes of a plain one by offset and length; None for one that can only
    be read forward.

    `opener` opens its decompressed bytes from the start."""

    name: str
    modified: datetime
    opener: Opener
    limits: Limits
    part: Callable[[str, int, int], ByteSource] | None = None
    _forward: Forward = field(init=False)

    def __post_init__(self) -> None:
        self._forward = Forward(self.opener)

    def members(self, member_name: Callable[[str], str]) -> Iterator[TarMember]:
        """The files, in the archive's order.

        Raises UnreadableError at damage, LimitError at too many members."""
        headers = _Headers(self._read, self.name)
        count = 0
        while found := headers.next():
            name, kind, data, size, seconds = found
            count += 1
            if count > self.limits.max_members:
                raise LimitError(
                    "The archive has more members than the limit allows.",
                    self.name,
                    "Unpack it and give the folder.",
                )
            if kind == _FOLDER or name.endswith("/"):
                continue
            shown = member_name(name)
            modified = _time(seconds, self.modified)
            if kind not in _REGULAR:
                trouble = UnreadableError("A link or device inside an archive was skipped.", shown)
                yield TarMember(shown, 0, modified, self.opener, trouble)
                continue
            opener, on_disk = self._member(shown, data, size)
            yield TarMember(shown, on_disk, modified, opener)

    def _member(self, name: str, data: int, size: int) -> tuple[Opener, int]:
        part = self.part
        if part is not None:
            return (lambda: part(name, data, size)), size
        state = MemberState(data, size, self._scale)
        return (lambda: MemberSource(self._forward, state, name)), int(size * state.scale)

    _scale: float = field(init=False, default=0.1)  # until some of the archive has been seen

    def _read(self, offset: int, size: int) -> bytes:
        """So many bytes at the offset; fewer only at the end of the archive, none when it ends before."""
        data = bytearray()
        buffer = memoryview(bytearray(size))
        if self.part is not None:
            return self._read_part(offset, size)
        source, at = self._forward.borrow(offset)
        try:
            at = skip_to(source, at, offset)
            while len(data) < size and (count := source.readinto(buffer[: size - len(data)])):
                data += buffer[:count]
                at += count
        except UnreadableError:
            source.close()
            raise
        if at > _SCALE_KNOWN_BYTES:
            self._scale = source.position / at
        self._forward.give_back(source, at)
        return bytes(data)

    def _read_part(self, offset: int, size: int) -> bytes:
        assert self.part is not None
        source = self.part(self.name, offset, size)
        data = bytearray()
        buffer = memoryview(bytearray(size))
        try:
            while len(data) < size and (count := source.readinto(buffer[: size - len(data)])):
                data += buffer[:count]
        finally:
            source.close()
        return bytes(data)
