"""Compound files (Microsoft [MS-CFB]): old Office documents, Outlook messages, and locked new ones. Read by the library olefile."""

from __future__ import annotations

import io
from typing import Any

from lamsach.documents.archive import MIB
from lamsach.errors import LimitError, UnreadableError
from lamsach.indicators.files.opening import ListSource

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_BYTES = 256 * MIB
MAX_STREAMS = 20_000


def streams(source: ListSource) -> frozenset[str]:
    """The names of the streams and storages at the top, in lower case; empty when this is no compound file or a damaged one."""
    if not source.head.startswith(MAGIC):
        return frozenset()
    try:
        with opened(source) as compound:
            return frozenset(path[0].lower() for path in compound.listdir(streams=True, storages=True))
    except UnreadableError:
        return frozenset()


def opened(source: ListSource) -> Any:
    """The compound file (`olefile.OleFileIO`). Raises UnreadableError for a damaged one, LimitError for one too large."""
    import olefile  # type: ignore[import-untyped]

    data = source.whole()
    if len(data) > MAX_BYTES:
        raise LimitError(
            "The list is too large to be read as a whole.", source.document, "Split it into several files."
        )
    try:
        compound = olefile.OleFileIO(io.BytesIO(data))
        if len(compound.direntries) > MAX_STREAMS:
            raise LimitError("The document has too many parts.", source.document)
        return compound
    except (UnreadableError, LimitError):
        raise
    except Exception:  # noqa: BLE001 - a damaged file fails in any of the library's ways
        raise UnreadableError("The document is damaged.", source.document, "Fetch the file again.") from None


def refuse_if_locked_or_old(source: ListSource) -> None:
    """Raise UnreadableError for a compound file that no format reads, and say what it is."""
    names = streams(source)
    if "encryptedpackage" in names or "encryptioninfo" in names:
        raise UnreadableError(
            "The document is locked with a password.", source.document, "Save it without a password."
        )
    if source.head.startswith(MAGIC):
        raise UnreadableError(
            "This Office file is in the old format or locked with a password.",
            source.document,
            "Save it as DOCX or XLSX without a password.",
        )
