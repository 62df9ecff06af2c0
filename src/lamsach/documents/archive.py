"""Zip archives and zipped documents (ECMA-376 part 2, OpenDocument 1.3 part 2), by part.

Every part is read through a limit; its XML may declare no entities. Macros are never read, and external
targets of relationships are never fetched.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lamsach.errors import LamsachError, LimitError, UnreadableError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MIB = 1024 * 1024
ZIP_MAGIC = b"PK\x03\x04"
ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, KeyError, OSError,
    OverflowError, RuntimeError, ValueError,
)  # fmt: skip
"""Exceptions of `zipfile` for a damaged or malicious archive.

RuntimeError: a password; its subclass NotImplementedError: an unknown compression or version; KeyError: a
missing member; OSError: bzip2 damage, and disk errors.
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a document's unpacking.

    `parts`: maximum number; `always_bytes` and `ratio`: size that may always be unpacked, and multiple of the
    packed size beyond that; `part_bytes`, `total_bytes`: stated size of one part and of all; `counted`:
    whether a workbook's parts are checked before anything is built from them.
    """

    parts: int = 10_000
    always_bytes: int = 64 * MIB
    ratio: int = 200
    part_bytes: int | None = None
    total_bytes: int | None = None
    counted: bool = False

    def of(self, packed_bytes: int) -> int:
        """Return the maximum unpacked size for a packed size."""
        return max(self.always_bytes, self.ratio * packed_bytes)


LISTS = Limits()
"""For lists, which may be long; real ones stay below a ratio of 30."""
SUBMITTED = Limits(parts=2000, always_bytes=16 * MIB, total_bytes=128 * MIB, counted=True)
"""For sheets that people fill in and submit."""


class Package:
    """An opened document. Raises UnreadableError for a damaged or locked one, LimitError for a bomb."""

    def __init__(self, data: bytes, where: str, limits: Limits = LISTS) -> None:
        self.where = where
        self._limit = limits.of(len(data))
        with clear_errors(where):
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        self.names = {member.filename.lstrip("/"): member for member in self._archive.infolist()}
        if len(self.names) > limits.parts:
            raise LimitError("The document has too many parts.", where)
        stated = [member.file_size for member in self._archive.infolist()]
        if limits.total_bytes is not None and (
            sum(stated) > min(limits.total_bytes, self._limit)
            or max(stated, default=0) > (limits.part_bytes or limits.total_bytes)
        ):
            raise LimitError(
                "The document unpacks to more than is allowed.", where, "Remove what is not needed."
            )

    @contextmanager
    def part(self, name: str) -> Iterator[Bounded]:
        """Open a part."""
        member = self.names[name]
        if member.flag_bits & 1:
            raise locked_error(self.where)
        with clear_errors(self.where), Bounded(self._archive.open(member), self._limit, self.where) as stream:
            yield stream

    def tree(self, name: str) -> Element | None:
        """Return the root of a part, or None when it is missing."""
        from lamsach.documents.xml import parse_whole

        if name not in self.names:
            return None
        with self.part(name) as stream:
            return parse_whole(stream.read_all(), self.where)

    def matching(self, start: str) -> Iterator[str]:
        """Yield the names of the XML parts with a prefix, in order."""
        return iter(sorted(name for name in self.names if name.startswith(start) and name.endswith(".xml")))


def locked_error(where: str) -> UnreadableError:
    """Return the error for a document with a password."""
    return UnreadableError("The document is locked with a password.", where, "Save it without a password.")


def is_document(names: Collection[str]) -> bool:
    """Return whether an archive with these members is one Office or OpenDocument file, not several lists."""
    return "[Content_Types].xml" in names or ("mimetype" in names and "content.xml" in names)


def _zstd(raw: BinaryIO) -> object:
    import zstandard

    decompressor = zstandard.ZstdDecompressor(max_window_size=2**27)
    return decompressor.stream_reader(raw, read_across_frames=True)


_PACKINGS: dict[str, tuple[bytes, Callable[[BinaryIO], object]]] = {
    "gzip": (b"\x1f\x8b", lambda raw: gzip.GzipFile(fileobj=raw)),
    "bzip2": (b"BZh", bz2.BZ2File),
    "xz": (b"\xfd7zXZ\0", lzma.LZMAFile),
    "zstd": (b"\x28\xb5\x2f\xfd", _zstd),
}
"""First bytes of a packed file, and the stream of its contents."""


def packing(path: str) -> str:
    """Return a file's packing: `gzip`, `bzip2`, `xz`, `zstd`, `zip` (several files), `document`, or ""."""
    with Path(path).open("rb") as stream:
        magic = stream.read(8)
    for name, (start, _) in _PACKINGS.items():
        if magic.startswith(start):
            return name
    if magic.startswith(ZIP_MAGIC):
        with zipfile.ZipFile(path) as archive:
            return "document" if is_document(set(archive.namelist())) else "zip"
    return ""


