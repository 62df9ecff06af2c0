"""A unit's inventory as the list of machines that should report: read from a sheet, a machine of it that is gone from the next sheet is not expected any more."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from lamsach.devices.inventory import read_inventory
from lamsach.errors import LimitError
from lamsach.i18n import mark
from lamsach.model import Problem
from lamsach.portal.audit.trail import record
from lamsach.portal.base.queries import refresh
from lamsach.portal.fleet.models import Machine, Size
from lamsach.portal.fleet.taking import MOST_MACHINES, keys_of
from lamsach.portal.units.models import Unit

BATCH = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """How many machines the sheet names, how many of its rows name none by name or MAC address, and how many rows have other problems."""

    machines: int
    nameless: int
    problems: int


def take_inventory(unit: Unit, file: Any, by: Any) -> Taken:
    """Let a sheet say which machines the unit has. Raises LamsachError for a file that is no inventory; then nothing is changed."""
    problems: list[Problem] = []
    ending = Path(str(file.name)).suffix.lower()[:8]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"inventory{ending}"
        with path.open("wb") as target:
            for chunk in file.chunks():
                target.write(chunk)
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
    return Taken(len(wanted), nameless, len(problems))


@transaction.atomic
def _write(unit: Unit, wanted: dict[str, tuple[str, str]], by: Any) -> None:
    Unit.objects.select_for_update().get(pk=unit.pk)
    known = {machine.key: machine for machine in Machine.objects.filter(unit=unit)}
    gone = [machine.pk for key, machine in known.items() if machine.listed and key not in wanted]
    for begin in range(0, len(gone), BATCH):
        part = Machine.objects.filter(pk__in=gone[begin : begin + BATCH])
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
    """Say how many machines the unit has; None takes that back."""
    user = getattr(by, "user", by)
    if machines is None:
        Size.objects.filter(unit=unit).delete()
    else:
        values = {"machines": machines, "user": user, "stated": timezone.now()}
        Size.objects.update_or_create(unit=unit, defaults=values)
    record(by, "fleet.size", unit, unit, machines=machines)
