"""Statements of offline units to the unit above: figures for its board, and granted machines by name."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.portal.audit.models import Entry
from lamsach.portal.campaigns.models import Campaign, Participation
from lamsach.portal.cases.dashboard import series
from lamsach.portal.cases.models import Case, Grant
from lamsach.portal.cases.tally import CaseCounts, case_counts, case_counts_by_child, end_of
from lamsach.portal.exchange import transfer
from lamsach.portal.exchange.models import Partner, StatedCounts
from lamsach.portal.privacy import granted
from lamsach.portal.privacy.models import GrantedView
from lamsach.portal.units import tree
from lamsach.portal.units.models import UnitLink

from . import bundles, samples
from .bundles import day
from .conftest import Cast
from .exchange_pair import carried, made, partners

NAMES = ("PC-01", "10.1.2.3", "02:00:00:00:00:01", "thu")


def named_in(text: str) -> list[str]:
    """List the names that occur as whole words; keys and signatures may contain short ones by chance."""
    return [name for name in NAMES if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]


@pytest.fixture
def pair(cast: Cast) -> tuple[Partner, Partner]:
    """Return the partners of each other, in a tree that has existed for long."""
    UnitLink.objects.update(valid_from=day(-100))
    return partners(cast)


def stated(pair: Any, campaign: Campaign, number: int, unit: Any = None, **counts: int) -> StatedCounts:
    """Store the room's figures so many days ago, from a file accepted that day."""
    whole = CaseCounts(**{"found": 5, "open": 2, "handled": 3, "cleaned": 2, "verified": 1, **counts})
    return StatedCounts.objects.create(
        partner=pair[0],
        unit=unit or pair[1].unit,
        campaign=campaign,
        day=day(-number),
        counter=100 - number,
        counts=asdict(whole),
        at=timezone.now() - timedelta(days=number),
    )


def machines(cast: Cast, campaign: Campaign, count: int, unit: Any = None) -> None:
    """Import so many machines, found by a hunt in a log of three days ago."""
    devices = [bundles.device(f"mac:02:00:00:00:00:{n:02x}", name=f"PC-{n:02}") for n in range(1, count + 1)]
    contacts = [bundles.Contact(device.key, {day(-3): 4}) for device in devices]
    bundles.hand_in(cast, campaign, bundles.findings(devices, contacts), unit)


def test_stated_figures_count_from_their_day_on(cast: Cast, pair: Any, campaign: Campaign) -> None:
    machines(cast, campaign, 2, cast.second)
    stated(pair, campaign, 10, found=7, open=4)
    stated(pair, campaign, 4)
    for unit in (cast.root, cast.centre, cast.first):
        own = 0 if unit == cast.first else 2
        counts = case_counts(campaign, unit.pk)
        assert (counts.found, counts.open, counts.cleaned) == (5 + own, 2 + own, 2)
        assert case_counts(campaign, unit.pk, day(-5)).found == 7
        assert case_counts(campaign, unit.pk, day(-11)).found == 0
    by_child = case_counts_by_child(campaign, cast.centre.pk)
    assert {unit: counts.found for unit, counts in by_child.items()} == {cast.first.pk: 5, cast.second.pk: 2}
    found = series(campaign, cast.centre.pk, tree.today())
    assert found is not None
    shown = dict(
        zip(found.days, zip(found.counts["todo"], found.counts["verified"], strict=True), strict=True)
    )
    assert (min(shown), shown[day(-10)], shown[day(-4)]) == (day(-10), (5, 1), (3, 1))
    assert shown[tree.today()] == (5, 1)
    client = cast.client("coordinator")
    for path in ("machines", "machines/dashboard"):
        page = client.get(f"/office/campaigns/{campaign.pk}/{path}/").content.decode()
        assert "cut-off units handed in" in page, path
        assert f"{day(-4):%d/%m/%Y}" in page


