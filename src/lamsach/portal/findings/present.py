"""On which days the machines of a unit were seen in its logs. Kept for machines that the portal knows; of the others nothing is written down.

A hunt tells of machines under marks that only the unit's key makes (`lamsach.devices.presence`). The portal has that key for hunts that it ran itself, and for those of computers
to which the unit gave it; of another key it knows the marks of machines that a bundle with the same key named. Bundles of before bear marks without a key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from django.conf import settings

from lamsach.devices.presence import key_name, keyed_mark, mark_of, told_by
from lamsach.portal.findings.models import AliveDay, Bundle, Device, Mark
from lamsach.portal.findings.reading import Read

BATCH = 500
MOST_DAYS = 400
"""How far back a bundle's word on a machine goes."""
_ONE = timedelta(days=1)
_PURPOSE = "lamsach.findings.unit-key/1"


def unit_key(unit_id: int) -> bytes:
    """The unit's key in this portal: made from the portal's secret key, so that it stands in no table and comes back with a backup."""
    said = f"{_PURPOSE}\n{unit_id}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), said, hashlib.sha256)


def note(bundle: Bundle, found: Read, placed: Mapping[str, Device]) -> None:
    """Keep the days of the unit's machines that a bundle saw. A name that several machines bear shows none of them. `placed`: the devices by the bundle's keys."""
    own = unit_key(bundle.unit_id)
    if found.presence_key and found.presence_key != key_name(own):
        _learn(found, placed)
        bearers = _known(bundle, found)
    elif found.presence:
        make = (lambda kind, value: keyed_mark(own, kind, value)) if found.presence_key else mark_of
        bearers = _marked(bundle, found, make)
    else:
        return
    rows = [
        AliveDay(device_id=devices[0], day=day)
        for mark, devices in bearers.items()
        if len(set(devices)) == 1
        for day in _days(found.presence[mark])
    ]
    AliveDay.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)


def _learn(found: Read, placed: Mapping[str, Device]) -> None:
    """Keep by which marks the bundle's key calls the machines that the bundle names."""
    rows = [
        Mark(device_id=placed[key].pk, key=found.presence_key, value=value)
        for key, values in found.marks.items()
        if key in placed and not placed[key].key.startswith("unattributed:")
        for value in values
    ]
    Mark.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)


def _known(bundle: Bundle, found: Read) -> dict[str, list[int]]:
    rows = Mark.objects.filter(device__unit=bundle.unit_id, key=found.presence_key)
    bearers: dict[str, list[int]] = {}
    for value, device, into in rows.values_list("value", "device_id", "device__into"):
        if value in found.presence:
            bearers.setdefault(value, []).append(into or device)
    return bearers


def _marked(bundle: Bundle, found: Read, make: Callable[[str, str], str]) -> dict[str, list[int]]:
    bearers: dict[str, list[int]] = {}
    for device in Device.objects.filter(unit_id=bundle.unit_id).exclude(key__startswith="unattributed:"):
        for mark in {make(kind, value) for kind, value in told_by(device.mac, device.name, device.ip)}:
            if mark in found.presence:
                bearers.setdefault(mark, []).append(device.into_id or device.pk)
    return bearers


def _days(spans: Sequence[tuple[date, date]]) -> list[date]:
    return [
        begin + _ONE * number
        for begin, end in spans
        for number in range(min((end - begin).days + 1, MOST_DAYS))
    ][:MOST_DAYS]
