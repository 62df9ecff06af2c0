"""People of a case: assignee and machine's user, with the letter and their answer, which proves nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.accounts.models import User
from lamsach.portal.audit.trail import record
from lamsach.portal.base import links
from lamsach.portal.base.charts import typeset
from lamsach.portal.base.links import absolute
from lamsach.portal.base.roles import WRITERS
from lamsach.portal.cases.models import Case, CaseState, Note
from lamsach.portal.cases.states import may_move
from lamsach.portal.cases.upkeep import move
from lamsach.portal.mail.letters import queue_letter
from lamsach.portal.units.tree import ancestors, today

PURPOSE = "machine"
TOLD = gettext_noop("A letter goes to the person who uses the machine.")
ANSWERS = {
    "ran": gettext_noop("The person says: I ran the tool."),
    "help": gettext_noop("The person says: I need help."),
    "other": gettext_noop("The person says: this is not my machine."),
}


def address_of(case: Case) -> str:
    """Personal link of the machine's user."""
    return absolute("cases:person", token=links.sign(PURPOSE, f"{case.pk}-{int(case.created.timestamp())}"))


def find(token: str) -> Case | None:
    """The case of a link, or None."""
    payload = links.read(PURPOSE, token) or ""
    number, _, stamp = payload.partition("-")
    if not number.isdigit():
        return None
    case = (
        Case.objects.filter(pk=int(number), superseded=None)
        .select_related("unit", "campaign", "device")
        .first()
    )
    return case if case is not None and str(int(case.created.timestamp())) == stamp else None


def letter_context(case: Case) -> dict[str, Any]:
    """Content of the letter, for e-mail and paper."""
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
def send_letter(case: Case, by: HttpRequest) -> None:
    """Queue the letter and mark a new case as notified. InputError without an address."""
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
        context=letter_context(case),
    )
    if may_move(case, CaseState.TOLD):
        move(case, CaseState.TOLD, by, TOLD)
    else:
        Note.objects.create(case=case, user=by.user, who=str(by.user), text=TOLD)  # type: ignore[misc]
    record(by, "case.letter", case, unit)


def answer(case: Case, what: str, words: str) -> None:
    """Store the person's answer."""
    if what in ANSWERS:
        Note.objects.create(
            case=case,
            who=case.person_name,
            text=ANSWERS[what],
            details={"words": words[:2000].replace("\x00", "")},
        )


ASSIGNED = gettext_noop("It is handled by {name} now.")
FREED = gettext_noop("Nobody is assigned to it now.")


def candidates(case: Case) -> QuerySet[User]:
    """People who may act for the case's unit: its own first, then those of the units above."""
    units = [case.unit_id, *(unit.pk for unit in reversed(ancestors(case.unit)))]
    roles = [role.value for role in WRITERS]
    return User.objects.filter(
        is_active=True, memberships__unit__in=units, memberships__role__in=roles
    ).distinct()


@transaction.atomic
def assign(case: Case, to: User | None, by: HttpRequest) -> None:
    """Assign the case; None: to nobody. InputError for a person who may not act for the unit."""
    if to is not None and not candidates(case).filter(pk=to.pk).exists():
        raise InputError(mark("This person may not act for the unit of the machine."), case.number)
    if case.assignee_id == (to.pk if to else None):
        return
    Case.objects.filter(pk=case.pk).update(assignee=to)
    user: Any = by.user
    Note.objects.create(
        case=case,
        user=user,
        who=(user.name or user.email)[:254],
        text=ASSIGNED if to else FREED,
        details={"name": to.name or to.email} if to else {},
    )
    record(by, "case.assigned", case, case.unit, to=to.pk if to else None)
    case.assignee = to


_TEMPLATE = Path(__file__).parent / "typst" / "machine.typ"


def sheet(case: Case) -> bytes:
    """The letter as PDF, in the reader's language."""
    words = letter_context(case)
    return typeset(_TEMPLATE, _content(words), words["address"])


def _content(words: dict[str, Any]) -> dict[str, Any]:
    contact = words["contact"]
    phone = f", {_('phone')} {contact['phone']}" if contact["phone"] else ""
    return {
        "language": (get_language() or "vi")[:2],
        "unit": words["unit"],
        "day": f"{today():%d/%m/%Y}",
        "title": _("Your machine {machine} needs to be cleaned").format(machine=words["machine"]),
        "greeting": _("Dear {name},").format(name=words["name"]) if words["name"] else "",
        "why": _(
            "{unit} found signs of malware on the machine {machine} (number {number}) in its network logs. "
            "Nobody accuses you: such programs mostly come with cracked software or false updates."
        ).format(unit=words["unit"], machine=words["machine"], number=words["number"]),
        "please": _("Please do this:"),
        "steps": [
            _(
                "Do not log in to any account on this machine any more. Change your passwords "
                "from another machine."
            ),
            _(
                "Do not delete anything and do not reinstall Windows yourself: what is on the machine is "
                "needed to find out what happened."
            ),
            f"{_('Get the scanner here and run it, or ask the IT officer to do it:')} {words['tools']}",
            _(
                "Tell us that you did it, or that you need help: read the code with a phone, "
                "or ask the IT officer."
            ),
        ],
        "answer": _("Tell us here"),
        "address": words["address"],
        "note": _("The logs of the next days show whether the machine is clean."),
        "contact_title": _("Support contact"),
        "contact": f"{contact['name']}{phone}",
    }
