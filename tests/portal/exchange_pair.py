"""Two portals played by one: the centre and its first room as partners, each with a key, and real files."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from lamsach.portal.exchange import transfer, unit_keys
from lamsach.portal.exchange.models import Partner, Taken


def partners(cast: Any) -> tuple[Partner, Partner]:
    """Return the room as the centre's partner (files go down), and the centre as the room's (files go up)."""
    by = cast.people["coordinator"]
    keys = {
        unit.pk: unit_keys.current(unit) or unit_keys.renew(unit, by) for unit in (cast.centre, cast.first)
    }
    down = unit_keys.add_partner(
        cast.centre, cast.first.code, cast.first.name, above=False, public=keys[cast.first.pk].public, by=by
    )
    up = unit_keys.add_partner(
        cast.first, cast.centre.code, cast.centre.name, above=True, public=keys[cast.centre.pk].public, by=by
    )
    return down, up


def made(partner: Partner, by: Any, kinds: Sequence[str] | None = None) -> Path:
    """Write the next file for a partner, next to the portal's data, deleted with it after the tests."""
    path = Path(tempfile.mkdtemp(prefix="exchange-", dir=settings.DATA.parent)) / "exchange.zip"
    transfer.make(Partner.objects.get(pk=partner.pk), path, by, kinds)
    return path


def accepted(cast: Any, partner: Partner, path: Path) -> Taken:
    """Accept a partner's file."""
    return transfer.accept(partner, path, cast.people["coordinator"])


def carried(cast: Any, sender: Partner, receiver: Partner, kinds: Sequence[str] | None = None) -> Taken:
    """Make a file on one side and accept it on the other."""
    path = made(sender, cast.people["coordinator"], kinds)
    return accepted(cast, Partner.objects.get(pk=receiver.pk), path)