def test_the_same_machines_never_count_twice(cast: Cast, pair: Any, campaign: Campaign) -> None:
    """The larger count of each day applies to the room's machines known here and from its file."""
    machines(cast, campaign, 3)
    stated(pair, campaign, 2)
    assert case_counts(campaign, cast.centre.pk).found == 5
    StatedCounts.objects.update(counts=asdict(CaseCounts(found=2, open=2)))
    assert case_counts(campaign, cast.centre.pk) == CaseCounts(found=3, open=3)
    found = series(campaign, cast.centre.pk, tree.today())
    assert found is not None
    assert found.counts["todo"][-1] == 3


def test_a_unit_states_counts_of_units_under_it(cast: Cast, pair: Any, campaign: Campaign) -> None:
    below = tree.create("G06.12.01.01", "Tổ Một", cast.first)
    stated(pair, campaign, 2)
    stated(pair, campaign, 2, below, found=4)
    assert case_counts(campaign, cast.centre.pk).found == 5
    assert case_counts(campaign, below.pk).found == 4


def test_past_days_show_what_was_known_then(cast: Cast, pair: Any, campaign: Campaign) -> None:
    late = stated(pair, campaign, 6)
    StatedCounts.objects.filter(pk=late.pk).update(at=timezone.now() - timedelta(days=1))
    past = day(-5)
    assert case_counts(campaign, cast.centre.pk, past, end_of(past)).found == 0
    assert case_counts(campaign, cast.centre.pk, past).found == 5
    address = f"/office/campaigns/{campaign.pk}/machines/day/?day={past.isoformat()}"
    page = cast.client("coordinator").get(address).content.decode()
    assert "cut-off units handed in" in page
    assert "has not changed since its evening" not in page


def test_statements_of_an_ended_partner_end(cast: Cast, pair: Any, campaign: Campaign) -> None:
    stated(pair, campaign, 4)
    Partner.objects.update(ended=timezone.now() - timedelta(days=2))
    assert case_counts(campaign, cast.centre.pk).found == 0
    assert case_counts(campaign, cast.centre.pk, day(-3)).found == 5


def down_and_found(cast: Cast, pair: Any) -> Case:
    """Send the campaign down to the room, whose hunt finds a machine."""
    samples.dispatch(cast)
    carried(cast, pair[0], pair[1], ["campaigns"])
    copy = Campaign.objects.latest("pk")
    device = bundles.device("mac:02:00:00:00:00:01", name="PC-01", user="thu")
    bundles.hand_in(cast, copy, bundles.findings([device], [bundles.Contact(days={day(-3): 4})]))
    return Case.objects.get()


def grant(cast: Cast, case: Case, **changes: Any) -> Grant:
    values = {"until": timezone.now() + timedelta(days=3), "user": cast.people["officer"], **changes}
    return Grant.objects.create(case=case, to=cast.centre, reason="Kiểm tra chéo", **values)


def test_files_count_by_counter_not_arrival(cast: Cast, pair: Any) -> None:
    case = down_and_found(cast, pair)
    down, up = pair
    by = cast.people["coordinator"]
    older = made(up, by, ["counts"])
    two = bundles.device("mac:02:00:00:00:00:02", name="PC-02")
    found = bundles.findings([two], [bundles.Contact(two.key, {day(-2): 1})])
    bundles.hand_in(cast, case.campaign, found)
    carried(cast, up, down, ["counts"])
    transfer.accept(down, older, by)
    theirs = Campaign.objects.exclude(pk=case.campaign_id).get()
    assert case_counts(theirs, cast.centre.pk).found == 2
    with pytest.raises(InputError, match="accepted before"):
        transfer.accept(down, older, by)


