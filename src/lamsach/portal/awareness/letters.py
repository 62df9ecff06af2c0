"""Notices to people: import of a unit's list, letters, codes of the printed sheet, confirmations."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import IO, Any

from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.utils import timezone

from lamsach.documents.vocabulary import PEOPLE
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.awareness.models import (
    ConfirmedHow,
    Consent,
    ConsentHow,
    ConsentState,
    Notice,
    Person,
)
from lamsach.portal.base import links
from lamsach.portal.base.links import absolute
from lamsach.portal.base.queries import in_parts
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.mail.inbox import bad_addresses
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.mail.models import BadAddress
from lamsach.portal.units.models import Unit
from lamsach.portal.units.sheet import EMAIL, rows_of

PURPOSE = "awareness"
MOST_WRONG = BATCH = 1000


def import_people(unit: Unit, file: IO[bytes], name: str, by: Any) -> tuple[int, list[int]]:
    """Add the new people of a sheet; return their count and up to MOST_WRONG numbers of wrong rows."""
    rows, wrong = _read(file, name)
    return _add(unit, rows, by, len(wrong)), wrong[:MOST_WRONG]


def _read(file: IO[bytes], name: str) -> tuple[list[tuple[str, str, str]], list[int]]:
    """Read (name, department, e-mail) of each row, and wrong row numbers; slow, so outside transactions."""
    missing = (
        mark("The sheet has no heading row with a column for the name."),
        mark("Put the heading Họ tên above the names."),
    )
    numbered, _headings = rows_of(file, name, PEOPLE, {"name"}, missing)
    rows: list[tuple[str, str, str]] = []
    wrong: list[int] = []
    for number, row in numbered:
        email = row.get("email", "").lower()
        if not row.get("name") or (email and not EMAIL.match(email)):
            wrong.append(number)
        else:
            rows.append((row["name"][:200], row.get("department", "")[:200], email))
    return rows, wrong


@transaction.atomic
def _add(unit: Unit, rows: list[tuple[str, str, str]], by: Any, wrong: int) -> int:
    """Add the new people; return their count."""
    _lock_people(unit)
    known = set(Person.objects.filter(unit=unit).exclude(email="").values_list("email", flat=True))
    unnamed = set(Person.objects.filter(unit=unit, email="").values_list("name", "department"))
    people: list[Person] = []
    for name, department, email in rows:
        if email in known or (not email and (name, department) in unnamed):
            continue
        people.append(Person(unit=unit, name=name, email=email, department=department))
        if email:
            known.add(email)
        else:
            unnamed.add((name, department))
    record_informed(Person.objects.bulk_create(people, batch_size=BATCH), by)
    record(by, "awareness.imported", unit, unit, added=len(people), wrong=wrong)
    return len(people)


def record_informed(people: Iterable[Person], by: Any) -> None:
    """Record the unit's statement that these people were informed of the use of their data."""
    user = by if getattr(by, "pk", None) else None
    rows = [Consent(person=p, state=ConsentState.TOLD, how=ConsentHow.IMPORT, user=user) for p in people]
    Consent.objects.bulk_create(rows, batch_size=1000)


def planned(number: int, size: int, hours: int, start: datetime) -> tuple[int, datetime]:
    """Return the wave (from 1) and sending time of the person at index `number`. `size` 0: one wave."""
    wave = number // size if size else 0
    return wave + 1, start + timedelta(hours=hours * wave)


@transaction.atomic
def notify(
    campaign: Campaign, unit: Unit, by: Any, *, size: int = 0, hours: int = 24, start: datetime | None = None
) -> int:
    """Notify all people of the unit who have no notice yet; return their count. Idempotent.

    `size`: people per wave (0: all in one), `hours` between waves, from `start` (now).
    """
    _lock_people(unit)
    earlier = Notice.objects.filter(campaign=campaign, unit=unit)
    before = earlier.aggregate(last=Max("wave"))["last"] or 0
    people = unnotified(campaign, unit)
    bad = bad_addresses([person.email for person in people])
    begin = start or timezone.now()
    notices = []
    number = 0
    for person in people:
        mailed = reachable(person, bad)
        wave, at = planned(number, size, hours, begin)
        number += mailed
        notices.append(
            Notice(
                campaign=campaign,
                unit=unit,
                person=person,
                nonce=links.nonce(),
                code=new_code(),
                wave=min(before + wave, 30_000),
                planned=at if mailed else None,
            )
        )
    made = Notice.objects.bulk_create(notices, batch_size=BATCH)
    queue(_draft(notice, "awareness", f"awareness:{notice.nonce}") for notice in made if notice.planned)
    record(by, "awareness.told", unit, unit, people=len(people), campaign=campaign.pk, size=size)
    return len(people)


