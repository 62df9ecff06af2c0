"""Counters of exchange files after a restore: the portal does not know which numbers it gave since the backup was made, so it goes on in another epoch.

A counter is the epoch (seconds since 2020 by the portal's own clock at the restore; 0 before any) and a number within it. Later epochs have higher counters, whatever was
lost. Until a partner has returned what the lost files had said (`kinds.Kind.back`), files to it carry nothing but that. Numbers of what other portals know by its number are
not given again either.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from lamsach.portal.exchange.models import Counterpart, Partner

RETURNED = "returned"
"""Kind of counterpart: of which second (`ours`) the statement of a campaign is that a partner returned after the last restore."""
SHIFT = 24
LEAP = 10_000
"""So many numbers are left out in each table: no portal makes more objects between two backups that partners know by their number."""
_NUMBERED = (
    "campaigns.Campaign",
    "campaigns.Dispatch",
    "campaigns.DeadlineMove",
    "campaigns.IndicatorList",
    "cases.Case",
    "units.Unit",
)
_ZERO = datetime(2020, 1, 1, tzinfo=UTC)


def begin_of(counter: int) -> int:
    """The counter before the first of the same epoch."""
    return counter >> SHIFT << SHIFT


def shown(counter: int) -> str:
    """A counter for people: its number, in later epochs with the day on which the epoch began."""
    epoch, number = divmod(counter, 1 << SHIFT)
    day = datetime.fromtimestamp(_ZERO.timestamp() + min(epoch, 1 << 32), UTC)
    return f"{day:%y%m%d}-{number}" if epoch else str(number)


@transaction.atomic
def restored() -> None:
    """Begin another epoch with every partner; called once after a restore, before anything else is done with the portal's data."""
    now = timezone.now()
    Counterpart.objects.filter(kind=RETURNED).delete()
    for partner in Partner.objects.select_for_update():
        last = max(partner.sent, partner.seen) >> SHIFT
        epoch = max(last + 1, int((now - _ZERO).total_seconds()))
        Partner.objects.filter(pk=partner.pk).update(sent=epoch << SHIFT, restored=now)
    for label in _NUMBERED:
        _leap(label)


def _leap(label: str) -> None:
    """Let the table's numbers go on LEAP further."""
    model = apps.get_model(label)
    table, highest = model._meta.db_table, model.objects.aggregate(last=Max("pk"))["last"] or 0
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            last = max(highest, *(row[0] for row in cursor.fetchall()), 0)
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, last + LEAP])
        else:
            cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
            last = max(highest, cursor.fetchone()[0])
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, last + LEAP])
