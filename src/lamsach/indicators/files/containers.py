"""Containers of several lists: e-mail (RFC 5322, MIME), Outlook ([MS-OXMSG]), zip archives in them.

Each text of a message and each attachment is a list of its own, named `message.eml!annex.xlsx`. Senders and
servers are not read: they are no list.

Of a mail's plain text and page (RFC 2046 section 5.1.4), the page counts too where it lists more: some
programs write only "This message is in HTML" as plain text, or omit its tables.

Outlook stores messages written in rich text as compressed RTF ([MS-OXRTFCP]).
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

from lamsach.documents.archive import MIB, ZIP_ERRORS, clear_errors, is_document
from lamsach.documents.decode import decode_8bit
from lamsach.documents.mail import content_of, is_mail, kind_of, name_of, utf8_of
from lamsach.errors import LamsachError, LimitError, UnreadableError
from lamsach.indicators.files.source import ListSource, members, open_compound, streams
from lamsach.model import Indicator, IndicatorType

_PREFILLED = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArial"
    b"Times New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""Initial contents of the dictionary (section 2.1.3.2)."""
_WINDOW = 4096
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
MAX_BYTES = 64 * MIB


def decompress_rtf(data: bytes) -> bytes:
    """Decompress RTF up to the first damage, at most MAX_BYTES of it; empty for anything else."""
    if len(data) < 16:
        return b""
    size, kind = struct.unpack_from("<4xII", data)
    if kind == _PLAIN:
        return data[16 : 16 + min(size, MAX_BYTES)]
    return _unpack(data, min(size, MAX_BYTES)) if kind == _COMPRESSED else b""


def _unpack(data: bytes, limit: int) -> bytes:
    window = bytearray(_PREFILLED.ljust(_WINDOW, b"\0"))
    write = len(_PREFILLED)
    unpacked = bytearray()
    place = 16
    while place < len(data):
        control = data[place]
        place += 1
        for bit in range(8):
            if place >= len(data) or len(unpacked) >= limit:
                return bytes(unpacked[:limit])
            start, length = place, 1
            source: bytes | bytearray = data
            place += 1
            if control >> bit & 1:
                reference = int.from_bytes(data[start : start + 2], "big")
                place += 1
                start, length, source = reference >> 4, (reference & 15) + 2, window
                if place > len(data) or start == write:
                    return bytes(unpacked)
            for step in range(start, start + length):  # a run may overlap its own output
                byte = source[step % len(source)]
                unpacked.append(byte)
                window[write] = byte
                write = (write + 1) % _WINDOW
    return bytes(unpacked[:limit])


MAX_COMPARED = 8 * MIB
"""Maximum length of a text that is read twice, for comparison; of a longer pair the plain one is read."""

