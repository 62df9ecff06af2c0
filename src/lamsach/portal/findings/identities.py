"""Resolution of a bundle's devices to stored ones: by MAC, then inventory, then host name.

A device with a known strongest identity is that device. A device with a known weaker one is stored as another
device and merged into the known one, so that the merge is visible and can be undone. Devices are not merged
by an identity that several devices share, nor if distinct in one bundle, nor if their merge was undone.

A device with purged names is recognized by keyed digests of them: the database alone reveals no address, and
an old log searched again, or a reinfection, finds its case and counts nothing twice.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

from django.conf import settings

from lamsach.devices.presence import identifiers_of, key_name, keyed_mark, mark_of
from lamsach.portal.base.queries import in_parts
from lamsach.portal.findings.bundle_reader import BundleContent, BundleDevice
from lamsach.portal.findings.models import AliveDay, Bundle, Device, Identity, IdentityKind, Mark, Merge

BATCH = 500
_RANKS = {"mac": 0, "inventory": 1, "name": 2, "key": 3}
_FIELDS = ("mac", "name", "ip", "user", "department")
_NEWEST = frozenset({"ip", "user", "department"})


class Devices:
    """Devices of a bundle's unit, found or created during import."""

    def __init__(self, bundle: Bundle, seen: Sequence[BundleDevice]) -> None:
        self._bundle = bundle
        self._by_value: dict[tuple[str, str], list[int]] = {}
        self._claimed: set[int] = set()
        self.touched: set[int] = set()
        """Both sides of the merges made by this bundle."""
        pairs = {pair for device in seen for pair in device.identities}
        digests = {(kind, sealed(kind, value)): value for kind, value in pairs}
        values = sorted({value for _, value in pairs} | {digest for _, digest in digests})
        for part in in_parts(values, BATCH):
            rows = Identity.objects.filter(unit_id=bundle.unit_id, value__in=part)
            for kind, value, device in rows.order_by("device_id").values_list("kind", "value", "device_id"):
                self._by_value.setdefault((kind, digests.get((kind, value), value)), []).append(device)
        known = sorted({device for devices in self._by_value.values() for device in devices})
        self._devices: dict[int, Device] = {}
        for part in in_parts(known, BATCH):
            self._devices |= Device.objects.in_bulk(part)
        undone = Merge.objects.filter(kept__unit_id=bundle.unit_id, undone__isnull=False)
        self._parted = {frozenset(pair) for pair in undone.values_list("kept_id", "gone_id")}

    def place(self, seen: Sequence[BundleDevice]) -> dict[str, Device]:
        """Resolve the bundle's devices, those with the strongest identities first; by bundle key."""
        ordered = sorted(seen, key=lambda item: (_RANKS[item.identities[0][0]], item.key))
        return {item.key: self._resolve(item) for item in ordered}

    def _resolve(self, seen: BundleDevice) -> Device:
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
        self._claimed |= {device.pk, self._merged_into(device.pk)}
        return device

    def _new(self, seen: BundleDevice) -> Device:
        values = {name: getattr(seen, name) for name in _FIELDS}
        device = Device.objects.create(unit_id=self._bundle.unit_id, key=seen.key, **values)
        self._devices[device.pk] = device
        return device

    def _merged_into(self, number: int) -> int:
        return self._devices[number].into_id or number

    def _only(self, value: tuple[str, str], besides: int = 0) -> int | None:
        """Return the only device with the identity, or None."""
        owners = [number for number in self._by_value.get(value, ()) if number != besides]
        if len({self._merged_into(number) for number in owners if number in self._devices}) != 1:
            return None
        return min(owners)

    def _learn(self, device: Device, seen: BundleDevice) -> None:
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

    def _merge(self, first: int, second: int, kind: str, value: str) -> None:
        kept, gone = sorted((self._merged_into(first), self._merged_into(second)))
        pairs = {frozenset((kept, gone)), frozenset((first, second))}
        apart = self._merged_into(second) in self._claimed or second in self._claimed
        if kept == gone or apart or pairs & self._parted:
            return
        merge_into(kept, gone)
        for device in self._devices.values():
            if device.pk == gone or device.into_id == gone:
                device.into_id = kept
        row = {"kind": kind, "value": value, "bundle": self._bundle}
        if not Merge.objects.filter(kept_id=kept, gone_id=gone, undone=None).exists():
            Merge.objects.create(kept_id=kept, gone_id=gone, **row)
        if gone not in self._devices or kept not in self._devices:
            self._devices |= Device.objects.in_bulk([kept, gone])
        self.touched |= {kept, gone}


