"""Which device of the portal a device of a bundle is: by MAC, then inventory, then host name.

A bundle's device that is known by its strongest value is that device. By a weaker value it becomes a device of its own that is merged into the known one, so that
the merge can be seen and undone. Nothing is merged by a value that several devices bear, nor two that one bundle holds apart, nor two that somebody parted.
"""

from __future__ import annotations

from collections.abc import Sequence

from lamsach.portal.findings.models import Bundle, Device, Identity, Merge
from lamsach.portal.findings.reading import Seen
from lamsach.portal.findings.sealing import sealed

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
    """Let the two devices be two again, each with what had been merged into it otherwise; the devices whose cases change."""
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
