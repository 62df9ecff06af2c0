"""Devices of the portal for the devices of a bundle: by MAC, then inventory, then host name.

A bundle's device that is known by its strongest value is that device. By a weaker value it becomes a device
of its own that is merged into the known one, so that the merge can be seen and undone. Nothing is merged by a
value that several devices bear, nor two that one bundle holds apart, nor two that somebody parted.

A device whose names were purged is known again by keyed digests of them: the database alone gives no address,
and an old log that is searched again, or a later reinfection, finds the case that was there and counts
nothing twice.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

from django.conf import settings

from lamsach.devices.presence import key_name, keyed_mark, mark_of, told_by
from lamsach.portal.findings.bundle_reader import Read, Seen
from lamsach.portal.findings.models import AliveDay, Bundle, Device, Identity, IdentityKind, Mark, Merge

BATCH = 500
_RANKS = {"mac": 0, "inventory": 1, "name": 2, "key": 3}
_FIELDS = ("mac", "name", "ip", "user", "department")
_NEWEST = frozenset({"ip", "user", "department"})


class Devices:
    """The devices of a bundle's unit, looked up and made while it is taken in."""

    def __init__(self, bundle: Bundle, seen: Sequence[Seen]) -> None:
        self._bundle = bundle
        self._by_value: dict[tuple[str, str], list[int]] = {}
        self._claimed: set[int] = set()
        self.touched: set[int] = set()
        """Devices that stand for others since this bundle, or no longer stand for themselves."""
        pairs = {pair for device in seen for pair in device.identities}
        digests = {(kind, sealed(kind, value)): value for kind, value in pairs}
        values = sorted({value for _, value in pairs} | {digest for _, digest in digests})
        for begin in range(0, len(values), BATCH):
            rows = Identity.objects.filter(unit_id=bundle.unit_id, value__in=values[begin : begin + BATCH])
            for kind, value, device in rows.order_by("device_id").values_list("kind", "value", "device_id"):
                self._by_value.setdefault((kind, digests.get((kind, value), value)), []).append(device)
        known = sorted({device for devices in self._by_value.values() for device in devices})
        self._devices: dict[int, Device] = {}
        for begin in range(0, len(known), BATCH):
            self._devices |= Device.objects.in_bulk(known[begin : begin + BATCH])
        undone = Merge.objects.filter(kept__unit_id=bundle.unit_id, undone__isnull=False)
        self._parted = {frozenset(pair) for pair in undone.values_list("kept_id", "gone_id")}

    def place(self, seen: Sequence[Seen]) -> dict[str, Device]:
        """The device for each key of the bundle. Those with the strongest identity come first."""
        ordered = sorted(seen, key=lambda one: (_RANKS[one.identities[0][0]], one.key))
        return {one.key: self._place(one) for one in ordered}

    def _place(self, seen: Seen) -> Device:
        strongest = self._only(seen.identities[0])
        found = strongest if strongest is not None and strongest not in self._claimed else None
        if found is None:
            found = self._only(("key", seen.key))
        device = self._devices[found] if found is not None else self._new(seen)
        self._learn(device, seen)
        for kind, value in seen.identities:
            other = self._only((kind, value), besides=device.pk)
            if other is not None:
                self._merge(device.pk, other, kind, value)
        self._claimed |= {device.pk, self._standing(device.pk)}
        return device

    def _new(self, seen: Seen) -> Device:
        values = {name: getattr(seen, name) for name in _FIELDS}
        device = Device.objects.create(unit_id=self._bundle.unit_id, key=seen.key, **values)
        self._devices[device.pk] = device
        return device

    def _standing(self, number: int) -> int:
        return self._devices[number].into_id or number

    def _only(self, value: tuple[str, str], besides: int = 0) -> int | None:
        """The one device that bears the value, None when none or several do."""
        bearers = [number for number in self._by_value.get(value, ()) if number != besides]
        if len({self._standing(number) for number in bearers if number in self._devices}) != 1:
            return None
        return min(bearers)

    def _learn(self, device: Device, seen: Seen) -> None:
        changed = [
            name
            for name in _FIELDS
            if getattr(seen, name)
            and getattr(device, name) != getattr(seen, name)
            and (name in _NEWEST or not getattr(device, name))
        ]
        for name in changed:
            setattr(device, name, getattr(seen, name))
        if changed:
            device.save(update_fields=changed)
        fresh = [pair for pair in seen.identities if device.pk not in self._by_value.get(pair, ())]
        Identity.objects.bulk_create(
            [
                Identity(device=device, unit_id=device.unit_id, kind=kind, value=value)
                for kind, value in fresh
            ],
            ignore_conflicts=True,
        )
        for pair in fresh:
            self._by_value.setdefault(pair, []).append(device.pk)

    def _merge(self, one: int, other: int, kind: str, value: str) -> None:
        kept, gone = sorted((self._standing(one), self._standing(other)))
        pairs = {frozenset((kept, gone)), frozenset((one, other))}
        apart = self._standing(other) in self._claimed or other in self._claimed
        if kept == gone or apart or pairs & self._parted:
            return
        take_for_one(kept, gone)
        for device in self._devices.values():
            if device.pk == gone or device.into_id == gone:
                device.into_id = kept
        row = {"kind": kind, "value": value, "bundle": self._bundle}
        if not Merge.objects.filter(kept_id=kept, gone_id=gone, undone=None).exists():
            Merge.objects.create(kept_id=kept, gone_id=gone, **row)
        if gone not in self._devices or kept not in self._devices:
            self._devices |= Device.objects.in_bulk([kept, gone])
        self.touched |= {kept, gone}


