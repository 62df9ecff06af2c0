"""Which device of the portal a device of a bundle is: by MAC, then inventory, then host name; never two of one bundle by less than the MAC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lamsach.portal.findings.models import Bundle, Device, Identity, Merge
from lamsach.portal.findings.reading import Seen

BATCH = 500
_FIELDS = ("mac", "name", "ip", "user", "department")


class Devices:
    """The devices of a bundle's unit, looked up and made while it is taken in."""

    def __init__(self, bundle: Bundle, seen: Sequence[Seen]) -> None:
        self._bundle = bundle
        self._by_value: dict[tuple[str, str], list[Device]] = {}
        self._claimed: set[int] = set()
        self._parted: set[frozenset[int]] = set()
        self.touched: set[int] = set()
        """Devices that stand for others since this bundle, or no longer do."""
        values = sorted({value for device in seen for _, value in device.identities})
        for begin in range(0, len(values), BATCH):
            rows = Identity.objects.filter(
                unit_id=bundle.unit_id, value__in=values[begin : begin + BATCH]
            ).select_related("device__into")
            for row in rows.order_by("device_id"):
                self._by_value.setdefault((row.kind, row.value), []).append(row.device)
        undone = Merge.objects.filter(kept__unit_id=bundle.unit_id, undone__isnull=False)
        self._parted = {frozenset(pair) for pair in undone.values_list("kept_id", "gone_id")}

    def place(self, seen: Sequence[Seen]) -> dict[str, Device]:
        """The device for each key of the bundle. Those with the strongest identity come first."""
        ranks = {"mac": 0, "inventory": 1, "name": 2, "key": 3}
        ordered = sorted(seen, key=lambda one: (ranks[one.identities[0][0]], one.key))
        return {one.key: self._place(one) for one in ordered}

    def _place(self, seen: Seen) -> Device:
        found: list[tuple[Device, str, str]] = []
        for kind, value in seen.identities:
            for device in self._by_value.get((kind, value), ()):
                if self._may(seen, device, kind) and device.pk not in {one.pk for one, _, _ in found}:
                    found.append((device, kind, value))
        if found:
            device = found[0][0]
        else:
            device = Device.objects.create(
                unit_id=self._bundle.unit_id,
                key=seen.key,
                **{name: getattr(seen, name) for name in _FIELDS},
            )
        self._learn(device, seen)
        for other, kind, value in found[1:]:
            if not self._rivals(device, other):
                self.touched |= merge(device, other, kind, value, self._bundle, self._parted)
        self._claimed |= {device.pk, standing(device).pk}
        return device

    def _may(self, seen: Seen, device: Device, kind: str) -> bool:
        """Whether the value is enough: a device that this bundle already named is another one, unless by its MAC or own key."""
        if kind in ("mac", "key"):
            return True
        return not ({device.pk, standing(device).pk} & self._claimed)

    def _rivals(self, one: Device, other: Device) -> bool:
        """Whether the bundle itself holds the two apart."""
        return other.pk in self._claimed or standing(other).pk in self._claimed - {standing(one).pk}

    def _learn(self, device: Device, seen: Seen) -> None:
        changed = [name for name in _FIELDS if getattr(seen, name) and getattr(device, name) != getattr(seen, name)]
        changed = [name for name in changed if name in ("ip", "user", "department") or not getattr(device, name)]
        for name in changed:
            setattr(device, name, getattr(seen, name))
        if changed:
            device.save(update_fields=changed)
        fresh = [
            Identity(device=device, unit_id=device.unit_id, kind=kind, value=value)
            for kind, value in seen.identities
            if device.pk not in {known.pk for known in self._by_value.get((kind, value), ())}
        ]
        Identity.objects.bulk_create(fresh, ignore_conflicts=True)
        for row in fresh:
            self._by_value.setdefault((row.kind, row.value), []).append(device)


def standing(device: Device) -> Device:
    """The device that stands for this one."""
    return device.into if device.into_id is not None and device.into is not None else device


def merge(
    device: Device, other: Device, kind: str, value: str, bundle: Bundle | None, parted: Iterable[frozenset[int]]
) -> set[int]:
    """Take the other device for this one, unless somebody undid that before; the devices whose cases change."""
    kept, gone = standing(device), standing(other)
    if kept.pk == gone.pk:
        return set()
    if gone.pk < kept.pk:
        kept, gone = gone, kept
    if {frozenset((kept.pk, gone.pk)), frozenset((device.pk, other.pk))} & set(parted):
        return set()
    Device.objects.filter(into=gone).update(into=kept)
    Device.objects.filter(pk=gone.pk).update(into=kept)
    for one in (device, other):
        one.refresh_from_db()
    Merge.objects.create(kept=kept, gone=gone, kind=kind, value=value, bundle=bundle)
    return {kept.pk, gone.pk}


def undo(found: Merge) -> set[int]:
    """Let the two devices be two again, with what had been merged into each before; the devices whose cases change."""
    parts = _members(found.gone, before=found)
    Device.objects.filter(pk__in=parts - {found.gone_id}).update(into=found.gone)
    Device.objects.filter(pk=found.gone_id).update(into=None)
    return {found.kept_id, found.gone_id, *([found.kept.into_id] if found.kept.into_id else [])}


def _members(device: Device, before: Merge) -> set[int]:
    """The device and all that had been merged into it before a merge, and was not undone."""
    members = {device.pk}
    rows = Merge.objects.filter(pk__lt=before.pk, undone=None).order_by("-pk").values_list("kept_id", "gone_id")
    grown = True
    listed = list(rows)
    while grown:
        more = {gone for kept, gone in listed if kept in members} - members
        grown = bool(more)
        members |= more
    return members
