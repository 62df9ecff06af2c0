"""Notices to people: a unit's list, the letter to each, codes for the printed sheet, confirmations."""

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
from lamsach.errors import InputError
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
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.mail.inbox import bad_addresses
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.mail.models import BadAddress
from lamsach.portal.units.models import Unit
from lamsach.portal.units.sheet import rows_of

PURPOSE = "awareness"
_EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\Z")
MOST_WRONG = BATCH = 1000


def import_people(unit: Unit, file: IO[bytes], name: str, by: Any) -> tuple[int, list[int]]:
    """Add the people of a sheet who are new; how many, and the first wrong rows."""
    rows, wrong = _read(file, name)
    return _add(unit, rows, by, len(wrong)), wrong[:MOST_WRONG]


def _read(file: IO[bytes], name: str) -> tuple[list[tuple[str, str, str]], list[int]]:
    """Name, department, e-mail of each row, and wrong rows. Outside transactions: a sheet takes time."""
    found, headings = rows_of(file, name, PEOPLE, {"name"})
    if not headings:
        raise InputError(
            mark("The sheet has no heading row with a column for the name."),
            name,
            mark("Put the heading Họ tên above the names."),
        )
    rows: list[tuple[str, str, str]] = []
    wrong: list[int] = []
    for number, row in found:
        email = row.get("email", "").lower()
        if not row.get("name") or (email and not _EMAIL.match(email)):
            wrong.append(number)
        else:
            rows.append((row["name"][:200], row.get("department", "")[:200], email))
    return rows, wrong


@transaction.atomic
def _add(unit: Unit, rows: list[tuple[str, str, str]], by: Any, wrong: int) -> int:
    """Add the people who are not there yet; how many."""
    _one_at_a_time(unit)
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
    note_told(Person.objects.bulk_create(people, batch_size=BATCH), by)
    record(by, "awareness.imported", unit, unit, added=len(people), wrong=wrong)
    return len(people)


def note_told(people: Iterable[Person], by: Any) -> None:
    """Note the unit's statement that these people know of the use of their data."""
    user = by if getattr(by, "pk", None) else None
    rows = [Consent(person=p, state=ConsentState.TOLD, how=ConsentHow.IMPORT, user=user) for p in people]
    Consent.objects.bulk_create(rows, batch_size=1000)


def planned(number: int, size: int, hours: int, start: datetime) -> tuple[int, datetime]:
    """The wave of the so-many-th person (from 0), and when it goes. `size` 0: all at once."""
    wave = number // size if size else 0
    return wave + 1, start + timedelta(hours=hours * wave)


@transaction.atomic
def tell(
    campaign: Campaign, unit: Unit, by: Any, *, size: int = 0, hours: int = 24, start: datetime | None = None
) -> int:
    """Send the notice to all of the unit who have none yet; how many. A second call sends nothing twice.

    `size`: so many people a wave (0: all at once), `hours` between two waves, from `start` (now) on.
    """
    _one_at_a_time(unit)
    earlier = Notice.objects.filter(campaign=campaign, unit=unit)
    before = earlier.aggregate(last=Max("wave"))["last"] or 0
    people = untold(campaign, unit)
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


def untold(campaign: Campaign, unit: Unit) -> list[Person]:
    """People of the unit without a notice who have not refused."""
    told = Notice.objects.filter(campaign=campaign, unit=unit, person__isnull=False).values("person")
    willing = Person.objects.filter(unit=unit, unsubscribed=None).exclude(consent=ConsentState.WITHDRAWN)
    return list(willing.exclude(pk__in=told))


def _one_at_a_time(unit: Unit) -> None:
    """Lock a unit's people until the transaction ends: of two at once the second sees the first's work."""
    Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)


def reachable(person: Person, bad: dict[str, BadAddress]) -> bool:
    """Return whether letters reach the person: an address, and none from which they came back for good."""
    known = bad.get(person.email.lower())
    return bool(person.email) and not (known is not None and known.permanent)


def remind(campaign: Campaign, unit: Unit, by: Any) -> int:
    """Remind those of the unit who have not confirmed; how many. At most once a day each."""
    return remind_these(unconfirmed(campaign, unit), unit, by)


def unconfirmed(campaign: Campaign, unit: Unit) -> QuerySet[Notice]:
    """Sent notices without a confirmation."""
    return Notice.objects.filter(
        campaign=campaign, unit=unit, confirmed=None, sent__isnull=False, person__unsubscribed=None
    )


def to_remind(waiting: QuerySet[Notice]) -> list[Notice]:
    """Those of the notices whose people letters reach and who were not reminded today."""
    found = list(
        waiting.filter(person__isnull=False)
        .exclude(person__email="")
        .exclude(person__consent=ConsentState.WITHDRAWN)
        .exclude(reminded__date=timezone.localdate())
        .select_related("person", "unit")
    )
    bad = bad_addresses([notice.person.email for notice in found if notice.person])
    return [notice for notice in found if notice.person and reachable(notice.person, bad)]


@transaction.atomic
def remind_these(waiting: QuerySet[Notice], unit: Unit, by: Any = None) -> int:
    """Remind the people of these notices, except those whom letters do not reach and those reminded today."""
    _one_at_a_time(unit)
    now = timezone.now()
    notices = to_remind(waiting)
    queue(
        _draft(notice, "awareness_reminder", f"awareness:{notice.nonce}:{timezone.localdate():%Y%m%d}")
        for notice in notices
    )
    for begin in range(0, len(notices), 500):
        part = Notice.objects.filter(pk__in=[notice.pk for notice in notices[begin : begin + 500]])
        part.update(reminded=now, reminders=F("reminders") + 1)
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
    """The notice behind a person's own link."""
    word = links.read(PURPOSE, token)
    return Notice.objects.filter(nonce=word or "").select_related("unit", "campaign").first()


def by_code(text: str) -> Notice | None:
    """The notice behind a code from the printed sheet."""
    code = canonical_code(text)
    return Notice.objects.filter(code=code, person__isnull=False).first() if code else None


def confirm(notice: Notice, how: ConfirmedHow, by: Any = None) -> bool:
    """The person confirmed reading; counts once."""
    fresh = Notice.objects.filter(pk=notice.pk, confirmed=None).update(
        confirmed=timezone.now(), how=how, recorded_by=by
    )
    if fresh and by is not None:
        record(by, "awareness.recorded", notice, notice.unit)
    return bool(fresh)


ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that looks like another or like a digit."""
LENGTH = 8
_LOOK_ALIKE = str.maketrans("OIL", "011")


def new_code() -> str:
    """A fresh code of 40 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown_code(code: str | None) -> str:
    """As it is printed: `7K2M-9QXA`."""
    return f"{code[:4]}-{code[4:]}" if code else ""


def canonical_code(text: str) -> str | None:
    """Code as typed, in any case, with blanks and look-alikes; None for no code."""
    plain = re.sub(r"[\s-]", "", text).upper().translate(_LOOK_ALIKE)
    return plain if len(plain) == LENGTH and set(plain) <= set(ALPHABET) else None
