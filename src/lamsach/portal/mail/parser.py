"""From the bytes of an e-mail to the few things that the portal keeps of it.

Everything in it is hostile: headers, HTML, nesting, character sets.

RFC 5322 (message), RFC 2045 to 2049 (MIME), RFC 3834 (automatic answers), RFC 2919 (lists).
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr

from lamsach.documents.html import SafeParser
from lamsach.documents.mail import content_of, kind_of, name_of, utf8_of
from lamsach.errors import InputError, LimitError
from lamsach.i18n import mark
from lamsach.portal.base.uploads import Kept

LARGEST_BYTES = 30_000_000
MOST_PARTS = 200
MOST_TEXT = 50_000
MOST_FILES = 20
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_QUOTE = re.compile(
    r"^(?:-{2,}\s*(?:Original Message|Thư gốc|Tin nhắn gốc|Forwarded message)\b.*"
    r"|(?:On|Vào|Lúc|Ngày) .{5,200}(?:wrote|đã viết|viết):\s*"
    r"|_{20,}\s*)$",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class File:
    """An attachment: the name as given and the content."""

    name: str
    content: bytes


@dataclass(slots=True)
class Parsed:
    """Facts of an e-mail; `key` is the same for one message that came by two ways."""

    key: str
    sender: str
    name: str
    subject: str
    text: str
    recipients: list[str]
    references: list[str]
    automatic: bool
    message: EmailMessage
    files: list[File] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    """The files as they are stored, where something takes them."""
    refused: list[str] = field(default_factory=list)
    """The names of those that may not be stored."""


def clean(text: str, most: int) -> str:
    """Text without control letters, direction marks and half surrogates, cut to a length."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))[:most].strip()


def parse(raw: bytes) -> Parsed:
    """Read an e-mail. LimitError when it is too large, InputError when it is none."""
    if len(raw) > LARGEST_BYTES:
        raise LimitError(mark("The e-mail is larger than allowed."))
    try:
        made: EmailMessage = email.message_from_bytes(raw, policy=email.policy.default)
        parts = list(_parts(made))
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError) as problem:
        raise InputError(mark("The e-mail cannot be read.")) from problem
    name, sender = one_address(header(made, "From")[:1000])
    text = _text(parts)
    body = hashlib.sha256(text.encode()).hexdigest()
    identity = header(made, "Message-ID") or hashlib.sha256(raw).hexdigest()
    return Parsed(
        key=hashlib.sha256("\0".join((identity, sender.lower(), body)).encode()).hexdigest(),
        sender=_address(sender),
        name=clean(name.replace("\n", " "), 200),
        subject=clean(header(made, "Subject").replace("\n", " "), 200),
        text=text,
        recipients=[
            value for each in ("To", "Cc", "Delivered-To", "X-Original-To") for value in headers(made, each)
        ],
        references=[header(made, "In-Reply-To"), header(made, "References")],
        automatic=_is_automatic(made),
        message=made,
        files=_files(parts),
    )


def one_address(text: str) -> tuple[str, str]:
    """Name and address of a header with one address; empty for none or several, which may deceive.

    Python does so itself from 3.13 on (CVE-2023-27043).
    """
    try:
        return parseaddr(text) if len(getaddresses([text])) <= 1 else ("", "")
    except RecursionError:  # thousands of brackets within each other
        return "", ""


def header(message: EmailMessage, name: str) -> str:
    """A header as text; empty when it is missing or broken beyond reading."""
    return next(iter(headers(message, name)), "")


def headers(message: EmailMessage, name: str) -> list[str]:
    """All headers of a name (at most 20)."""
    found: list[str] = []
    try:
        found = [str(value) for value in message.get_all(name, [])[:20]]
    except Exception:  # noqa: BLE001 - the library fails in many ways on hostile values; the raw value does
        for key, value in message.raw_items():
            if key.lower() == name.lower():
                found.append(str(value))
    return [clean(value.replace("\n", " "), 2000) for value in found[:20]]


def _address(text: str) -> str:
    text = clean(text, 254).lower()
    return text if re.fullmatch(r"[^\s@<>\"(),:;]{1,64}@[^\s@<>\"(),:;]{1,189}", text) else ""


def _is_automatic(message: EmailMessage) -> bool:
    """Return whether a program wrote it (RFC 3834 section 2, and older marks): it is never answered."""
    submitted = header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    precedence = header(message, "Precedence").strip().lower()
    return (
        submitted not in ("", "no")
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or header(message, "Return-Path").replace(" ", "") == "<>"
        or any(
            header(message, name)
            for name in ("List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond", "X-Loop")
        )
    )


def _parts(message: EmailMessage) -> Iterator[EmailMessage]:
    for number, part in enumerate(message.walk()):
        if number >= MOST_PARTS:
            return
        if not part.is_multipart() and isinstance(part, EmailMessage):
            yield part


def _text(parts: list[EmailMessage]) -> str:
    plain = [part for part in parts if kind_of(part) == "text/plain" and not name_of(part)]
    if plain:
        return without_quotes(clean(_text_of(plain[0]), MOST_TEXT))
    for part in parts:
        if kind_of(part) == "text/html" and not name_of(part):
            return without_quotes(clean(from_html(_text_of(part)), MOST_TEXT))
    return ""


def _files(parts: list[EmailMessage]) -> list[File]:
    found = [File(name_of(part), content_of(part)) for part in parts if name_of(part)]
    return [file for file in found if file.content][:MOST_FILES]


def _text_of(part: EmailMessage) -> str:
    return utf8_of(part, MOST_TEXT * 8).decode("utf-8", "replace")


def without_quotes(text: str) -> str:
    """A reply without the letter that it quotes; the whole when nothing else is there."""
    cut = _QUOTE.search(text)
    own = text[: cut.start()] if cut else text
    lines = own.rstrip().split("\n")
    while lines and (lines[-1].startswith(">") or not lines[-1].strip()):
        lines.pop()
    return "\n".join(lines).strip() or text


class _Words(SafeParser):
    """Collects the words of an HTML text; scripts, styles and all markup are dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A new line for blocks; silence for what is no text."""
        if tag in ("script", "style", "head", "title", "template"):
            self._hidden += 1
        elif tag in ("p", "br", "div", "tr", "li", "h1", "h2", "h3", "blockquote"):
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """The end of what is no text."""
        if tag in ("script", "style", "head", "title", "template"):
            self._hidden = max(self._hidden - 1, 0)

    def handle_data(self, data: str) -> None:
        """Words."""
        if not self._hidden:
            self.said.append(re.sub(r"\s+", " ", data))


def from_html(text: str) -> str:
    """The words of an HTML text, with line ends where blocks begin."""
    reader = _Words()
    with contextlib.suppress(Exception):  # what was read so far is kept
        reader.read(text)
    lines = (line.strip() for line in "".join(reader.said).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
