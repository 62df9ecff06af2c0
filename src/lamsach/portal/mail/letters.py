"""Letters: queueing, texts by templates `mail/letters/KIND.txt` (first line: subject), signed marks."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.html import escape
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext

from lamsach.portal.base.links import nonce
from lamsach.portal.jobs.claims import moment
from lamsach.portal.mail.models import Common, Letter

BATCH = 1000
PRODUCT = "Làm sạch"
LONGEST_SHOWN = 60
"""Shown characters of a URL; the link is complete."""
REFUSABLE = {"awareness": "address", "awareness_reminder": "address", "daily": "off"}
"""Kinds that a recipient may unsubscribe from, with the context's key of the URL (RFC 2369)."""
_LINK = re.compile(r"https?://[^\s<>\"]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(slots=True)
class Draft:
    """Letter to queue; `context` and shared `common` hold JSON values; `at`: earliest time (default: now)."""

    kind: str
    to: str
    key: str
    context: dict[str, Any]
    language: str = "vi"
    unit_id: int | None = None
    attachments: list[dict[str, str]] = field(default_factory=list)
    about: str = ""
    at: datetime | None = None
    common: Common | None = None


_FIELDS = [row.name for row in fields(Draft) if row.name != "at"]


def queue(drafts: Iterable[Draft]) -> None:
    """Queue letters; those with an existing key are ignored."""
    now = moment()
    Letter.objects.bulk_create(
        [
            Letter(
                **{name: getattr(draft, name) for name in _FIELDS},
                created=draft.at or now,
                next_attempt=draft.at or now,
            )
            for draft in drafts
            if draft.to
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )


def queue_letter(kind: str, *, unit: Any = None, **stated: Any) -> None:
    """Queue a letter with these fields of a `Draft`."""
    queue([Draft(kind, unit_id=unit.pk if unit is not None else None, **stated)])


# chiến dịch "Chiến dịch làm sạch mã độc 2026"
_TWICE = re.compile(r"chiến dịch (?=[\"“]Chiến dịch )|campaign (?=[\"“]Campaign )")


def render(letter: Letter) -> tuple[str, str]:
    """Render subject (one line) and text in the recipient's language."""
    context = _context(letter)
    with translation.override(letter.language):
        rendered = _TWICE.sub("", render_to_string(f"mail/letters/{letter.kind}.txt", context))
    subject, _, text = rendered.partition("\n")
    return _CONTROL.sub(" ", subject).strip()[:250], re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _context(letter: Letter) -> dict[str, Any]:
    """Context of the letter's template; `contact` defaults to that of the parent of the letter's unit."""
    context = {**(letter.common.context if letter.common else {}), **letter.context}
    if letter.unit is not None:
        context.setdefault("contact", (letter.unit.parent or letter.unit).contact)
    return context


def subject(letter: Letter) -> str:
    """Return the sent subject, or the rendered one; "–" for a cancelled letter without context."""
    if letter.subject or not (letter.context or letter.common):
        return letter.subject or "–"
    return render(letter)[0]


_BODY = (
    "font-family:Arial,'Noto Sans',sans-serif;font-size:16px;line-height:1.5;color:#1b2124;max-width:640px"
)
_BUTTON = "display:inline-block;padding:10px 16px;background:#0b5563;color:#ffffff;border-radius:6px"


def html(text: str, language: str) -> str:
    """Render a text as simple HTML: paragraphs, lists (lines that begin with "- "), links.

    A URL alone on its line becomes a button with the host shown below it.
    """
    parts = []
    for paragraph in text.strip().split("\n\n"):
        lines = paragraph.split("\n")
        points = [line[2:] for line in lines if line.startswith("- ")]
        if points and len(points) == len(lines):
            parts.append("<ul>" + "".join(f"<li>{_linked(point)}</li>" for point in points) + "</ul>")
        else:
            parts.append(f"<p>{'<br>'.join(_line(line, language) for line in lines)}</p>")
    body = "\n".join(part.replace("<br>", "<br>\n") for part in parts)
    return f'<!doctype html><html lang="{language}"><body style="{_BODY}">\n{body}\n</body></html>\n'


def _line(line: str, language: str) -> str:
    if _LINK.fullmatch(line.strip()):
        address, host = escape(line.strip()), escape(urlsplit(line.strip()).netloc)
        with translation.override(language):
            text = escape(gettext("Open the page"))
        return f'<a href="{address}" title="{address}" style="{_BUTTON}">{text}</a><br><small>{host}</small>'
    return _linked(line)


def _linked(text: str) -> str:
    pieces, end = [], 0
    for match in _LINK.finditer(text):
        address, shown = escape(match[0]), escape(Truncator(match[0]).chars(LONGEST_SHOWN))
        pieces += [escape(text[end : match.start()]), f'<a href="{address}">{shown}</a>']
        end = match.end()
    return "".join([*pieces, escape(text[end:])])


def message(letter: Letter) -> EmailMessage:
    """Build the e-mail; its Message-ID is derived from number and creation time, the same on a retry."""
    subject, text = render(letter)
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = subject
    mail["From"] = formataddr(_sender(letter))
    mail["To"] = letter.to
    mail["Date"] = format_datetime(letter.created)
    mail["Message-ID"] = message_id(letter.pk, int(letter.created.timestamp()))
    if address := reply_address(letter.pk):
        mail["Reply-To"] = address
    mail["Auto-Submitted"] = "auto-generated"
    if letter.kind in REFUSABLE:
        mail["List-Unsubscribe"] = f"<{letter.context.get(REFUSABLE[letter.kind], '')}>"
    mail["Content-Language"] = letter.language
    mail.set_content(text)
    mail.add_alternative(html(text, letter.language), subtype="html")
    for attachment in letter.attachments:
        pdf = attachment["name"].lower().endswith(".pdf")
        with default_storage.open(attachment["path"], "rb") as file:
            mail.add_attachment(
                file.read(),
                maintype="application",
                subtype="pdf" if pdf else "octet-stream",
                filename=attachment["name"],
            )
    return mail


def _sender(letter: Letter) -> tuple[str, str]:
    """Name and address of the sender; the context's issuer or sender overrides the name of the settings."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    context = _context(letter)
    return _CONTROL.sub(" ", context.get("issuer") or context.get("sender") or name or PRODUCT), address


_MARK = re.compile(r"l(\d{1,18})-([a-z2-7]{16})")


def mark_of(letter_id: int) -> str:
    """Return the signed mark of a letter."""
    digest = salted_hmac("lamsach.mail", str(letter_id), algorithm="sha256").digest()[:10]
    return f"l{letter_id}-{base64.b32encode(digest).decode().lower()}"


def letter_id(text: str) -> int | None:
    """Return the number of the first valid mark in the first 2,000 characters of a text, or None."""
    for match in _MARK.finditer(text[:2000].lower()):
        if constant_time_compare(mark_of(int(match[1])), match[0]):
            return int(match[1])
    return None


def reply_address(letter_id: int) -> str:
    """Return the address for replies and bounces: LAMSACH_MAIL_REPLY with the mark; "" if not set."""
    pattern: str = settings.MAIL_REPLY
    return pattern.replace("{tag}", mark_of(letter_id)) if "{tag}" in pattern else ""


def message_id(letter_id: int, stamp: int) -> str:
    """Return the Message-ID; `stamp` (creation time) differs when a person sends the letter again."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "lamsach.invalid"
    return f"<{mark_of(letter_id)}.{stamp}@{host}>"


class QueueBackend(BaseEmailBackend):
    """Django e-mail backend that queues one letter per recipient."""

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        """Queue the messages; return their count."""
        queue(
            Draft(
                "plain",
                to=address,
                key=f"plain:{nonce()}",
                context={"subject": " ".join(str(mail.subject).split()), "text": str(mail.body)},
                language=(get_language() or "vi")[:2],
            )
            for mail in email_messages
            for address in mail.recipients()
        )
        return len(email_messages)
