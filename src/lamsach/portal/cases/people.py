"""The person who uses the machine: a plain letter with steps and a link, and what they answer. An answer is a note, not a proof."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_noop

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.base import links
from lamsach.portal.base.links import absolute
from lamsach.portal.cases.models import Case, CaseState, Note
from lamsach.portal.cases.states import may_move, move
from lamsach.portal.mail.letters import queue_letter

PURPOSE = "machine"
TOLD = gettext_noop("A letter goes to the person who uses the machine.")
ANSWERS = {
    "ran": gettext_noop("The person says: I ran the tool."),
    "help": gettext_noop("The person says: I need help."),
    "other": gettext_noop("The person says: this is not my machine."),
}


def address_of(case: Case) -> str:
    """The person's own link."""
    return absolute("cases:person", token=links.sign(PURPOSE, f"{case.pk}-{int(case.created.timestamp())}"))


def find(token: str) -> Case | None:
    """The case behind a link, or None."""
    word = links.read(PURPOSE, token) or ""
    number, _, stamp = word.partition("-")
    if not number.isdigit():
        return None
    case = (
        Case.objects.filter(pk=int(number), superseded=None)
        .select_related("unit", "campaign", "device")
        .first()
    )
    return case if case is not None and str(int(case.created.timestamp())) == stamp else None


def words_of(case: Case) -> dict[str, Any]:
    """Return what stands in the letter, by e-mail and on paper."""
    unit = case.unit
    return {
        "name": case.person_name,
        "machine": str(case.device),
        "unit": unit.name,
        "number": case.number,
        "address": address_of(case),
        "tools": absolute("public:clean"),
        "contact": unit.contact,
        "issuer": unit.name,
    }


@transaction.atomic
def tell(case: Case, by: HttpRequest) -> None:
    """Queue the letter and mark a new case as told. InputError without an address."""
    if not case.person_email:
        raise InputError(mark("The e-mail address of the person is missing."), case.number)
    unit = case.unit
    sent = case.steps.filter(why=TOLD).count() + case.notes.filter(text=TOLD).count()
    queue_letter(
        "machine",
        to=case.person_email,
        key=f"machine:{case.pk}:{sent}",
        language=settings.LANGUAGE_CODE,
        unit=unit,
        context=words_of(case),
    )
    if may_move(case, CaseState.TOLD):
        move(case, CaseState.TOLD, by, TOLD)
    else:
        Note.objects.create(case=case, user=by.user, who=str(by.user), text=TOLD)  # type: ignore[misc]
    record(by, "case.letter", case, unit)


def answer(case: Case, what: str, words: str) -> None:
    """Keep what the person says."""
    if what in ANSWERS:
        Note.objects.create(
            case=case,
            who=case.person_name,
            text=ANSWERS[what],
            details={"words": words[:2000].replace("\x00", "")},
        )
