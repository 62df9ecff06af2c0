"""A unit's inventory, which lists the machines expected to report, and the erasure of machine names.

A machine missing from the next sheet is no longer expected. Names are erased some days after the end of the
last campaign, except under a legal hold; the counts remain.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from lamsach.devices.inventory_sheets import read_inventory
from lamsach.errors import LimitError
from lamsach.i18n import mark
from lamsach.model import Problem
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base.queries import in_parts, refresh
from lamsach.portal.base.uploads import spool
from lamsach.portal.campaigns.models import CampaignState
from lamsach.portal.fleet.models import Look, Machine, Size
from lamsach.portal.fleet.scans import MOST_MACHINES, keys_of
from lamsach.portal.units.access import held_units
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today

BATCH = 500


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """Counts of a sheet: machines, rows without name or MAC address, other problems."""

    machines: int
    nameless: int
    problems: int


def import_inventory(unit: Unit, file: Any, by: Any) -> ImportCounts:
    """Replace a unit's inventory by a sheet. LamsachError if unreadable; then nothing is changed."""
    problems: list[Problem] = []
    ending = Path(str(file.name)).suffix.lower()[:8]
    with tempfile.TemporaryDirectory() as folder:
        path = spool(file, Path(folder) / f"inventory{ending}")
        entries = read_inventory(path, problems.append).entries
    wanted: dict[str, tuple[str, str]] = {}
    nameless = 0
    for entry in entries:
        keys = keys_of(entry.name or "", entry.macs)
        if keys:
            shown = (entry.name or (entry.mac or ""))[:255]
            wanted.setdefault(keys[0], (shown, (entry.department or "")[:255]))
        else:
            nameless += 1
    if len(wanted) > MOST_MACHINES:
        raise LimitError(
            mark("The inventory names more machines than one unit may have."), str(file.name)[:100]
        )
    _write(unit, wanted, by)
    return ImportCounts(len(wanted), nameless, len(problems))


@transaction.atomic
def _write(unit: Unit, wanted: dict[str, tuple[str, str]], by: Any) -> None:
    Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    known = {machine.key: machine for machine in Machine.objects.filter(unit=unit)}
    gone = [machine.pk for key, machine in known.items() if machine.listed and key not in wanted]
    for some in in_parts(gone, BATCH):
        part = Machine.objects.filter(pk__in=some)
        part.update(listed=False)
        part.filter(looks=None).delete()
    changed = []
    for key, (name, department) in wanted.items():
        machine = known.get(key)
        if machine is not None:
            machine.name, machine.department, machine.listed = name, department, True
            changed.append(machine)
    Machine.objects.bulk_update(changed, ["name", "department", "listed"], batch_size=BATCH)
    fresh = [
        Machine(unit=unit, key=key, name=name, department=department, listed=True)
        for key, (name, department) in wanted.items()
        if key not in known
    ]
    Machine.objects.bulk_create(fresh, batch_size=BATCH, ignore_conflicts=True)
    refresh(len(fresh), Machine)
    record(by, "fleet.inventory", unit, unit, machines=len(wanted), gone=len(gone))


@transaction.atomic
def state_size(unit: Unit, machines: int | None, by: Any) -> None:
    """State the unit's number of machines; None withdraws it."""
    if machines is None:
        Size.objects.filter(unit=unit).delete()
    else:
        values = {"machines": machines, "user": user_of(by), "stated": timezone.now()}
        Size.objects.update_or_create(unit=unit, defaults=values)
    record(by, "fleet.size", unit, unit, machines=machines)


ERASED = "erased:"
ERASED_AT_ONCE = 500


def erase(machine: Machine) -> None:
    """Erase a machine's name; its scans still count, but it cannot be recognized again."""
    Machine.objects.filter(pk=machine.pk).update(
        name="", department="", listed=False, key=f"{ERASED}{machine.pk}"
    )


def forget_names(days: int) -> int:
    """Erase names of machines in no inventory and no current or recent campaign; return their number."""
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
    for part in in_parts(numbers, ERASED_AT_ONCE):
        with transaction.atomic():
            for machine in Machine.objects.filter(pk__in=part):
                erase(machine)
    return len(numbers)
