"""Archives that nothing here unpacks: refused with what to do, wherever they lie (a file, a member of a zip archive, an attachment of a mail)."""

from __future__ import annotations

from lamsach.errors import UnreadableError
from lamsach.indicators.files.opening import ListSource

_UNPACK = "Unpack it first (Windows: 7-Zip, or Extract All of Windows 11; Linux: 7z x FILE), then give the files or their folder."
# https://py7zr.readthedocs.io/en/latest/archive_format.html    https://www.rarlab.com/technote.htm
_KINDS = (
    (b"7z\xbc\xaf\x27\x1c", "The list is packed in a 7z archive, which is not unpacked here."),
    (b"Rar!\x1a\x07", "The list is packed in a RAR archive, which is not unpacked here."),
)


def refuse_if_packed(source: ListSource) -> None:
    """Raise UnreadableError for a 7z or RAR archive."""
    for magic, what in _KINDS:
        if source.head.startswith(magic):
            raise UnreadableError(what, source.document, _UNPACK)
