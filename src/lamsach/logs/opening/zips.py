"""Members of zip archives (APPNOTE.TXT), read in place, also with the classic password encryption.

Stored, deflate, bzip2, LZMA and zstd. The standard library parses the central directory; the data go through
our own readers, for speed and limits.
"""

from __future__ import annotations

import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import IO

from isal import isal_zlib

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import UnreadableError
from lamsach.logs.base import DEFAULT_TIMEZONE
from lamsach.logs.opening.compression import Bzip2Streams, RawDeflate, RawLzma, XzStreams
from lamsach.logs.opening.limits import Limits, damaged
from lamsach.logs.opening.places import Member, Place
from lamsach.logs.opening.signatures import ZIP_MAGICS
from lamsach.logs.opening.sources import ByteSource, HandleSource, SourceLayer, unreadable
from lamsach.logs.opening.zstd import ZstdStreams

_LOCAL_HEADER_BYTES = 30
_LOCKED = 1
_BAD_DIRECTORY = (
    zipfile.BadZipFile,
    ValueError,
    NotImplementedError,
    EOFError,
    struct.error,
    OverflowError,
    KeyError,
    IndexError,
)
_DECODERS: dict[int, Callable[[ByteSource, Limits], ByteSource]] = {
    zipfile.ZIP_DEFLATED: RawDeflate,
    zipfile.ZIP_BZIP2: Bzip2Streams,
    zipfile.ZIP_LZMA: RawLzma,
    93: ZstdStreams,
    95: XzStreams,
}
_AES = 99


def zip_members(
    place: Place, limits: Limits, password: bytes | None, member_name: Callable[[str], str]
) -> Iterator[Member]:
    """Yield the files of the archive, or the sheets of a workbook.

    Raises UnreadableError or LimitError when the archive as a whole is not trustworthy."""
    handle = place.seekable()
    try:
        archive = zipfile.ZipFile(handle)
        entries = archive.infolist()
        directory_start = archive.start_dir
    except OSError as error:
        raise unreadable(error, place.name) from None
    except _BAD_DIRECTORY:
        raise damaged(place.name) from None
    finally:
        handle.close()
    if any(entry.filename.lower().endswith("xl/workbook.xml") for entry in entries):
        from lamsach.logs.opening.workbooks import sheet_members

        yield from sheet_members(place, limits, member_name)
        return
    _check(entries, directory_start, place, limits)
    locked_reported = False
    for entry in entries:
        if entry.is_dir():
            continue
        name = member_name(entry.filename)
        trouble = _trouble(entry, name, place, password)
        if trouble is not None and trouble.where == place.name:
            if locked_reported:
                continue
            locked_reported = True
        yield Member(
            name,
            entry.compress_size,
            _modified(entry, place),
            _opener(place, entry, name, limits, password),
            trouble,
        )


def _check(entries: list[zipfile.ZipInfo], directory_start: int, place: Place, limits: Limits) -> None:
    limits.check_members(len(entries), place.name)
    if any(entry.filename == "[Content_Types].xml" for entry in entries):
        raise UnreadableError("This is an Office document, not a log.", place.name, "Save it as CSV.")
    limits.check(sum(entry.file_size for entry in entries), place.size_bytes, place.name)
    if min((entry.header_offset for entry in entries), default=0):  # `cat a.zip b.zip`: a lost directory
        raise UnreadableError(
            "The archive begins with files that its directory does not list.",
            place.name,
            "Unpack it with a repair tool, or copy it again from where it came.",
        )
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise UnreadableError(
                "Members of the archive overlap: it looks like a decompression bomb.",
                place.name,
                "Ask for a fresh copy from where it came.",
            )
        end = entry.header_offset + _LOCAL_HEADER_BYTES + entry.compress_size
    if end > directory_start:
        raise damaged(place.name)


