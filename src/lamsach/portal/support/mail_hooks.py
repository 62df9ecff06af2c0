"""Mail hooks of support: questions by e-mail, and replies of askers and desks."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from lamsach.portal.mail.inbox import may_get_receipt, reply_handler
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.mail.parser import Parsed
from lamsach.portal.support import desk
from lamsach.portal.support.models import Question
from lamsach.portal.units.models import FOREVER, Membership, Unit


def _question(letter: Letter | None) -> Question | None:
    number = int(letter.about.partition(":")[2] or 0) if letter else 0
    return Question.objects.filter(pk=number, erased=None).select_related("unit").first()


def _text(parsed: Parsed) -> str:
    text = parsed.text or parsed.subject
    if parsed.refused:
        text += "\n\n" + _("Files that were not stored: {names}").format(
            names=", ".join(parsed.refused)[:500]
        )
    return text[:20_000]


@reply_handler("question")
def reply_of_asker(incoming: Incoming, letter: Letter | None, parsed: Parsed) -> str:
    """Add a reply to the question: as the asker's message if from the asker's address, else as a note."""
    question = _question(letter)
    if question is None:
        return new_question(incoming, letter, parsed)
    if incoming.sender == question.email.lower():
        desk.add(question, _text(parsed), parsed.stored)
    else:
        desk.attach(question, parsed.stored)
        desk.answer(question, None, _text(parsed), internal=True, who=incoming.sender)
    return f"question:{question.pk}"


@reply_handler("desk", files=False)
def reply_of_desk(incoming: Incoming, letter: Letter | None, parsed: Parsed) -> str:
    """Add a desk's reply: as an answer to the asker if from the desk's address, else as a note."""
    question = _question(letter)
    if question is None or letter is None:
        return ""
    text = _text(parsed)
    is_desk = incoming.sender == letter.to.lower()
    desk.answer(
        question, None, text, internal=not is_desk, who=question.unit.name if is_desk else incoming.sender
    )
    return f"question:{question.pk}"


@reply_handler("")
def new_question(incoming: Incoming, letter: Letter | None, parsed: Parsed) -> str:
    """Create a question from an e-mail that replies to no letter with a handler of its own."""
    unit = (letter.unit if letter else None) or _unit_for(incoming.sender)
    return ask(incoming, parsed, unit) if unit is not None else ""


def ask(incoming: Incoming, parsed: Parsed, unit: Unit) -> str:
    """Create a question to a unit's desk from an e-mail."""
    incoming.unit = unit
    question = Question(
        unit=unit,
        name=parsed.name[:200],
        email=incoming.sender,
        subject=(parsed.subject or parsed.text or _("Question by e-mail"))[:200],
        text=_text(parsed) or parsed.subject,
    )
    saved = desk.ask(
        question, f"mail:{parsed.key[:38]}", parsed.stored, receipt=may_get_receipt(incoming.sender)
    )
    return f"question:{saved.pk}"


def _unit_for(sender: str) -> Unit | None:
    """Desk by sender: the unit above theirs, else the campaign's owner, else the root. Grants no rights."""
    from lamsach.portal.public.views import current

    own: Any = Unit.objects.filter(email__iexact=sender, valid_until=FOREVER).order_by("code").first()
    if own is None:
        member = (
            Membership.objects.filter(user__email__iexact=sender, unit__valid_until=FOREVER)
            .select_related("unit")
            .order_by("pk")
            .first()
        )
        own = member.unit if member else None
    if own is not None:
        return own.parent or own  # type: ignore[no-any-return]
    campaign = current()
    return campaign.owner if campaign else Unit.objects.filter(parent=None).order_by("pk").first()
