"""Answers to dispatches that come by e-mail: they stand in the unit's history, for its coordinator to read. Only a person states deployment, so an e-mail counts as opened, no more."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from lamsach.portal.base.uploads import Kept
from lamsach.portal.campaigns.models import How, Recipient, Step, StepKind
from lamsach.portal.campaigns.sending import take
from lamsach.portal.mail.incoming import lands_at
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.mail.parsing import Parsed
from lamsach.portal.units.tree import today


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
    _note(recipient, incoming.sender, text, parsed.kept)
    return f"recipient:{recipient.pk}"


@transaction.atomic
def _note(recipient: Recipient, sender: str, text: str, files: list[Kept]) -> None:
    take(recipient, StepKind.OPENED, how=How.MAIL, who=sender)
    for number, file in enumerate(files or [None]):
        Step.objects.create(
            recipient=recipient,
            kind=StepKind.WROTE,
            at=timezone.now(),
            day=today(),
            who=sender,
            how=How.MAIL,
            note="" if number else text,
            evidence_name=file.name if file else "",
            evidence_path=file.path if file else "",
            evidence_sha256=file.sha256 if file else "",
        )
