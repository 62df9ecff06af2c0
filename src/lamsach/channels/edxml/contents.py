"""Attached files: base64 of the file, or of a zip with the file as its only entry."""

from __future__ import annotations

import binascii
import io
import zipfile
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element

from lamsach.channels.edxml.model import Attachment
from lamsach.channels.edxml.tables import Tables
from lamsach.channels.xml_input import child, children, descendants, text_of
from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import LimitError, UnreadableError
from lamsach.i18n import mark
from lamsach.runtime.file_names import distinct

LARGEST_UNPACKED_BYTES = 200_000_000
"""Limit for all attached files of a message together."""
MOST_FILES = 500
_SPACES = b" \t\r\n"


def read_attachments(
    root: Element, tables: Tables, where: str
) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    """Return the attached files in order, and the names in the manifest without a file.

    Raises UnreadableError for content that is empty or no base64, and LimitError for more than is allowed.
    """
    contents = tables.spellings("ContentTransferEncoded")
    elements = [item for item in descendants(root, "attachment") if len(item) or text_of(item)]
    if len(elements) > MOST_FILES:
        raise LimitError(mark("The message has more attached files than are read."), where)
    listed = _manifest_rows(root, tables)
    room = LARGEST_UNPACKED_BYTES
    found: list[Attachment] = []
    for number, element in enumerate(elements, 1):
        stated = _row_of(element, listed)
        name = text_of(child(element, *tables.spellings("AttachmentName"))) or stated.name
        kind = text_of(child(element, *tables.spellings("ContentType"))) or stated.type
        note = text_of(child(element, "description")) or stated.description
        content = _decode(child(element, *contents), name or str(number), where)
        inner, content = _unpack(name, kind, content, room, where)
        room -= len(content)
        found.append(Attachment(name or inner or str(number), content, kind, note))
    names = distinct([item.name for item in found])
    files = tuple(replace(item, name=name) for item, name in zip(found, names, strict=True))
    return files, tuple(row.name or key for key, row in listed)


def _row_of(element: Element, listed: list[tuple[str, Attachment]]) -> Attachment:
    """Remove the manifest's row of an attached file: by its content id, without one the next row."""
    key = _key(text_of(child(element, "contentid")))
    for place, (known, row) in enumerate(listed):
        if not key or known == key:
            del listed[place]
            return row
    return Attachment("", b"")


def _manifest_rows(root: Element, tables: Tables) -> list[tuple[str, Attachment]]:
    """Return the manifest's rows, each with its content id."""
    rows = []
    for manifest in descendants(root, "edxmlmanifest", "manifest"):
        for reference in islice(children(manifest, "reference"), MOST_FILES):
            link = next((v for k, v in reference.attrib.items() if k.rpartition("}")[2] == "href"), "")
            name = text_of(child(reference, *tables.spellings("AttachmentName")))
            kind = text_of(child(reference, *tables.spellings("ContentType")))
            row = Attachment(name, b"", kind, text_of(child(reference, "description")))
            rows.append((_key(text_of(child(reference, "contentid")) or link), row))
    return rows


def _key(content_id: str) -> str:
    bare = content_id.strip(" <>")
    return bare[4:] if bare[:4].lower() == "cid:" else bare


def _decode(element: Element | None, name: str, where: str) -> bytes:
    """Decode an element's base64, with line breaks and missing padding allowed."""
    text = "" if element is None or len(element) else (element.text or "")
    try:
        packed = text.encode("ascii").translate(None, _SPACES)
        packed += b"=" * (-len(packed) % 4)
        content = binascii.a2b_base64(packed, strict_mode=True)
    except (UnicodeError, binascii.Error):
        content = b""
    if not content:
        raise UnreadableError(
            mark("The content of an attached file is no base64, or there is none."),
            f"{where}: {name}",
            mark("Ask the sender for the file again."),
        )
    return content


def _unpack(name: str, kind: str, content: bytes, room: int, where: str) -> tuple[str, bytes]:
    """Return name and bytes of the only file in a zip; of anything else, no name and the bytes unchanged."""
    if not content.startswith(b"PK\x03\x04"):
        return "", _check_size(content, room, where)
    place = f"{where}: {name}" if name else where
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) != 1 or _is_archive(name, kind, entries[0].filename):
                return "", _check_size(content, room, where)
            if entries[0].flag_bits & 1:
                raise UnreadableError(
                    mark("The file is locked by a password."), place, mark("Ask for it without a password.")
                )
            if entries[0].file_size > room:
                raise _too_large(where)
            with archive.open(entries[0]) as stream:
                return entries[0].filename, _check_size(stream.read(room + 1), room, where)
    except ZIP_ERRORS as error:
        raise UnreadableError(
            mark("The zip of an attached file is damaged."), place, mark("Ask the sender for the file again.")
        ) from error


def _is_archive(name: str, kind: str, inner: str) -> bool:
    """Return whether a zip was attached as such: by its name, its type, or an entry of another name."""
    ending = PurePosixPath(name).suffix.lower()
    is_zip = ending == ".zip" if ending else "zip" in kind.lower()
    return is_zip and PurePosixPath(inner).name.casefold() != name.casefold()


def _check_size(content: bytes, room: int, where: str) -> bytes:
    if len(content) > room:
        raise _too_large(where)
    return content


def _too_large(where: str) -> LimitError:
    return LimitError(mark("The attached files unpack to more than is allowed."), where)