def test_a_granted_machine_is_sent_until_the_grant_expires(cast: Cast, pair: Any) -> None:
    case, (down, up) = down_and_found(cast, pair), pair
    assert not any(offer.kind.name == "grants" for offer in transfer.offers(up))
    made_grant = grant(cast, case)
    path = made(up, cast.people["coordinator"], ["grants"])
    with transfer.checked(down, path) as found:
        ((_, sentences),) = transfer.preview(found)
    assert case.number in sentences[0]
    accepted = transfer.accept(down, path, cast.people["coordinator"])
    assert accepted.result == {"grants": {"grants": 1}}
    view = GrantedView.objects.get()
    assert not named_in(view.data), "locked"
    client = cast.client("coordinator")
    assert case.number in client.get("/office/privacy/").content.decode()
    before = Entry.objects.filter(action="case.granted_viewed").count()
    page = client.get(f"/office/privacy/granted/{view.pk}/").content.decode()
    for name in (*NAMES, bundles.EVIL, "Kiểm tra chéo"):
        assert name in page, name
    assert Entry.objects.filter(action="case.granted_viewed").count() == before + 1
    for role in ("reader", "authority", "stranger", "officer"):
        assert cast.client(role).get(f"/office/privacy/granted/{view.pk}/").status_code == 404, role
    with pytest.raises(InputError, match="accepted before"):
        transfer.accept(down, path, cast.people["coordinator"])
    assert granted.forget() == 0
    GrantedView.objects.update(until=made_grant.until - timedelta(days=4))
    assert client.get(f"/office/privacy/granted/{view.pk}/").status_code == 404
    assert granted.forget() == 1
    assert not GrantedView.objects.exists()


def test_a_revoked_grant_ends_with_the_next_file(cast: Cast, pair: Any) -> None:
    case, (down, up) = down_and_found(cast, pair), pair
    by = cast.people["coordinator"]
    granted = grant(cast, case)
    late = made(up, by, ["grants"])
    carried(cast, up, down, ["grants"])
    assert GrantedView.objects.count() == 1
    Grant.objects.filter(pk=granted.pk).update(ended=timezone.now())
    assert carried(cast, up, down, ["grants"]).result == {"grants": {"grants": 0}}
    assert not GrantedView.objects.exists()
    transfer.accept(down, late, by)
    assert not GrantedView.objects.exists(), "an older file brings nothing back"


def test_only_grants_to_the_partner_are_sent(cast: Cast, pair: Any) -> None:
    case, (_, up) = down_and_found(cast, pair), pair
    grant(cast, case, until=timezone.now() - timedelta(minutes=1))
    Grant.objects.create(
        case=case, to=cast.root, until=timezone.now() + timedelta(days=1), user=cast.people["officer"]
    )
    path = made(up, cast.people["coordinator"])
    archive = zipfile.ZipFile(path)
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert not named_in(everything)


@pytest.mark.parametrize(
    "change",
    [
        {"until": "2022-01-01"},
        {"until": timedelta(days=400)},
        {"unit": "G06.13"},
        {"state": "clean"},
        {"severity": 9},
        {"number": "M" * 21},
        {"machine": {"name": "PC"}},
        {"sightings": [{"indicator": 3}]},
        {"lines": [["only one"]]},
        {"campaign": 10**9},
    ],
)
def test_malformed_grants_reject_the_whole_file(
    change: dict[str, Any], cast: Cast, pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, (down, up) = down_and_found(cast, pair), pair
    grant(cast, case)
    written = granted.payload_records
    change = {
        name: (timezone.now() + value).isoformat() if isinstance(value, timedelta) else value
        for name, value in change.items()
    }

    def other(route: Any) -> list[dict[str, Any]]:
        return [{**row, **change} for row in json.loads(json.dumps(written(route)))]

    monkeypatch.setattr(granted, "payload_records", other)
    path = made(up, cast.people["coordinator"], ["grants"])
    with pytest.raises(InputError):
        transfer.accept(down, path, cast.people["coordinator"])
    assert not GrantedView.objects.exists()
    assert Participation.objects.exists()
