"""Bounces: which letter came back, and why. RFC 3464 (report), RFC 3463 (codes), RFC 6522 (multipart)."""

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
    """A report on one recipient; `action`: failed, delayed, delivered ..; `letter_id`: ours by its mark."""

    letter_id: int | None
    recipient: str
    action: str
    status: str
    diagnostic: str

    @property
    def permanent(self) -> bool:
        """Return whether the address itself fails (class 5), not only for now (class 4)."""
        return self.action == "failed" and self.status.startswith("5")


def bounce(parsed: Parsed) -> Bounce | None:
    """Read the delivery report of an e-mail, of several recipients the first failure; None for none."""
    message = parsed.message
    if message.get_content_type() != "multipart/report":
        return None
    reports = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    if not reports:
        return None
    letter = _letter(parsed)
    found = [_told(block, letter) for report in reports[:5] for block in _blocks(report)]
    told = [one for one in found if one is not None]
    if not told:
        return Bounce(letter, "", "failed", "", parsed.text[:300])
    return next((one for one in told if one.action == "failed"), told[0])


def _blocks(report: Message) -> list[Message]:
    payload = report.get_payload()
    return (
        [block for block in payload[:50] if isinstance(block, Message)] if isinstance(payload, list) else []
    )


def _field(block: Message, name: str) -> str:
    value = str(block.get(name, ""))
    return clean(value.replace("\n", " "), 400)


def _told(block: Message, letter: int | None) -> Bounce | None:
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
    """Find the letter by the signed address of the report, else by the returned Message-ID."""
    for text in (*parsed.recipients, *parsed.references):
        if found := letters.letter_id(text):
            return found
    for part in parsed.message.walk():
        kind = part.get_content_type()
        if kind == "text/rfc822-headers":
            if found := letters.letter_id(_returned_id(content_of(part))):
                return found
        elif kind == "message/rfc822":
            inner: Any = part.get_payload()
            if (
                isinstance(inner, list)
                and inner
                and (found := letters.letter_id(header(inner[0], "Message-ID")))
            ):
                return found
    return None


def _returned_id(headers: bytes) -> str:
    line = re.search(rb"(?im)^message-id:[ \t]*(?:\r?\n[ \t]+)?(\S{1,500})", headers[:100_000])
    return line[1].decode("ascii", "replace") if line else ""