_DOCTYPE = b"<!doctype html>"
_STARTS = (b"<!", b"<html", b"<head", b"<body", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def as_page(data: bytes) -> bytes:
    """Prefix the bytes of a mail's page with a recognizable beginning: many are mere paragraphs."""
    return data if data[:200].lstrip().lower().startswith(_STARTS) else _DOCTYPE + data


def bodies(plain: ListSource, page: ListSource) -> Iterator[ListSource]:
    """Yield the text, the page if it lists more than the text, or both if each does."""
    listed, shown = _listed_values(plain), _listed_values(page)
    if listed is None or shown is None or shown <= listed:
        yield plain
        return
    if not listed <= shown:
        yield plain
    yield page


def _listed_values(source: ListSource) -> set[tuple[IndicatorType, str]] | None:
    """Return the values that a text lists; None when it cannot be read or is too long."""
    from lamsach.indicators.formats import matching_formats

    try:
        if len(source.whole()) > MAX_COMPARED:
            return None
        known = next(matching_formats(source), None)
        entries = known.read(source) if known is not None and source.head.strip() else ()
        return {(item.type, item.value) for item in entries if isinstance(item, Indicator)}
    except LamsachError:
        return None


MAX_NESTED = 4
"""Maximum nesting depth of messages and archives."""
MAX_MESSAGE_BYTES = 256 * MIB
MAX_ATTACHMENTS = 500

_PICTURES = ("image/", "audio/", "video/", "font/")
_CERTIFICATES = ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature")


def is_container(source: ListSource) -> bool:
    """Return whether the content is a message, or an archive within one."""
    head = source.head
    if not head.startswith(b"PK\x03\x04"):
        return is_mail(head) or "__properties_version1.0" in streams(source)
    if b"[Content_Types].xml" in head or b"application/vnd.oasis.opendocument" in head[:200]:
        return False
    try:
        return not is_document(zipfile.ZipFile(io.BytesIO(source.whole())).namelist())
    except ZIP_ERRORS:
        return False


def parts(source: ListSource) -> Iterator[ListSource]:
    """Yield the contained lists in order. Raises UnreadableError or LimitError."""
    if source.head.startswith(b"PK\x03\x04"):
        with clear_errors(source.document):
            yield from members(zipfile.ZipFile(io.BytesIO(source.whole())), source.document, ocr=source.ocr)
    elif is_mail(source.head):
        yield from _mail_parts(source)
    else:
        with open_compound(source) as compound:
            yield from _message_parts(source, compound, ())


def _inner(source: ListSource, name: str, data: bytes, *, prose: bool = False) -> ListSource:
    name = name.replace("\\", "/").rpartition("/")[2][:200]
    return ListSource.of_bytes(f"{source.document}!{name}", data, ocr=source.ocr, prose=prose)


def _mail_parts(source: ListSource) -> Iterator[ListSource]:
    from email import message_from_bytes, policy

    data = source.whole()
    if len(data) > MAX_MESSAGE_BYTES:
        raise LimitError("The message is too large.", source.document, "Save its attachments and give those.")
    if data.startswith(b"From "):
        data = data.partition(b"\n")[2]
    try:
        message = message_from_bytes(data, policy=policy.default)
        leaves = [part for part in message.walk() if not part.is_multipart()]
    except Exception:  # noqa: BLE001 - the library fails on hostile headers in many ways
        raise UnreadableError("The message is damaged.", source.document, "Fetch the file again.") from None
    if len(leaves) > MAX_ATTACHMENTS:
        raise LimitError("The message has too many attachments.", source.document)
    text: ListSource | None = None
    for number, part in enumerate(leaves, 1):
        kind, name = kind_of(part), name_of(part).rstrip("/\\")
        if kind.startswith(_PICTURES) or kind in _CERTIFICATES:
            continue
        content = utf8_of(part) if kind.startswith("text/") else content_of(part)
        if not content.strip():
            continue
        prose, page = (kind == wanted and not name for wanted in ("text/plain", "text/html"))
        inner = _inner(source, name or f"text{number}", as_page(content) if page else content, prose=prose)
        if text is not None:
            yield from bodies(text, inner) if page else (text,)
        if text is None or not page:
            yield from () if prose else (inner,)
        text = inner if prose else None
    if text is not None:
        yield text


def _message_parts(source: ListSource, compound: Any, start: tuple[str, ...]) -> Iterator[ListSource]:
    """Yield text and attachments of the message under a path of the compound file ([MS-OXMSG] 2.2)."""
    text = _property(compound, start, "1000")
    html = _bytes(compound, (*start, "__substg1.0_10130102")) or _property(compound, start, "1013").encode()
    plain = _inner(source, "text", text.encode("utf-8"), prose=True)
    page = _inner(source, "text.html", as_page(html))
    if text.strip() and html.strip():
        yield from bodies(plain, page)
    elif text.strip() or html.strip():
        yield plain if text.strip() else page
    elif rich := decompress_rtf(_bytes(compound, (*start, "__substg1.0_10090102"))):
        yield _inner(source, "text.rtf", rich)
    inner = {
        path[len(start)]
        for path in compound.listdir(streams=True, storages=True)
        if tuple(path[: len(start)]) == start and len(path) > len(start)
    }
    attachments = sorted(name for name in inner if name.lower().startswith("__attach_version1.0_"))
    if len(attachments) > MAX_ATTACHMENTS:
        raise LimitError("The message has too many attachments.", source.document)
    for place in attachments:
        path = (*start, place)
        name = _property(compound, path, "3707") or _property(compound, path, "3704") or place
        data = _bytes(compound, (*path, "__substg1.0_37010102"))
        if data:
            yield _inner(source, name, data)
        elif compound.exists([*path, "__substg1.0_3701000D"]) and len(start) < 2 * MAX_NESTED:
            yield from _message_parts(source, compound, (*path, "__substg1.0_3701000D"))


def _property(compound: Any, start: tuple[str, ...], number: str) -> str:
    """Return a text property: UTF-16 (type 001F), else bytes in the sender's code page (type 001E)."""
    wide = _bytes(compound, (*start, f"__substg1.0_{number}001F"))
    if wide:
        return wide.decode("utf-16-le", "replace").rstrip("\0")
    return decode_8bit(_bytes(compound, (*start, f"__substg1.0_{number}001E"))).rstrip("\0")


def _bytes(compound: Any, path: tuple[str, ...]) -> bytes:
    try:
        if not compound.exists(list(path)):
            return b""
        with compound.openstream(list(path)) as stream:
            data: bytes = stream.read()
            return data
    except OSError:
        return b""
