"""Questions by e-mail, and answers to them."""

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
def word_of_the_asker(incoming: Incoming, letter: Letter | None, parsed: Parsed) -> str:
    """Add an asker's answer as their word if it is from their own address, else as a note."""
    question = _question(letter)
    if question is None:
        return new_question(incoming, letter, parsed)
    if incoming.sender == question.email.lower():
        desk.add(question, _text(parsed), parsed.kept)
    else:
        desk.attach(question, parsed.kept)
        desk.answer(question, None, _text(parsed), internal=True, who=incoming.sender)
    return f"question:{question.pk}"


@reply_handler("desk", files=False)
def word_of_the_desk(incoming: Incoming, letter: Letter | None, parsed: Parsed) -> str:
    """Send the desk's answer to the asker if it is from the desk's address, else keep it as a note."""
    question = _question(letter)
    if question is None or letter is None:
        return ""
    text = _text(parsed)
    own = incoming.sender == letter.to.lower()
    desk.answer(question, None, text, internal=not own, who=question.unit.name if own else incoming.sender)
    return f"question:{question.pk}"


@reply_handler("")
def new_question(incoming: Incoming, letter: Letter | None, parsed: Parsed) -> str:
    """An e-mail that answers nothing, or a letter of no other kind: a new question."""
    unit = (letter.unit if letter else None) or _unit_for(incoming.sender)
    return ask(incoming, parsed, unit) if unit is not None else ""


def ask(incoming: Incoming, parsed: Parsed, unit: Unit) -> str:
    """A new question from an e-mail to a unit's desk."""
    incoming.unit = unit
    question = Question(
        unit=unit,
        name=parsed.name[:200],
        email=incoming.sender,
        subject=(parsed.subject or parsed.text or _("Question by e-mail"))[:200],
        text=_text(parsed) or parsed.subject,
    )
    made = desk.ask(
        question, f"mail:{parsed.key[:38]}", parsed.kept, receipt=may_get_receipt(incoming.sender)
    )
    return f"question:{made.pk}"


def _unit_for(sender: str) -> Unit | None:
    """Desk of a known sender: the unit above theirs, else the leader, else the root. Gives no rights."""
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