def take_for_one(kept: int, gone: int) -> None:
    """Let one device stand for another and for all that the other stood for."""
    Device.objects.filter(into=gone).update(into=kept)
    Device.objects.filter(pk=gone).update(into=kept)


def part(found: Merge) -> set[int]:
    """Part two devices again, each with what had been merged into it; the devices whose cases change."""
    rows = Merge.objects.filter(undone=None, kept__unit_id=found.kept.unit_id).exclude(pk=found.pk)
    touched = {found.kept_id, found.gone_id}
    pairs = list(rows.values_list("kept_id", "gone_id"))
    gone = _joined(found.gone_id, pairs)
    whole = {found.kept_id, found.gone_id} | _joined(found.kept_id, pairs) | gone
    rest = whole - gone
    if not rest or found.kept_id in gone:
        return set()
    for group in (gone, rest):
        head = min(group)
        Device.objects.filter(pk=head).update(into=None)
        Device.objects.filter(pk__in=group - {head}).update(into=head)
        touched.add(head)
    return touched


def _joined(start: int, pairs: Sequence[tuple[int, int]]) -> set[int]:
    """All that is held together with a device by these merges."""
    members, grown = {start}, True
    while grown:
        more = {number for pair in pairs if members & set(pair) for number in pair} - members
        grown = bool(more)
        members |= more
    return members


_PURPOSE = "lamsach.findings.identity/1"
_MARK = "~"


def sealed(kind: str, value: str) -> str:
    """Digest in place of a value: HMAC-SHA256 with the portal's secret key."""
    said = f"{_PURPOSE}\n{kind}\n{value}".encode()
    return _MARK + hmac.new(settings.SECRET_KEY.encode(), said, hashlib.sha256).hexdigest()


def seal(devices: Iterable[int]) -> None:
    """Put digests in place of these devices' identities; a hunt's own key goes: others may bear it later."""
    rows = Identity.objects.filter(device__in=list(devices))
    rows.filter(kind=IdentityKind.KEY).delete()
    for row in rows.exclude(value__startswith=_MARK):
        digest = sealed(row.kind, row.value)
        if Identity.objects.filter(
            unit=row.unit_id, kind=row.kind, value=digest, device=row.device_id
        ).exists():
            row.delete()
        else:
            Identity.objects.filter(pk=row.pk).update(value=digest)


_AT_ONCE = 500
MOST_DAYS = 400
"""How far back a bundle's word on a machine goes."""
_ONE = timedelta(days=1)
_KEY_PURPOSE = "lamsach.findings.unit-key/1"


def unit_key(unit_id: int) -> bytes:
    """The unit's key, made from the portal's secret key: in no table, back with a backup."""
    said = f"{_KEY_PURPOSE}\n{unit_id}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), said, hashlib.sha256)


def note_presence(bundle: Bundle, found: Read, placed: Mapping[str, Device]) -> None:
    """Keep the days of machines that a bundle saw; a name of several shows none. `placed`: by bundle key."""
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
    AliveDay.objects.bulk_create(rows, batch_size=_AT_ONCE, ignore_conflicts=True)


def _learn(found: Read, placed: Mapping[str, Device]) -> None:
    """Keep by which marks the bundle's key calls the machines that the bundle names."""
    rows = [
        Mark(device_id=placed[key].pk, key=found.presence_key, value=value)
        for key, values in found.marks.items()
        if key in placed and not placed[key].key.startswith("unattributed:")
        for value in values
    ]
    Mark.objects.bulk_create(rows, batch_size=_AT_ONCE, ignore_conflicts=True)


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
