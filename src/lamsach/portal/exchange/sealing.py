"""A unit's sealing keys: made, replaced, used to open what came sealed to it. Each change is in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from lamsach.portal.audit.trail import record
from lamsach.portal.exchange.models import SealingKey
from lamsach.portal.exchange.secrets import lock, unlock
from lamsach.portal.units.models import Unit
from lamsach.results.sealed.files import Keys, opened, path_is_sealed
from lamsach.results.sealed.keys import new_identity


def current(unit: Unit) -> SealingKey | None:
    """The key that new files for the unit are sealed to, or None."""
    return SealingKey.objects.filter(unit=unit, retired=None).first()


@transaction.atomic
def renew(unit: Unit, by: Any) -> SealingKey:
    """Make the unit's first sealing key, or one in place of the present one, which still opens what was sealed to it."""
    Unit.objects.select_for_update().get(pk=unit.pk)
    old = SealingKey.objects.filter(unit=unit, retired=None).update(retired=timezone.now())
    private, public = new_identity()
    user: Any = getattr(by, "user", by)
    made = SealingKey.objects.create(unit=unit, public=public, private=lock(private), made_by=user)
    record(
        by, "exchange.sealing_key_replaced" if old else "exchange.sealing_key_made", made, unit, key=public
    )
    return made


def keys_of(units: Iterable[int]) -> Keys:
    """Return what opens files that were sealed to these units, the newest keys first."""
    rows = SealingKey.objects.filter(unit__in=list(units))
    return Keys([unlock(row.private) for row in rows])


@contextmanager
def plain(path: Path, units: Iterable[int]) -> Iterator[Path]:
    """The path of a file that came for one of these units, opened if it was sealed. InputError, UnreadableError."""
    with opened(path, keys_of(units) if path_is_sealed(path) else Keys()) as found:
        yield found
