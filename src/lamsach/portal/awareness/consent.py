"""Each person's consent, and what is kept of them: shown, corrected, handed out, withdrawn (Law 91/2025/QH15 on personal data: the rights to know, to agree and withdraw, to see, correct, get and erase).

Who withdraws is written to and counted as told no more; the row stays, so that the next list of the unit does not bring them back, until it is erased.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from lamsach.portal.audit.trail import record
from lamsach.portal.awareness.models import Consent, ConsentHow, ConsentState, Notice, Person
from lamsach.portal.base import ledger
from lamsach.portal.mail.models import Letter, LetterState


def told(people: Iterable[Person], by: Any) -> None:
    """Note the unit's statement that these people know of the use of their data."""
    user = by if getattr(by, "pk", None) else None
    rows = [Consent(person=p, state=ConsentState.TOLD, how=ConsentHow.IMPORT, user=user) for p in people]
    Consent.objects.bulk_create(rows, batch_size=1000)


@transaction.atomic
def say(person: Person, state: ConsentState, how: ConsentHow, by: Any = None, note: str = "") -> bool:
    """Note that the person agreed or withdrew; False when they had said so already. Letters that wait are taken back on withdrawal."""
    if not Person.objects.filter(pk=person.pk).exclude(consent=state).update(consent=state):
        return False
    user = by if getattr(by, "pk", None) else None
    Consent.objects.create(person=person, state=state, how=how, note=note[:300], user=user)
    if state == ConsentState.WITHDRAWN:
        ledger.note("withdrawn", ids=[person.pk], how=str(how))
        numbers = Notice.objects.filter(person=person).values_list("pk", flat=True)
        waiting = Letter.objects.filter(
            about__in=[f"notice:{number}" for number in numbers], state=LetterState.QUEUED
        )
        waiting.update(state=LetterState.CANCELLED, context={})
    record(by, f"consent.{state}", person, person.unit, how=str(how))
    person.refresh_from_db()
    return True


def kept_until(person: Person) -> Any:
    """The day on which the person is erased by itself."""
    last = Notice.objects.filter(person=person).aggregate(last=Max("campaign__ends"))["last"]
    start = last or timezone.localtime(person.created).date()
    return start + timedelta(days=settings.PEOPLE_DAYS)


def kept(person: Person) -> dict[str, Any]:
    """Everything that is kept of a person, as plain values for a file."""
    notices = Notice.objects.filter(person=person).select_related("campaign").order_by("pk")
    return {
        "name": person.name,
        "email": person.email,
        "department": person.department,
        "unit": person.unit.name,
        "since": person.created.isoformat(),
        "erased_on": kept_until(person).isoformat(),
        "no_further_letters": person.unsubscribed.isoformat() if person.unsubscribed else None,
        "consent": [
            {"at": row.at.isoformat(), "state": row.state, "how": row.how, "note": row.note}
            for row in person.consents.all()
        ],
        "notices": [
            {
                "campaign": notice.campaign.name,
                "sent": notice.sent.isoformat() if notice.sent else None,
                "reminders": notice.reminders,
                "confirmed": notice.confirmed.isoformat() if notice.confirmed else None,
                "how": notice.how,
            }
            for notice in notices
        ],
    }