def _trouble(
    entry: zipfile.ZipInfo, name: str, place: Place, password: bytes | None
) -> UnreadableError | None:
    if stat.S_ISLNK(entry.external_attr >> 16):
        return UnreadableError("A link inside an archive was skipped.", name)
    if entry.compress_type == _AES:
        return UnreadableError(
            "The archive is locked with AES, which is not read.", place.name, "Unpack it first."
        )
    if entry.compress_type != zipfile.ZIP_STORED and entry.compress_type not in _DECODERS:
        return UnreadableError("The archive's kind of compression is not known.", name, "Unpack it first.")
    if entry.flag_bits & _LOCKED:
        return _locked(entry, place, password)
    return None


def _locked(entry: zipfile.ZipInfo, place: Place, password: bytes | None) -> UnreadableError | None:
    if not password:
        return UnreadableError(
            "The archive is locked with a password.", place.name, "Unpack it first, or give its password."
        )
    handle = place.seekable()
    try:
        with zipfile.ZipFile(handle) as archive:
            archive.open(entry, pwd=password).close()
    except ZIP_ERRORS:
        return UnreadableError("The archive's password is another one.", place.name, "Check the password.")
    finally:
        handle.close()
    return None


def _modified(entry: zipfile.ZipInfo, place: Place) -> datetime:
    """Return the member's time; zip archives have local time without a zone."""
    try:
        return datetime(*entry.date_time, tzinfo=DEFAULT_TIMEZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        return place.modified


def _opener(
    place: Place, entry: zipfile.ZipInfo, name: str, limits: Limits, password: bytes | None
) -> Callable[[], ByteSource]:
    def open_member() -> ByteSource:
        if entry.flag_bits & _LOCKED:
            return _CheckedMember(_unlocked(place, entry, name, password), entry)
        source = place.part(name, _data_offset(place, entry, name), entry.compress_size)
        decoder = _DECODERS.get(entry.compress_type)
        return _CheckedMember(decoder(source, limits) if decoder else source, entry)

    return open_member


def _data_offset(place: Place, entry: zipfile.ZipInfo, name: str) -> int:
    """Return the offset of a member's data, after its local header with fields of variable length."""
    handle = place.seekable()
    try:
        handle.seek(entry.header_offset)
        header = handle.read(_LOCAL_HEADER_BYTES)
    except OSError as error:
        raise unreadable(error, name) from None
    finally:
        handle.close()
    if len(header) < _LOCAL_HEADER_BYTES or header[:4] != ZIP_MAGICS[0]:
        raise damaged(name)
    name_bytes = int.from_bytes(header[26:28], "little")
    extra_bytes = int.from_bytes(header[28:30], "little")
    return entry.header_offset + _LOCAL_HEADER_BYTES + name_bytes + extra_bytes


def _unlocked(place: Place, entry: zipfile.ZipInfo, name: str, password: bytes | None) -> ByteSource:
    handle: IO[bytes] = place.seekable()
    try:
        member = zipfile.ZipFile(handle).open(entry, pwd=password)  # noqa: SIM115 - closed with the member
    except ZIP_ERRORS:
        handle.close()
        raise UnreadableError(
            "The archive's password is another one.", place.name, "Check the password."
        ) from None
    return _WithHandle(member, handle, name)


class _WithHandle(HandleSource):
    """A member decrypted by the standard library, together with its archive's file object."""

    def __init__(self, member: IO[bytes], archive: IO[bytes], name: str) -> None:
        super().__init__(member, name)
        self._archive = archive

    def close(self) -> None:
        """See ByteSource."""
        super().close()
        self._archive.close()


class _CheckedMember(SourceLayer):
    """A member's data, verified at the end against the directory's size and CRC-32."""

    def __init__(self, source: ByteSource, entry: zipfile.ZipInfo) -> None:
        super().__init__(source)
        self._size = entry.file_size
        self._expected_crc = entry.CRC
        self._crc = 0
        self._count = 0

    def readinto(self, view: memoryview) -> int:
        """See ByteSource."""
        left = self._size - self._count
        if left == 0 and self._crc != self._expected_crc:
            raise damaged(self.name)
        if left <= 0 or not len(view):
            return 0
        count = self._source.readinto(view[:left])
        if count == 0:
            raise damaged(self.name)
        self._crc = isal_zlib.crc32(view[:count], self._crc)
        self._count += count
        return count
