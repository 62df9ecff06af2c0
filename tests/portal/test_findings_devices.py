"""Devices of imported bundles: recognized, merged by name or by a later hunt, parted, kept apart."""

from __future__ import annotations

from typing import Any

import pytest

from lamsach.portal.cases.models import Case
from lamsach.portal.findings import identities
from lamsach.portal.findings.models import Device, Merge

from .bundles import ONE, TWO, Contact, day, device, findings, hand_in
from .conftest import Cast

pytestmark = pytest.mark.django_db


def test_devices_are_recognized(cast: Cast, campaign: Any) -> None:
    days = {day(-2): 2}
    hand_in(cast, campaign, findings([device(ONE, name="PC-01")], [Contact(days=days)]))
    hand_in(
        cast,
        campaign,
        findings(
            [device("name:pc-01.unit.example", name="pc-01.unit.example")],
            [Contact("name:pc-01.unit.example", days=days)],
        ),
    )
    assert Case.objects.filter(superseded=None).count() == 1
    assert Device.objects.count() == 1


def test_a_merge_by_name_is_shown_and_undone(cast: Cast, campaign: Any) -> None:
    hand_in(cast, campaign, findings([device(ONE, name="PC-01")], [Contact(days={day(-2): 2})]))
    hand_in(cast, campaign, findings([device(TWO, name="PC-01")], [Contact(TWO, days={day(-1): 5})]))
    merge = Merge.objects.get()
    assert (merge.kind, merge.value) == ("name", "pc-01")
    (case,) = Case.objects.filter(superseded=None)
    assert case.count == 7
    client = cast.client("officer")
    page = client.get(f"/office/findings/devices/{case.device_id}/").content.decode()
    assert "Not the same machine" in page
    answer = client.post(f"/office/findings/merges/{merge.pk}/undo/", {"reason": "Hai máy khác nhau"})
    assert answer.status_code == 302
    assert sorted(Case.objects.filter(superseded=None).values_list("count", flat=True)) == [2, 5]
    hand_in(cast, campaign, findings([device(TWO, name="PC-01")], [Contact(TWO, days={day(-3): 1})]))
    assert Case.objects.filter(superseded=None).count() == 2, "what was parted is not merged again"
    assert Merge.objects.count() == 1


def test_a_later_hunt_with_both_identities_merges_devices(cast: Cast, campaign: Any) -> None:
    hand_in(cast, campaign, findings([device(ONE)], [Contact(days={day(-3): 2})]))
    hand_in(cast, campaign, findings([device("name:KT-7")], [Contact("name:KT-7", days={day(-2): 2})]))
    assert Case.objects.filter(superseded=None).count() == 2
    hand_in(cast, campaign, findings([device(ONE, name="KT-7")], [Contact(days={day(-1): 2})]))
    (case,) = Case.objects.filter(superseded=None)
    assert case.count == 6


def test_devices_distinct_in_a_hunt_are_not_merged(cast: Cast, campaign: Any) -> None:
    contacts = [Contact(days={day(-2): 2}), Contact(TWO, days={day(-2): 2})]
    hand_in(cast, campaign, findings([device(ONE, name="PC-01"), device(TWO, name="PC-01")], contacts))
    assert Case.objects.filter(superseded=None).count() == 2
    assert not Merge.objects.exists()


@pytest.mark.parametrize("name", ["localhost", "android-1234", "iPhone"])
def test_a_shared_name_merges_nothing(name: str, cast: Cast, campaign: Any) -> None:
    hand_in(cast, campaign, findings([device(ONE, name=name)], [Contact(days={day(-2): 2})]))
    hand_in(cast, campaign, findings([device(TWO, name=name)], [Contact(TWO, days={day(-2): 2})]))
    assert Case.objects.filter(superseded=None).count() == 2


def test_units_do_not_share_devices(cast: Cast, campaign: Any) -> None:
    for unit in (cast.first, cast.second):
        hand_in(cast, campaign, findings([device(ONE, name="PC-01")], [Contact(days={day(-2): 2})]), unit)
    assert {case.unit_id for case in Case.objects.all()} == {cast.first.pk, cast.second.pk}


def test_undoing_a_merge_retains_other_merges(cast: Cast, campaign: Any) -> None:
    made = [Device.objects.create(unit=cast.first, key=f"k{number}") for number in range(4)]
    for target, gone in ((0, 1), (2, 3), (0, 2)):
        identities.merge_into(made[target].pk, made[gone].pk)
        Merge.objects.create(kept=made[target], gone=made[gone], kind="name", value="x")
    last = Merge.objects.latest("pk")
    identities.undo_merge(last)
    assert [device.into_id for device in Device.objects.order_by("pk")] == [
        None,
        made[0].pk,
        None,
        made[2].pk,
    ]
