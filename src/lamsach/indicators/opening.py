"""Open a list whatever it is packed in: plain, gzip, bzip2, xz, zstandard, or a zip archive with several lists.

Nothing is unpacked to disk and no more is unpacked than the limits allow, so a bomb ends with one LimitError.
"""

from __future__ import annotations

import bz2
import glob
import gzip
import io
import lzma
import sys
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lamsach.errors import LamsachError, LimitError, UnreadableError
from lamsach.indicators.decoding import HEAD_BYTES, Encoding, blocks, detect_encoding

MIB = 1024 * 1024
ALWAYS_ALLOWED_BYTES = 64 * MIB
"""What may always be unpacked, however small the packed file is."""
MAX_RATIO = 200
"""How many times its packed size an input may unpack to beyond that; real lists stay below 30."""
MAX_WHOLE_BYTES = 512 * MIB
"""The largest document of a kind that has to be held in memory as a whole (JSON, XML, PDF, a workbook)."""
MAX_MEMBERS = 2000
"""How many lists an archive may hold."""
RELEASE_MEMBERS = frozenset({"manifest.json", "indicators.jsonl", "signature.json"})
"""What a signed release of ours holds; its values stand in one of them (see `lamsach.indicators.releases.release`)."""

TAXII_SCHEMES = ("taxii+https://", "taxii+http://")
"""How a path begins that names a TAXII 2.1 collection and no file."""
MISP_SCHEMES = ("misp+https://", "misp+http://")
"""How a path begins that names a MISP instance and no file."""

_ARCHIVE, _WORKBOOK = "zip", "workbook"


