"""Dispatch or status message in edXML (QCVN 102:2016/BTTTT)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Day  # noqa: N812 - fields are called `date`
from datetime import datetime
from typing import Any

from lamsach.channels.signature import UNSIGNED, Signature


@dataclass(frozen=True, slots=True)
class Organ:
    """Sending or receiving body."""

    id: str = ""
    name: str = ""
    in_charge: str = ""
    address: str = ""
    email: str = ""
    telephone: str = ""
    fax: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """Document that a message answers (`ResponseFor`)."""

    organ_id: str = ""
    number: str = ""
    notation: str = ""
    date: Day | None = None
    document_id: str = ""


@dataclass(frozen=True, slots=True)
class Staff:
    """Person who handled a message."""

    department: str = ""
    name: str = ""
    mobile: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Hop:
    """System that forwarded the message, and the time (Vietnam's clock)."""

    organ_id: str
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Attachment:
    """Attached file. `name` is safe as a file name, and unique in the message."""

    name: str
    content: bytes = field(repr=False)
    type: str = ""
    description: str = ""
    signature: Signature = UNSIGNED
    """Verdict on a signature inside the file, which only a PDF has."""

    @property
    def sha256(self) -> str:
        """Digest of the content, in lower-case hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Message:
    """Dispatch (`kind` new, revoke, update, replace) or status message (`kind` status).

    Fields that the file does not state are empty.
    """

    kind: str = ""
    document_id: str = ""
    number: str = ""
    notation: str = ""
    place: str = ""
    date: Day | None = None
    due: Day | None = None
    subject: str = ""
    content: str = ""
    type: str = ""
    signer_position: str = ""
    signer_name: str = ""
    to_places: tuple[str, ...] = ()
    status: str = ""
    """Status code, two digits."""
    reason: str = ""
    """Reason for revoking, updating or replacing a dispatch; description of a status message."""
    time: datetime | None = None
    """Time of a status, on Vietnam's clock."""
    sender: Organ = Organ()
    recipients: tuple[Organ, ...] = ()
    responds_to: tuple[Answered, ...] = ()
    staff: Staff = Staff()
    trace: tuple[Hop, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    missing: tuple[str, ...] = ()
    """Files in the manifest that the message does not contain."""
    signature: Signature = UNSIGNED

    @property
    def identity(self) -> str:
        """Document id: as stated, else built from sender, day and number by the regulation's rule."""
        return self.document_id or build_id(self.sender.id, self.date, self.number, self.notation)

    @property
    def code(self) -> str:
        """Number and notation as printed: `7816/VPCP-TTĐT`."""
        return "/".join(filter(None, (self.number, self.notation)))


def build_id(organ_id: str, day: Day | None, number: str, notation: str) -> str:
    """Build `<OrganId>,<yyyy/MM/dd>,<number>/<notation>`; empty without number and notation."""
    code = "/".join(filter(None, (number, notation)))
    return f"{organ_id},{day:%Y/%m/%d},{code}" if code and day and organ_id else ""


def as_mapping(message: Message) -> dict[str, Any]:
    """Convert the message for JSON: days in ISO form, empty values omitted, lists always present."""
    return {
        **_non_empty(
            {
                "document_id": message.document_id,
                "number": message.number,
                "notation": message.notation,
                "date": message.date and message.date.isoformat(),
                "due": message.due and message.due.isoformat(),
                "subject": message.subject,
                "type": message.type,
                "kind": message.kind,
                "status": message.status,
                "reason": message.reason,
                "time": message.time and message.time.isoformat(),
                "from": _organ(message.sender),
            }
        ),
        "to": [_organ(organ) for organ in message.recipients],
        "responds_to": [_answered(answered) for answered in message.responds_to],
        "signature": message.signature.verdict,
        **_non_empty({"signature_reason": message.signature.reason, "signed_by": message.signature.signer}),
        "attachments": [_attachment(attachment) for attachment in message.attachments],
        **_non_empty({"missing": list(message.missing)}),
    }


def _non_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _organ(organ: Organ) -> dict[str, str]:
    return _non_empty({"id": organ.id, "name": organ.name})


def _answered(answered: Answered) -> dict[str, str]:
    return _non_empty(
        {
            "document_id": answered.document_id,
            "id": answered.organ_id,
            "number": answered.number,
            "notation": answered.notation,
            "date": answered.date and answered.date.isoformat(),
        }
    )


def _attachment(attachment: Attachment) -> dict[str, Any]:
    stated = _non_empty({"name": attachment.name, "type": attachment.type})
    signed = attachment.signature.verdict != "none"
    inside = {"signature": attachment.signature.verdict} if signed else {}
    return {**stated, "size": len(attachment.content), "sha256": attachment.sha256, **inside}
