"""The headers of a tar archive, looked at before `tarfile` does.

Many versions of Python look through a long number in an extended header for each of its digits
(CVE-2024-6232), and go back to the beginning for a size below zero (CVE-2025-8194). All read an extended
header into memory whatever its size.
"""

from __future__ import annotations

import re
import tarfile
from typing import Self

MAX_HEADER_BYTES = 1 << 20
"""Extended attributes may have 64 KiB each on Linux (listxattr(7)), names 4 KiB."""
_PAX = frozenset({tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE})
_EXTENDED = _PAX | {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
_LONG_NUMBER = re.compile(rb"[0-9]{256}")


class CheckedInfo(tarfile.TarInfo):
    """A member for `tarfile.open(tarinfo=...)`.

    A header that would break the reader raises tarfile.ReadError.
    """

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:  # the parameter's name is the library's
        """The member whose header comes next."""
        _check(tarfile)
        return super().fromtarfile(tarfile)


def _check(archive: tarfile.TarFile) -> None:
    stream = archive.fileobj
    begin = stream.tell()
    try:
        info = tarfile.TarInfo.frombuf(
            stream.read(tarfile.BLOCKSIZE), archive.encoding or "utf-8", archive.errors or "strict"
        )
    except tarfile.HeaderError:
        pass  # the end, or damage that the library tells apart
    else:
        extended = info.type in _EXTENDED
        if info.size < 0 or (extended and info.size > MAX_HEADER_BYTES):
            raise tarfile.ReadError("size")
        if info.type in _PAX and _LONG_NUMBER.search(stream.read(info.size)):
            raise tarfile.ReadError("number")
    stream.seek(begin)
