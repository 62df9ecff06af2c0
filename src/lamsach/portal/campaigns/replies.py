"""Answers to dispatches that come by e-mail: they stand in the unit's history, for its coordinator to read. Only a person states deployment, so an e-mail counts as opened, no more."""

from __future__ import annotations

from django.db import transaction

from lamsach.portal.campaigns.models import How, Recipient
from lamsach.portal.campaigns.receiving import note_words
from lamsach.portal.mail.incoming import lands_at
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.mail.parsing import Parsed


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
