"""Parts of e-mail (RFC 5322; RFC 2045 to 2049), safe with hostile headers, nesting and character sets."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import Message

_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]{1,60}:[^\n]*\n(?:[ \t][^\n]*\n){0,200}")
_MAIL_HEADERS = frozenset(
    b"from to subject date received message-id mime-version return-path delivered-to "
    b"content-type x-mailer reply-to cc".split()
)


def is_mail(head: bytes) -> bool:
    """Return whether a file begins with a message's header: three common fields with From or Received."""
    head = head.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")[:65536]
    if head.startswith(b"From "):
        head = head.partition(b"\n")[2]
    place, seen = 0, 0
    known = set()
    while (match := _HEADER.match(head, place)) is not None and seen < 200:
        name = match[0].partition(b":")[0].lower()
        if name in _MAIL_HEADERS:
            known.add(name)
        place, seen = match.end(), seen + 1
    return seen >= 3 and len(known) >= 3 and (b"from" in known or b"received" in known)


def kind_of(part: Message) -> str:
    """Return the media type in lower case; empty for an unreadable header."""
    with contextlib.suppress(Exception):
        return str(part.get_content_type()).lower()
    return ""


def name_of(part: Message) -> str:
    """Return the stated file name of an attachment; empty without one."""
    with contextlib.suppress(Exception):
        return str(part.get_filename() or "")
    return ""


def content_of(part: Message) -> bytes:
    """Return the bytes of a part in any transfer encoding."""
    with contextlib.suppress(Exception):
        payload = part.get_payload(decode=True)
        return payload if isinstance(payload, bytes) else b""
    return b""


def utf8_of(part: Message, most_bytes: int | None = None) -> bytes:
    """Return the text of a part in UTF-8; unchanged for an unknown character set."""
    body = content_of(part)[:most_bytes]
    with contextlib.suppress(Exception):
        return body.decode(part.get_content_charset() or "utf-8", "replace").encode()
    return body