def opener(path: str, kind: str) -> Callable[[], BinaryIO]:
    """Return a reusable opener of a file with this packing."""

    def opened() -> BinaryIO:
        raw = Path(path).open("rb")  # noqa: SIM115 - closed by the reader around it
        limit = LISTS.of(Path(path).stat().st_size)
        if kind in _PACKINGS:
            return Bounded(_PACKINGS[kind][1](raw), limit, path, raw)
        return raw

    return opened


def member_opener(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    """Return a reusable opener of an archive's member."""
    return lambda: Bounded(archive.open(member), LISTS.of(member.compress_size), member.filename)


class Bounded(io.RawIOBase, BinaryIO):
    """A stream of a limited number of bytes: beyond it, LimitError."""

    def __init__(self, inner: object, limit: int, where: str, raw: BinaryIO | None = None) -> None:
        super().__init__()
        self._inner = inner
        self._left = limit
        self._where = where
        self._raw = raw

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, at most a MiB."""
        wanted = MIB if size < 0 else min(size, MIB)
        data: bytes = self._inner.read(wanted)  # type: ignore[attr-defined]
        self._left -= len(data)
        if self._left < 0:
            raise LimitError(
                "The file unpacks to far more than its size allows: this is how a decompression bomb looks.",
                self._where,
                "Unpack it yourself if you trust it.",
            )
        return data

    def read_all(self) -> bytes:
        """Read everything up to the limit."""
        return b"".join(iter(lambda: self.read(MIB), b""))

    def close(self) -> None:
        """Close the stream and the file below it."""
        if not self.closed:
            self._inner.close()  # type: ignore[attr-defined]
            if self._raw is not None:
                self._raw.close()
        super().close()


def read_up_to(stream: BinaryIO, size: int) -> bytes:
    """Read up to `size` bytes: fewer only at the end of the stream."""
    parts: list[bytes] = []
    left = size
    while left > 0 and (part := stream.read(min(left, MIB))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


@contextmanager
def clear_errors(where: str) -> Iterator[None]:
    """Turn every failure of reading a file into one of our errors."""
    try:
        yield
    except LamsachError:
        raise
    except FileNotFoundError:
        raise UnreadableError("The file is not there.", where, "Check the path.") from None
    except PermissionError:
        raise UnreadableError(
            "No permission to read the file.", where, "Ask for permission to read it."
        ) from None
    except IsADirectoryError:
        raise UnreadableError("This is a folder, not a list.", where) from None
    except zipfile.BadZipFile:
        raise UnreadableError("The archive is damaged.", where, "Fetch the file again.") from None
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, RuntimeError):
        raise _cut_short(where) from None
    except OSError as error:
        raise UnreadableError("The file cannot be read.", f"{where} ({error.strerror or error})") from None
    except Exception as error:
        loaded = sys.modules.get(
            "zstandard"
        )  # few lists need the library, so it is not loaded for its errors
        if loaded is None or not isinstance(error, loaded.ZstdError):
            raise
        raise _cut_short(where) from None


def _cut_short(where: str) -> UnreadableError:
    return UnreadableError("The packed file is damaged or cut short.", where, "Fetch the file again.")
