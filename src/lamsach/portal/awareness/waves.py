"""Waves of letters, reminders, consent and erasure.

Waves are hours apart to spread the load on help desks and limit the effect of a mistake. Consent follows Law
91/2025/QH15 on personal data: data are shown, corrected, exported, withdrawn. A person who withdraws gets no
more letters; the row remains until it is erased, lest the unit's next list add the person again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from lamsach.portal.audit.trail import record
from lamsach.portal.awareness import letters
from lamsach.portal.awareness.models import Consent, ConsentHow, ConsentState, Notice, Person
from lamsach.portal.base import ledger
from lamsach.portal.base.working_time import is_working_day
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.mail.models import BadAddress, Incoming, Letter, LetterState
from lamsach.portal.mail.retention import forget
from lamsach.portal.units.access import held_units
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today

REMIND_AFTER = timedelta(days=5)
MOST_REMINDERS = 3
EARLIEST_HOUR, LATEST_HOUR = 8, 17


def waves(campaign: Campaign, unit: Unit) -> list[dict[str, Any]]:
    """Waves of a unit with planned time and counts of people, sent and confirmed notices."""
    rows = Notice.objects.filter(campaign=campaign, unit=unit).values("wave")
    annotated: Any = rows.annotate(
        at=Min("planned"),
        people=Count("pk"),
        sent_count=Count("sent"),
        confirmed_count=Count("confirmed"),
        last=Max("sent"),
    ).order_by("wave")
    return list(annotated)


@transaction.atomic
def stop(campaign: Campaign, unit: Unit, by: Any) -> int:
    """Cancel notices that are not sent yet; return their count. Their people can be notified later."""
    waiting = Notice.objects.filter(
        campaign=campaign, unit=unit, sent=None, confirmed=None, person__isnull=False
    ).exclude(person__email="")
    stopped = 0
    for notice in waiting:
        letters = Letter.objects.filter(key=f"awareness:{notice.nonce}", state=LetterState.QUEUED)
        if letters.update(
            state=LetterState.CANCELLED, key=f"stopped:{notice.nonce}", context={}, to="x@invalid"
        ):
            notice.delete()
            stopped += 1
    record(by, "awareness.stopped", unit, unit, people=stopped, campaign=campaign.pk)
    return stopped


def remind_due() -> int:
    """Remind people every REMIND_AFTER, up to MOST_REMINDERS times, in working hours; return the count."""
    now = timezone.localtime()
    if not is_working_day(now.date()) or not EARLIEST_HOUR <= now.hour < LATEST_HOUR:
        return 0
    before = now - REMIND_AFTER
    due = Notice.objects.filter(
        Q(reminded=None) | Q(reminded__lte=before),
        campaign__state=CampaignState.RUNNING,
        campaign__ends__gte=now.date(),
        confirmed=None,
        sent__lte=before,
        reminders__lt=MOST_REMINDERS,
        person__isnull=False,
        person__unsubscribed=None,
    )
    units = due.values_list("campaign", "unit").distinct()
    count = 0
    for campaign_id, unit_id in list(units):
        notices = due.filter(campaign=campaign_id, unit=unit_id)
        count += letters.remind_these(notices, Unit.objects.get(pk=unit_id))
    return count


def erase_due() -> int:
    """Erase people LAMSACH_PEOPLE_DAYS after their last campaign, or their import if never notified.

    Return the count. Law 91/2025/QH15: personal data are retained no longer than their purpose needs.
    """
    limit = today() - timedelta(days=settings.PEOPLE_DAYS)
    people = Person.objects.annotate(last=Max("notices__campaign__ends")).filter(
        Q(last__lt=limit) | Q(last=None, created__date__lt=limit)
    )
    people = people.exclude(unit__in=held_units())
    count = 0
    for person in people.iterator(chunk_size=500):
        erase(person, None)
        count += 1
    return count


def _letters_to(person: Person) -> QuerySet[Letter]:
    numbers = Notice.objects.filter(person=person).values_list("pk", flat=True)
    return Letter.objects.filter(about__in=[f"notice:{number}" for number in numbers])


@transaction.atomic
def erase(person: Person, by: Any) -> None:
    """Erase a person, the content and addresses of letters, and replies; notices remain for the count."""
    ledger.note("people", ids=[person.pk])
    letters = _letters_to(person)
    forget(Incoming.objects.filter(letter__in=letters))
    letters.filter(state=LetterState.QUEUED).update(state=LetterState.CANCELLED)
    letters.update(to="erased@erased.invalid", context={}, subject="", problem="")
    if person.email and not Person.objects.filter(email=person.email).exclude(pk=person.pk).exists():
        BadAddress.objects.filter(address=person.email.lower()).delete()
    record(by, "person.erased", person, person.unit)
    person.delete()


@transaction.atomic
def record_consent(
    person: Person, state: ConsentState, how: ConsentHow, by: Any = None, note: str = ""
) -> bool:
    """Record consent or its withdrawal, which cancels queued letters; return False if unchanged."""
    if not Person.objects.filter(pk=person.pk).exclude(consent=state).update(consent=state):
        return False
    user = by if getattr(by, "pk", None) else None
    Consent.objects.create(person=person, state=state, how=how, note=note[:300], user=user)
    if state == ConsentState.WITHDRAWN:
        ledger.note("withdrawn", ids=[person.pk], how=str(how))
        waiting = _letters_to(person).filter(state=LetterState.QUEUED)
        waiting.update(state=LetterState.CANCELLED, context={})
    record(by, f"consent.{state}", person, person.unit, how=str(how))
    person.refresh_from_db()
    return True


def erasure_date(person: Person) -> Any:
    """Return the day on which retention erases the person."""
    last = Notice.objects.filter(person=person).aggregate(last=Max("campaign__ends"))["last"]
    start = last or timezone.localtime(person.created).date()
    return start + timedelta(days=settings.PEOPLE_DAYS)


def personal_data(person: Person) -> dict[str, Any]:
    """Return all stored data of a person, as JSON values."""
    notices = Notice.objects.filter(person=person).select_related("campaign").order_by("pk")
    return {
        "name": person.name,
        "email": person.email,
        "department": person.department,
        "unit": person.unit.name,
        "since": person.created.isoformat(),
        "erased_on": erasure_date(person).isoformat(),
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