def unnotified(campaign: Campaign, unit: Unit) -> list[Person]:
    """List people of the unit without a notice who neither unsubscribed nor withdrew consent."""
    notified = Notice.objects.filter(campaign=campaign, unit=unit, person__isnull=False).values("person")
    willing = Person.objects.filter(unit=unit, unsubscribed=None).exclude(consent=ConsentState.WITHDRAWN)
    return list(willing.exclude(pk__in=notified))


def _lock_people(unit: Unit) -> None:
    """Serialize concurrent calls: lock the unit's row until the transaction ends."""
    Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)


def reachable(person: Person, bad: dict[str, BadAddress]) -> bool:
    """Return whether the person has an e-mail address without permanent bounces."""
    known = bad.get(person.email.lower())
    return bool(person.email) and not (known is not None and known.permanent)


def remind(campaign: Campaign, unit: Unit, by: Any) -> int:
    """Remind people of the unit who have not confirmed, at most once a day; return their count."""
    return remind_these(unconfirmed(campaign, unit), unit, by)


def unconfirmed(campaign: Campaign, unit: Unit) -> QuerySet[Notice]:
    """Return sent notices without a confirmation."""
    return Notice.objects.filter(
        campaign=campaign, unit=unit, confirmed=None, sent__isnull=False, person__unsubscribed=None
    )


def to_remind(waiting: QuerySet[Notice]) -> list[Notice]:
    """Filter notices to people who are reachable by mail and were not reminded today."""
    notices = list(
        waiting.filter(person__isnull=False)
        .exclude(person__email="")
        .exclude(person__consent=ConsentState.WITHDRAWN)
        .exclude(reminded__date=timezone.localdate())
        .select_related("person", "unit")
    )
    bad = bad_addresses([notice.person.email for notice in notices if notice.person])
    return [notice for notice in notices if notice.person and reachable(notice.person, bad)]


@transaction.atomic
def remind_these(waiting: QuerySet[Notice], unit: Unit, by: Any = None) -> int:
    """Remind the people of the notices that `to_remind` selects; return their count."""
    _lock_people(unit)
    now = timezone.now()
    notices = to_remind(waiting)
    queue(
        _draft(notice, "awareness_reminder", f"awareness:{notice.nonce}:{timezone.localdate():%Y%m%d}")
        for notice in notices
    )
    for part in in_parts(notices, 500):
        batch = Notice.objects.filter(pk__in=[notice.pk for notice in part])
        batch.update(reminded=now, reminders=F("reminders") + 1)
    if notices:
        record(by, "awareness.reminded", unit, unit, people=len(notices))
    return len(notices)


def _draft(notice: Notice, kind: str, key: str) -> Draft:
    person = notice.person
    return Draft(
        kind,
        to=person.email if person else "",
        key=key,
        about=f"notice:{notice.pk}",
        at=notice.planned if kind == "awareness" else None,
        context={
            "name": person.name if person else "",
            "unit": notice.unit.name,
            "address": absolute("awareness:notice", token=links.sign(PURPOSE, notice.nonce)),
            "contact": notice.unit.contact,
            "issuer": notice.unit.name,
        },
    )


def find(token: str) -> Notice | None:
    """Return the notice of a personal link's token."""
    nonce = links.read(PURPOSE, token)
    return Notice.objects.filter(nonce=nonce or "").select_related("unit", "campaign").first()


def by_code(text: str) -> Notice | None:
    """Return the notice of a code from the printed sheet."""
    code = canonical_code(text)
    return Notice.objects.filter(code=code, person__isnull=False).first() if code else None


def confirm(notice: Notice, how: ConfirmedHow, by: Any = None) -> bool:
    """Record a confirmation; return False if already confirmed."""
    updated = Notice.objects.filter(pk=notice.pk, confirmed=None).update(
        confirmed=timezone.now(), how=how, recorded_by=by
    )
    if updated and by is not None:
        record(by, "awareness.recorded", notice, notice.unit)
    return bool(updated)


ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, without look-alike letters."""
LENGTH = 8
_LOOK_ALIKE = str.maketrans("OIL", "011")


def new_code() -> str:
    """Generate a code of 40 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown_code(code: str | None) -> str:
    """Format a code as printed: `7K2M-9QXA`."""
    return f"{code[:4]}-{code[4:]}" if code else ""


def canonical_code(text: str) -> str | None:
    """Normalize a typed code (case, blanks, look-alikes); None if invalid."""
    plain = re.sub(r"[\s-]", "", text).upper().translate(_LOOK_ALIKE)
    return plain if len(plain) == LENGTH and set(plain) <= set(ALPHABET) else None
