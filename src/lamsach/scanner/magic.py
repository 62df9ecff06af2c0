"""Kind of a file by its first bytes, and mismatches with its name.

Signatures from the formats' own documents (PE/COFF 2.1, ELF gABI, APPNOTE.TXT 4.3, RFC 1952, and so on).
"""

from __future__ import annotations

_SIGNATURES: tuple[tuple[str, int, bytes], ...] = (
    ("elf", 0, b"\x7fELF"),
    ("zip", 0, b"PK\x03\x04"),
    ("zip", 0, b"PK\x05\x06"),
    ("gzip", 0, b"\x1f\x8b\x08"),
    ("bzip2", 0, b"BZh"),
    ("xz", 0, b"\xfd7zXZ\0"),
    ("zstd", 0, b"\x28\xb5\x2f\xfd"),
    ("rar", 0, b"Rar!\x1a\x07"),
    ("7z", 0, b"7z\xbc\xaf\x27\x1c"),
    ("cab", 0, b"MSCF\0\0\0\0"),
    ("ole", 0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("lnk", 0, b"\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"),
    ("pdf", 0, b"%PDF-"),
    ("png", 0, b"\x89PNG\r\n\x1a\n"),
    ("jpeg", 0, b"\xff\xd8\xff"),
    ("gif", 0, b"GIF8"),
    ("rtf", 0, b"{\\rtf"),
    ("macho", 0, b"\xcf\xfa\xed\xfe"),
    ("macho", 0, b"\xce\xfa\xed\xfe"),
    ("tar", 257, b"ustar"),
)
_BY_FIRST = {
    first: [
        (name, signature) for name, offset, signature in _SIGNATURES if not offset and signature[:1] == first
    ]
    for first in {signature[:1] for _, offset, signature in _SIGNATURES if not offset}
}
_WITHIN = [entry for entry in _SIGNATURES if entry[1]]
HEAD_BYTES = 512
"""Maximum first bytes that `kind` needs."""

PROGRAMS = frozenset({"pe", "elf", "macho"})
ARCHIVES = frozenset({"zip", "gzip", "bzip2", "xz", "zstd", "tar"})
"""Kinds that are opened and examined inside."""
CLOSED_ARCHIVES = frozenset({"rar", "7z", "cab"})
"""Kinds opened only where libarchive is present; otherwise examined as bytes."""

DOCUMENT_ENDINGS = frozenset(
    [
        "pdf",
        "doc",
        "docx",
        "xls",
        "xlsx",
        "ppt",
        "pptx",
        "rtf",
        "odt",
        "ods",
        "odp",
        "txt",
        "csv",
        "jpg",
        "jpeg",
        "png",
        "gif",
        "bmp",
        "tif",
        "tiff",
        "webp",
        "heic",
        "mp3",
        "mp4",
        "avi",
        "mkv",
        "mov",
        "wav",
        "flac",
        "zip",
        "rar",
        "7z",
        "htm",
        "html",
    ]
)
"""Endings of files that people open without hesitation."""


def kind(head: bytes) -> str:
    """Return the kind of file by its first bytes: a key of the signatures, `pe`, `script`, or empty."""
    first = head[:1]
    if first == b"M" and head[1:2] == b"Z":
        return "pe" if len(head) >= 64 else ""
    if head[:2] == b"#!":
        return "script"
    for name, signature in _BY_FIRST.get(first, ()):
        if head.startswith(signature):
            return name
    for name, offset, signature in _WITHIN:
        if head.startswith(signature, offset):
            return name
    return ""


def ending(name: str) -> str:
    """Return the ending of a file's name in lower case, without the dot; empty when it has none."""
    base, dot, last = name.rpartition(".")
    return last.lower() if dot and base else ""


def disguised(found: str, name: str) -> bool:
    """Return whether a program has the name of a document, picture or archive."""
    return found in PROGRAMS and ending(name) in DOCUMENT_ENDINGS
