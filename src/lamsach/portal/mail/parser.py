"""Parser of hostile e-mails: RFC 5322, RFC 2045-2049 (MIME), RFC 3834 (automatic), RFC 2919 (lists)."""

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
from lamsach.portal.base.uploads import StoredFile

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
    """Attachment with its stated name."""

    name: str
    content: bytes


@dataclass(slots=True)
class Parsed:
    """Parsed e-mail; `key` is equal for copies of a message that arrived by several ways."""

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
    stored: list[StoredFile] = field(default_factory=list)
    """Attachments that were stored."""
    refused: list[str] = field(default_factory=list)
    """Names of attachments that were rejected."""


def clean(text: str, most: int) -> str:
    """Remove control characters, direction marks and lone surrogates, and truncate."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))[:most].strip()


def parse(raw: bytes) -> Parsed:
    """Parse an e-mail. LimitError if too large, InputError if unreadable."""
    if len(raw) > LARGEST_BYTES:
        raise LimitError(mark("The e-mail is larger than allowed."))
    try:
        message: EmailMessage = email.message_from_bytes(raw, policy=email.policy.default)
        parts = list(_parts(message))
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError) as problem:
        raise InputError(mark("The e-mail cannot be read.")) from problem
    name, sender = one_address(header(message, "From")[:1000])
    text = _text(parts)
    body = hashlib.sha256(text.encode()).hexdigest()
    identity = header(message, "Message-ID") or hashlib.sha256(raw).hexdigest()
    return Parsed(
        key=hashlib.sha256("\0".join((identity, sender.lower(), body)).encode()).hexdigest(),
        sender=_address(sender),
        name=clean(name.replace("\n", " "), 200),
        subject=clean(header(message, "Subject").replace("\n", " "), 200),
        text=text,
        recipients=[
            value
            for each in ("To", "Cc", "Delivered-To", "X-Original-To")
            for value in headers(message, each)
        ],
        references=[header(message, "In-Reply-To"), header(message, "References")],
        automatic=_is_automatic(message),
        message=message,
        files=_files(parts),
    )


def one_address(text: str) -> tuple[str, str]:
    """Return (name, address) of a header; empty unless it has exactly one address (CVE-2023-27043).

    Python itself does so from 3.13 on.
    """
    try:
        return parseaddr(text) if len(getaddresses([text])) <= 1 else ("", "")
    except RecursionError:  # thousands of brackets within each other
        return "", ""


def header(message: EmailMessage, name: str) -> str:
    """Return a header as text, or ""."""
    return next(iter(headers(message, name)), "")


def headers(message: EmailMessage, name: str) -> list[str]:
    """Return up to 20 headers of a name."""
    values: list[str] = []
    try:
        values = [str(value) for value in message.get_all(name, [])[:20]]
    except Exception:  # noqa: BLE001 - the library fails in many ways on hostile values; the raw value does
        for key, value in message.raw_items():
            if key.lower() == name.lower():
                values.append(str(value))
    return [clean(value.replace("\n", " "), 2000) for value in values[:20]]


def _address(text: str) -> str:
    text = clean(text, 254).lower()
    return text if re.fullmatch(r"[^\s@<>\"(),:;]{1,64}@[^\s@<>\"(),:;]{1,189}", text) else ""


def _is_automatic(message: EmailMessage) -> bool:
    """Return whether a program sent the message (RFC 3834 section 2, and older headers)."""
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
    files = [File(name_of(part), content_of(part)) for part in parts if name_of(part)]
    return [file for file in files if file.content][:MOST_FILES]


def _text_of(part: EmailMessage) -> str:
    return utf8_of(part, MOST_TEXT * 8).decode("utf-8", "replace")


def without_quotes(text: str) -> str:
    """Return a reply without the quoted letter; all of the text if nothing else remains."""
    cut = _QUOTE.search(text)
    own = text[: cut.start()] if cut else text
    lines = own.rstrip().split("\n")
    while lines and (lines[-1].startswith(">") or not lines[-1].strip()):
        lines.pop()
    return "\n".join(lines).strip() or text


class _HtmlText(SafeParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line at blocks; begin to skip elements without text."""
        if tag in ("script", "style", "head", "title", "template"):
            self._hidden += 1
        elif tag in ("p", "br", "div", "tr", "li", "h1", "h2", "h3", "blockquote"):
            self.texts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """End skipping."""
        if tag in ("script", "style", "head", "title", "template"):
            self._hidden = max(self._hidden - 1, 0)

    def handle_data(self, data: str) -> None:
        """Collect text."""
        if not self._hidden:
            self.texts.append(re.sub(r"\s+", " ", data))


def from_html(text: str) -> str:
    """Convert HTML to text, with a line per block."""
    reader = _HtmlText()
    with contextlib.suppress(Exception):  # text read so far remains
        reader.read(text)
    lines = (line.strip() for line in "".join(reader.texts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
