"""Dispatches that another portal or system sent: they become dispatches of a campaign here, at the units that they were sent to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils import timezone

from lamsach.portal.base import tokens
from lamsach.portal.base.uploads import Kept
from lamsach.portal.campaigns.deadline_statements import state_for
from lamsach.portal.campaigns.models import (
    Attachment,
    Campaign,
    Dispatch,
    How,
    Recipient,
    Step,
    StepKind,
)
from lamsach.portal.campaigns.sending import take, take_part
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today


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
    """Add the dispatch as sent, with its files and recipients, who take part from today. Inside the caller's transaction."""
    made = Dispatch.objects.create(
        campaign=campaign,
        issuer=issuer,
        created_by=by,
        once=tokens.nonce(),
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
        Step.objects.create(
            recipient=recipient,
            kind=StepKind.WROTE,
            at=timezone.now(),
            day=today(),
            who=who[:254],
            how=how,
            note="" if number else text,
            evidence_name=file.name if file else "",
            evidence_path=file.path if file else "",
            evidence_sha256=file.sha256 if file else "",
        )
