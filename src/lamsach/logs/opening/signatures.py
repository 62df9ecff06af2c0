"""First bytes of compressed files and zip archives."""

from __future__ import annotations

ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
GZIP_MAGIC = b"\x1f\x8b\x08"
_BZIP2_MAGICS = (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")
XZ_MAGIC = b"\xfd7zXZ\x00"
MAGIC_BYTES = 10
"""Bytes that `compression_of` needs."""
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
SKIPPABLE_MAGICS = frozenset(bytes((low, 0x2A, 0x4D, 0x18)) for low in range(0x50, 0x60))


def is_bzip2(head: bytes) -> bool:
    """Return whether a file with this beginning is a bzip2 stream."""
    return head[:3] == b"BZh" and head[3:4] in b"123456789" and head[4:10] in _BZIP2_MAGICS
