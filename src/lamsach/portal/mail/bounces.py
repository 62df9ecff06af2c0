"""Delivery status notifications: RFC 3464 (report), RFC 3463 (codes), RFC 6522 (multipart)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from typing import Any

from lamsach.documents.mail import content_of
from lamsach.portal.mail import letters
from lamsach.portal.mail.parser import Parsed, clean, header, one_address

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Bounce:
    """Report on one recipient; `action`: failed, delayed, delivered ...; `letter_id`: by its mark."""

    letter_id: int | None
    recipient: str
    action: str
    status: str
    diagnostic: str

    @property
    def permanent(self) -> bool:
        """Return whether the failure is permanent (class 5), not transient (class 4)."""
        return self.action == "failed" and self.status.startswith("5")


def bounce(parsed: Parsed) -> Bounce | None:
    """Read a delivery report, of several recipients the first failed one; None if it is not a report."""
    message = parsed.message
    if message.get_content_type() != "multipart/report":
        return None
    reports = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    if not reports:
        return None
    letter = _letter(parsed)
    parsed_blocks = [_recipient(block, letter) for report in reports[:5] for block in _blocks(report)]
    bounces = [found for found in parsed_blocks if found is not None]
    if not bounces:
        return Bounce(letter, "", "failed", "", parsed.text[:300])
    return next((found for found in bounces if found.action == "failed"), bounces[0])


def _blocks(report: Message) -> list[Message]:
    payload = report.get_payload()
    return (
        [block for block in payload[:50] if isinstance(block, Message)] if isinstance(payload, list) else []
    )


def _field(block: Message, name: str) -> str:
    value = str(block.get(name, ""))
    return clean(value.replace("\n", " "), 400)


def _recipient(block: Message, letter: int | None) -> Bounce | None:
    action = _field(block, "Action").lower().partition(" ")[0]
    if not action:
        return None
    address = _field(block, "Final-Recipient") or _field(block, "Original-Recipient")
    address = one_address(address.rpartition(";")[2])[1].lower()[:254]
    diagnostic = _field(block, "Diagnostic-Code").partition(";")[2].strip() or _field(
        block, "Diagnostic-Code"
    )
    status = _STATUS.search(_field(block, "Status")) or _STATUS.search(diagnostic)
    return Bounce(letter, address, action, status[0] if status else "", diagnostic)


def _letter(parsed: Parsed) -> int | None:
    """Find the letter by the signed address that the report was sent to, else by its Message-ID."""
    for text in (*parsed.recipients, *parsed.references):
        if letter_id := letters.letter_id(text):
            return letter_id
    for part in parsed.message.walk():
        kind = part.get_content_type()
        if kind == "text/rfc822-headers":
            if letter_id := letters.letter_id(_returned_id(content_of(part))):
                return letter_id
        elif kind == "message/rfc822":
            inner: Any = part.get_payload()
            if (
                isinstance(inner, list)
                and inner
                and (letter_id := letters.letter_id(header(inner[0], "Message-ID")))
            ):
                return letter_id
    return None


def _returned_id(headers: bytes) -> str:
    line = re.search(rb"(?im)^message-id:[ \t]*(?:\r?\n[ \t]+)?(\S{1,500})", headers[:100_000])
    return line[1].decode("ascii", "replace") if line else ""
