"""Names of machines go some days after their last campaign ended; their numbers stay. A legal hold keeps the names of its units."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from lamsach.portal.campaigns.models import CampaignState
from lamsach.portal.fleet.models import Look, Machine
from lamsach.portal.units.access import held_units
from lamsach.portal.units.tree import today

ERASED = "erased:"
BATCH = 500


def erase(machine: Machine) -> None:
    """Take a machine's name away: what its scans told is still counted, and nothing tells it again."""
    Machine.objects.filter(pk=machine.pk).update(
        name="", department="", listed=False, key=f"{ERASED}{machine.pk}"
    )


def forget(days: int) -> int:
    """Erase the names of machines that no inventory names and no campaign needs that runs or ended within so many days; how many."""
    until = today() - timedelta(days=days)
    needed = Look.objects.filter(machine=OuterRef("pk")).filter(
        ~Q(campaign__state=CampaignState.CLOSED) | Q(campaign__ends__gt=until)
    )
    due = (
        Machine.objects.filter(~Exists(needed), listed=False)
        .exclude(key__startswith=ERASED)
        .exclude(unit__in=held_units())
    )
    numbers = list(due.values_list("pk", flat=True)[:100_000])
    for begin in range(0, len(numbers), BATCH):
        with transaction.atomic():
            for machine in Machine.objects.filter(pk__in=numbers[begin : begin + BATCH]):
                erase(machine)
    return len(numbers)
