"""Dispatches from another portal or system, and answers by e-mail: filed at the units they are for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from lamsach.portal.base import links
from lamsach.portal.base.uploads import Kept
from lamsach.portal.campaigns.deadline_moves import state_for
from lamsach.portal.campaigns.dispatches import note_step, take, take_part
from lamsach.portal.campaigns.models import (
    Attachment,
    Campaign,
    Dispatch,
    How,
    Recipient,
    StepKind,
)
from lamsach.portal.mail.inbox import lands_at
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.mail.parser import Parsed
from lamsach.portal.units.models import Unit


def receive(
    campaign: Campaign,
    issuer: Unit,
    units: Iterable[Unit],
    files: Iterable[Kept],
    by: Any,
    *,
    number: str,
    day: date,
    subject: str,
    body: str,
    deadline: date,
) -> Dispatch:
    """Add the dispatch as sent, with files and recipients, who take part from today. In a transaction."""
    made = Dispatch.objects.create(
        campaign=campaign,
        issuer=issuer,
        created_by=by,
        once=links.nonce(),
        sent=timezone.now(),
        number=number,
        day=day,
        subject=subject,
        body=body,
        deadline=deadline,
    )
    Attachment.objects.bulk_create(
        Attachment(dispatch=made, name=one.name, path=one.path, size=one.size, sha256=one.sha256)
        for one in files
    )
    chosen = list(units)
    Recipient.objects.bulk_create(Recipient(dispatch=made, unit=unit) for unit in chosen)
    take_part(campaign, chosen)
    state_for(made, chosen, by)
    return made


def note_words(recipient: Recipient, who: str, how: How, text: str, files: Iterable[Kept] = ()) -> None:
    """Note what a unit wrote, and its files, in its history. Inside the caller's transaction."""
    take(recipient, StepKind.OPENED, how=how, who=who)
    for number, file in enumerate([*files] or [None]):
        note_step(recipient, StepKind.WROTE, how, who=who, note="" if number else text, evidence=file)


@lands_at("recipient")
def answer_to_dispatch(incoming: Incoming, letter: Letter | None, parsed: Parsed) -> str:
    """Note the e-mail and its files in the history of the unit that the letter went to."""
    number = int(letter.about.partition(":")[2] or 0) if letter else 0
    recipient = Recipient.objects.filter(pk=number).select_related("unit", "dispatch__campaign").first()
    if recipient is None:
        return ""
    text = "\n\n".join(part for part in (parsed.subject, parsed.text) if part)
    if parsed.refused:
        text += "\n\n[" + ", ".join(parsed.refused)[:500] + "]"
    with transaction.atomic():
        note_words(recipient, incoming.sender, How.MAIL, text, parsed.kept)
    return f"recipient:{recipient.pk}"