def merge_into(kept: int, gone: int) -> None:
    """Merge a device, and all merged into it, into another."""
    Device.objects.filter(into=gone).update(into=kept)
    Device.objects.filter(pk=gone).update(into=kept)


def undo_merge(found: Merge) -> set[int]:
    """Undo the merge of two devices, each with those merged into it; return devices with changed cases."""
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
    """Return all devices connected with a device by merges."""
    members, grown = {start}, True
    while grown:
        more = {number for pair in pairs if members & set(pair) for number in pair} - members
        grown = bool(more)
        members |= more
    return members


_PURPOSE = "lamsach.findings.identity/1"
_MARK = "~"


def sealed(kind: str, value: str) -> str:
    """Return a keyed digest of a value: HMAC-SHA256 with the portal's secret key."""
    text = f"{_PURPOSE}\n{kind}\n{value}".encode()
    return _MARK + hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()


def seal(devices: Iterable[int]) -> None:
    """Replace the devices' identities by digests; delete hunts' own keys, which other devices may reuse."""
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
"""Limit of days of a machine's presence in a bundle."""
_ONE = timedelta(days=1)
_KEY_PURPOSE = "lamsach.findings.unit-key/1"


def unit_key(unit_id: int) -> bytes:
    """Derive the unit's key from the portal's secret key; it is not stored."""
    text = f"{_KEY_PURPOSE}\n{unit_id}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), text, hashlib.sha256)


def note_presence(bundle: Bundle, found: BundleContent, placed: Mapping[str, Device]) -> None:
    """Store the days on which machines were seen; ambiguous marks count for none. `placed`: by bundle key."""
    own = unit_key(bundle.unit_id)
    if found.presence_key and found.presence_key != key_name(own):
        _learn(found, placed)
        owners = _known(bundle, found)
    elif found.presence:
        make = (lambda kind, value: keyed_mark(own, kind, value)) if found.presence_key else mark_of
        owners = _marked(bundle, found, make)
    else:
        return
    rows = [
        AliveDay(device_id=devices[0], day=day)
        for mark, devices in owners.items()
        if len(set(devices)) == 1
        for day in _days(found.presence[mark])
    ]
    AliveDay.objects.bulk_create(rows, batch_size=_AT_ONCE, ignore_conflicts=True)


def _learn(found: BundleContent, placed: Mapping[str, Device]) -> None:
    """Store the marks of the bundle's named devices under the bundle's key."""
    rows = [
        Mark(device_id=placed[key].pk, key=found.presence_key, value=value)
        for key, values in found.marks.items()
        if key in placed and not placed[key].key.startswith("unattributed:")
        for value in values
    ]
    Mark.objects.bulk_create(rows, batch_size=_AT_ONCE, ignore_conflicts=True)


def _known(bundle: Bundle, found: BundleContent) -> dict[str, list[int]]:
    rows = Mark.objects.filter(device__unit=bundle.unit_id, key=found.presence_key)
    owners: dict[str, list[int]] = {}
    for value, device, into in rows.values_list("value", "device_id", "device__into"):
        if value in found.presence:
            owners.setdefault(value, []).append(into or device)
    return owners


def _marked(bundle: Bundle, found: BundleContent, make: Callable[[str, str], str]) -> dict[str, list[int]]:
    owners: dict[str, list[int]] = {}
    for device in Device.objects.filter(unit_id=bundle.unit_id).exclude(key__startswith="unattributed:"):
        for mark in {make(kind, value) for kind, value in identifiers_of(device.mac, device.name, device.ip)}:
            if mark in found.presence:
                owners.setdefault(mark, []).append(device.into_id or device.pk)
    return owners


def _days(spans: Sequence[tuple[date, date]]) -> list[date]:
    return [
        begin + _ONE * number
        for begin, end in spans
        for number in range(min((end - begin).days + 1, MOST_DAYS))
    ][:MOST_DAYS]
