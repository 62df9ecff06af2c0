"""On which days the machines of a unit were seen in its logs. Kept for machines that the portal knows; of the others nothing is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from lamsach.devices.names import host_key
from lamsach.devices.presence import mark_of
from lamsach.portal.findings.models import Bundle, Device
from lamsach.portal.findings.searched import AliveDay

BATCH = 500
MOST_DAYS = 400
"""How far back a bundle's word on a machine goes."""
_ONE = timedelta(days=1)


def marks_of(device: Device) -> set[str]:
    """The marks under which a hunt tells of this machine; its address counts only when nothing better is known."""
    marks = {mark_of("mac", device.mac)} if device.mac else set()
    host = host_key(device.name) if device.name else None
    if host:
        marks.add(mark_of("name", host))
    return marks or ({mark_of("ip", device.ip)} if device.ip else set())


def note(bundle: Bundle, presence: Mapping[str, Sequence[tuple[date, date]]]) -> None:
    """Keep the days of the unit's machines that a bundle saw. A name that several machines bear shows none of them."""
    if not presence:
        return
    bearers: dict[str, list[int]] = {}
    for device in Device.objects.filter(unit_id=bundle.unit_id).exclude(key__startswith="unattributed:"):
        for mark in marks_of(device):
            if mark in presence:
                bearers.setdefault(mark, []).append(device.into_id or device.pk)
    rows = [
        AliveDay(device_id=devices[0], day=day)
        for mark, devices in bearers.items()
        if len(set(devices)) == 1
        for day in _days(presence[mark])
    ]
    AliveDay.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)


def _days(spans: Sequence[tuple[date, date]]) -> list[date]:
    return [
        begin + _ONE * number
        for begin, end in spans
        for number in range(min((end - begin).days + 1, MOST_DAYS))
    ][:MOST_DAYS]
