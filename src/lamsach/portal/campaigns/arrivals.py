"""Dispatches from other portals or systems, and answers by e-mail, filed at their units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils import timezone

from lamsach.portal.base import links
from lamsach.portal.base.uploads import StoredFile
from lamsach.portal.campaigns.deadline_moves import apply_stated_for
from lamsach.portal.campaigns.dispatches import note_step, take, take_part
from lamsach.portal.campaigns.models import Attachment, Dispatch, How, Recipient, StepKind
from lamsach.portal.mail.inbox import reply_handler
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.mail.parser import Parsed
from lamsach.portal.units.models import Unit


def receive(dispatch: Dispatch, units: Sequence[Unit], files: Iterable[StoredFile], by: Any) -> None:
    """Save a dispatch as sent, with files and recipients, who participate from today. In a transaction."""
    dispatch.created_by, dispatch.once, dispatch.sent = by, links.nonce(), timezone.now()
    dispatch.save()
    Attachment.objects.bulk_create(Attachment(dispatch=dispatch, **asdict(file)) for file in files)
    Recipient.objects.bulk_create(Recipient(dispatch=dispatch, unit=unit) for unit in units)
    take_part(dispatch.campaign, units)
    apply_stated_for(dispatch, units, by)


def note_message(
    recipient: Recipient, who: str, how: How, text: str, files: Iterable[StoredFile] = ()
) -> None:
    """Record a unit's message and files in its history, in the caller's transaction."""
    take(recipient, StepKind.OPENED, how=how, who=who)
    for number, file in enumerate([*files] or [None]):
        note_step(recipient, StepKind.WROTE, how, who=who, note="" if number else text, evidence=file)


@reply_handler("recipient")
def answer_to_dispatch(incoming: Incoming, letter: Letter | None, parsed: Parsed) -> str:
    """Record the e-mail and its files in the history of the letter's unit."""
    number = int(letter.about.partition(":")[2] or 0) if letter else 0
    recipient = Recipient.objects.filter(pk=number).select_related("unit", "dispatch__campaign").first()
    if recipient is None:
        return ""
    text = "\n\n".join(part for part in (parsed.subject, parsed.text) if part)
    if parsed.refused:
        text += "\n\n[" + ", ".join(parsed.refused)[:500] + "]"
    with transaction.atomic():
        note_message(recipient, incoming.sender, How.MAIL, text, parsed.stored)
    return f"recipient:{recipient.pk}"