class ListSource:
    """One list to read: its name for references, its first bytes, and its bytes and lines from the start as often as asked."""

    def __init__(
        self, document: str, opener: Callable[[], BinaryIO], *, ocr: bool = False, prose: bool = False
    ) -> None:
        self.document = document
        self.prose = prose
        """Whether this is what a person wrote to another (the text of a message), and no bare list."""
        self.ocr = ocr
        """Whether pages that are pictures shall be read by a program that recognises letters."""
        self._opener = opener
        with self.open() as stream:
            self.head = _filled(stream, HEAD_BYTES)
        self.encoding: Encoding = detect_encoding(self.head)
        self.text_head = self.encoding.decode_head(self.head)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The unpacked bytes. What goes wrong while they are read is raised as UnreadableError or LimitError."""
        with clear_errors(self.document), self._opener() as stream:
            yield stream

    def whole(self) -> bytes:
        """All bytes. Raises LimitError for more than MAX_WHOLE_BYTES."""
        with self.open() as stream:
            data = _filled(stream, MAX_WHOLE_BYTES + 1)
        if len(data) > MAX_WHOLE_BYTES:
            raise LimitError(
                "The list is too large to be read as a whole.", self.document, "Split it into several files."
            )
        return data

    def lines(self) -> Iterator[tuple[int, str | None]]:
        """Every line with its 1-based number, without its end; None for a line longer than a line may be."""
        number = 0
        with self.open() as stream:
            for block in blocks(stream, self.encoding):
                if block is None:
                    number += 1
                    yield number, None
                    continue
                for line in block.split("\n"):
                    number += 1
                    yield number, line


def expand(paths: list[str]) -> list[str]:
    """The files that paths name: a folder stands for every file in it, sorted, those with a leading dot left out; a pattern for what matches it."""
    found: list[str] = []
    for path in paths:
        if path.startswith(TAXII_SCHEMES + MISP_SCHEMES):
            found.append(path)
        elif path != "-" and Path(path).is_dir():
            found += sorted(
                str(inner)
                for inner in Path(path).rglob("*")
                if inner.is_file() and not inner.name.startswith(".")
            )
        elif any(mark in path for mark in "*?[") and not Path(path).exists():
            found += sorted(glob.glob(path, recursive=True)) or [path]  # noqa: PTH207 - keeps the path as given
        else:
            found.append(path)
    return found


def sources(path: str, *, ocr: bool = False) -> Iterator[ListSource]:
    """The lists that a file holds: one, or each member of a zip archive. `-` is standard input.

    Raises UnreadableError or LimitError; a member that cannot be read ends the archive.
    """
    if path == "-":
        data = sys.stdin.buffer.read(MAX_WHOLE_BYTES)
        yield ListSource(path, lambda: io.BytesIO(data), ocr=ocr)
        return
    with clear_errors(path):
        kind = _kind(path)
        if kind != _ARCHIVE:
            yield ListSource(path, _opener(path, kind), ocr=ocr)
            return
        with zipfile.ZipFile(path) as archive:
            yield from members(archive, path, ocr=ocr)


def members(archive: zipfile.ZipFile, path: str, *, ocr: bool) -> Iterator[ListSource]:
    """The lists in an opened archive. Raises LimitError for too many, UnreadableError for a locked one."""
    found = [member for member in archive.infolist() if not member.is_dir()]
    if len(found) > MAX_MEMBERS:
        raise LimitError("The archive holds too many files.", path)
    if {member.filename for member in found} == RELEASE_MEMBERS:
        found = [member for member in found if member.filename == "indicators.jsonl"]
    for member in found:
        if member.flag_bits & 1:
            raise UnreadableError("The archive is locked with a password.", path, "Unpack it first.")
        yield ListSource(f"{path}!{member.filename}", _member_opener(archive, member), ocr=ocr)


def _kind(path: str) -> str:
    with Path(path).open("rb") as stream:
        magic = stream.read(8)
    for name, start in (
        ("gzip", b"\x1f\x8b"),
        ("bzip2", b"BZh"),
        ("xz", b"\xfd7zXZ\0"),
        ("zstd", b"\x28\xb5\x2f\xfd"),
    ):
        if magic.startswith(start):
            return name
    if magic.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
        return _WORKBOOK if is_document(names) else _ARCHIVE
    return ""


def is_document(names: Collection[str]) -> bool:
    """Whether an archive with these members is one document (Office or OpenDocument) and not several lists."""
    return "[Content_Types].xml" in names or ("mimetype" in names and "content.xml" in names)


def _opener(path: str, kind: str) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        raw = Path(path).open("rb")  # noqa: SIM115 - closed by the reader around it
        limit = max(ALWAYS_ALLOWED_BYTES, MAX_RATIO * Path(path).stat().st_size)
        if kind == "gzip":
            return Bounded(gzip.GzipFile(fileobj=raw), limit, path, raw)
        if kind == "bzip2":
            return Bounded(bz2.BZ2File(raw), limit, path, raw)
        if kind == "xz":
            return Bounded(lzma.LZMAFile(raw), limit, path, raw)
        if kind == "zstd":
            import zstandard

            reader = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(
                raw, read_across_frames=True
            )
            return Bounded(reader, limit, path, raw)
        return raw

    return opened


def _member_opener(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        limit = max(ALWAYS_ALLOWED_BYTES, MAX_RATIO * member.compress_size)
        return Bounded(archive.open(member), limit, member.filename)

    return opened


class Bounded(io.RawIOBase, BinaryIO):
    """A stream that gives no more than a number of bytes: beyond it, LimitError."""

    def __init__(self, inner: object, limit: int, where: str, raw: BinaryIO | None = None) -> None:
        super().__init__()
        self._inner = inner
        self._left = limit
        self._where = where
        self._raw = raw

    def readable(self) -> bool:
        """True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, and never more than a MiB at once."""
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
        """Everything up to the limit."""
        return b"".join(iter(lambda: self.read(MIB), b""))

    def close(self) -> None:
        """Close the stream and the file below it."""
        if not self.closed:
            self._inner.close()  # type: ignore[attr-defined]
            if self._raw is not None:
                self._raw.close()
        super().close()


def _filled(stream: BinaryIO, size: int) -> bytes:
    """Up to `size` bytes: fewer only at the end of the stream."""
    parts: list[bytes] = []
    left = size
    while left > 0 and (part := stream.read(min(left, MIB))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


@contextmanager
def clear_errors(where: str) -> Iterator[None]:
    """Every way in which reading a file fails, as one of our errors."""
    try:
        yield
    except LamsachError:
        raise
    except FileNotFoundError:
        raise UnreadableError("The file is not there.", where, "Check the path.") from None
    except PermissionError:
        raise UnreadableError("The file may not be read.", where, "Ask for permission to read it.") from None
    except IsADirectoryError:
        raise UnreadableError("This is a folder, not a list.", where) from None
    except zipfile.BadZipFile:
        raise UnreadableError("The archive is damaged.", where, "Fetch the file again.") from None
    except (
        EOFError,
        zlib.error,
        lzma.LZMAError,
        gzip.BadGzipFile,
        RuntimeError,
    ):
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
