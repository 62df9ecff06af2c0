"""What Python's `zipfile` raises for an archive that is damaged, or that somebody made to break its reader."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib

ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    KeyError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""RuntimeError is what a password gives, and NotImplementedError, which is one, a packing or a version that is not known; KeyError a
member that is missing; OSError bzip2's damage, and the disk's."""
