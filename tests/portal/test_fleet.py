"""Scans of fleets: summaries of machines, counts for the units above, and missing or silent machines."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamsach.portal.api.access import issue
from lamsach.portal.audit.models import Entry
from lamsach.portal.awareness.models import Person
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.fleet import figures, inventory
from lamsach.portal.fleet.models import Look, LookState, Machine, Size
from lamsach.portal.fleet.scans import Summary, keys_of, store_summary
from lamsach.portal.privacy import erasure, holds
from lamsach.portal.units import tree

from .bundles import hand_in, scan
from .conftest import Browser, Cast

pytestmark = pytest.mark.django_db


def summary(host: str = "PC-01", minutes: int = 0, **more: Any) -> Summary:
    values: dict[str, Any] = {"macs": (), "mode": "quick", **more}
    return Summary(host=host, finished=timezone.now() + timedelta(minutes=minutes - 600), **values)


def sent(host: str = "PC-01", **more: Any) -> dict[str, Any]:
    return {"host": host, "finished": timezone.now().isoformat(), "mode": "quick", "macs": [], **more}


def post(cast: Cast, campaign_id: int, body: Any, unit: Any = None) -> Any:
    token = issue(unit or cast.first, "fleet", cast.people["coordinator"])
    data = body if isinstance(body, bytes) else json.dumps(body)
    headers = {"Authorization": f"Bearer {token}"}
    return Client().post(
        f"/api/campaigns/{campaign_id}/scans", data, content_type="application/json", headers=headers
    )


def numbers(campaign: Campaign, unit: Any, days: int = 7) -> figures.Fleet:
    return figures.by_branch(campaign, unit, days, timezone.now())[0]


def test_a_machine_reports_and_the_coordinator_sees_counts_only(
    cast: Cast, campaign: Campaign, browser: Browser
) -> None:
    found = sent("MAY-KE-TOAN", malicious=2, left=1, done=1)
    assert post(cast, campaign.pk, found).json() == {"taken": True, "problem": ""}
    assert post(cast, campaign.pk, sent("MAY-02")).json()["taken"]
    assert post(cast, campaign.pk, sent("MAY-03"), cast.second).json()["taken"]
    page = browser("coordinator").get(f"/office/fleet/{campaign.pk}/").content.decode()
    assert "3 machines scanned" in page
    assert "Malware is still on 1" in page
    assert "MAY-KE-TOAN" not in page
    own = browser("officer").get(f"/office/fleet/{campaign.pk}/").content.decode()
    assert f"machines/?unit={cast.first.pk}&amp;show=found" in own
    own = browser("officer").get(f"/office/fleet/{campaign.pk}/machines/").content.decode()
    assert own.index("MAY-KE-TOAN") < own.index("MAY-02")  # the most urgent first
    assert "MAY-KE-TOAN" in own
    assert "MAY-03" not in own
    address = f"/office/fleet/{campaign.pk}/machines/?unit={cast.first.pk}"
    assert browser("coordinator").get(address).status_code == 403
    assert browser("stranger").get(f"/office/fleet/{campaign.pk}/").status_code == 404
    assert Entry.objects.filter(action="fleet.viewed").count() == 1


@pytest.mark.parametrize(
    ("scans", "state"),
    [
        ([{}], "quiet"),
        ([{"risk": 3}], "quiet"),
        ([{"suspicious": 1}], "doubtful"),
        ([{"malicious": 1, "left": 1}], "found"),
        ([{"malicious": 1, "done": 1}], "cleaned"),
        ([{"malicious": 1}], "doubtful"),  # an earlier finding, not acted on
        ([{"malicious": 1, "left": 1}, {}], "cleaned"),
        ([{"malicious": 1, "left": 1}, {"malicious": 1, "left": 1}], "found"),
        ([{"malicious": 1, "left": 1, "mode": "full"}, {}], "found"),  # a quick scan is narrower
        ([{"malicious": 1, "left": 1, "mode": "full"}, {}, {}], "found"),
        ([{"malicious": 1, "left": 1, "mode": "full"}, {}, {"mode": "full"}], "cleaned"),
        ([{"malicious": 1, "left": 1, "mode": "full"}, {"malicious": 1, "done": 1}], "cleaned"),
        ([{"malicious": 1, "left": 1}, {"stopped": True, "whole": False}], "found"),
        ([{"malicious": 1, "left": 1}, {"whole": False}], "cleaned"),
        ([{"malicious": 1, "done": 1}, {"malicious": 1, "left": 1}], "found"),
    ],
)
def test_the_state_of_a_machine(
    scans: list[dict[str, Any]], state: str, cast: Cast, campaign: Campaign
) -> None:
    for place, more in enumerate(scans):
        store_summary(campaign, cast.first, summary(minutes=place, **more))
    look = Look.objects.get()
    assert (look.state, look.looks) == (state, len(scans))
    assert look.ever_found is any(more.get("malicious") for more in scans)


def test_repeated_and_late_reports(cast: Cast, campaign: Campaign) -> None:
    late = summary(minutes=9)
    for _ in range(2):
        store_summary(campaign, cast.first, late)
    assert Look.objects.get().looks == 1
    store_summary(campaign, cast.first, summary(minutes=1, malicious=1, left=1))
    look = Look.objects.get()
    assert (look.looks, look.state, look.ever_found) == (1, LookState.CLEANED, True)
    ahead = Summary("PC-02", (), timezone.now() + timedelta(days=900), "quick")
    made = store_summary(campaign, cast.first, ahead)
    assert made is not None
    assert made.finished <= timezone.now()


@pytest.mark.parametrize(
    ("host", "macs", "keys"),
    [
        ("PC-01", (), ["pc-01"]),
        ("pc-01.unit.example", ("00-1A-2B-3C-4D-5E",), ["pc-01", "mac:00:1a:2b:3c:4d:5e"]),
        ("localhost", ("00:1a:2b:3c:4d:5e", "02:00:00:00:00:01"), ["mac:00:1a:2b:3c:4d:5e"]),
        ("localhost", ("02:00:00:00:00:01",), []),
        ("", ("no", "00:00:00:00:00:00"), []),
        ("192.0.2.7", (), []),
    ],
)
def test_the_keys_of_a_machine(host: str, macs: tuple[str, ...], keys: list[str]) -> None:
    assert keys_of(host, macs) == keys


def test_the_basis_of_missing_machines(cast: Cast, campaign: Campaign) -> None:
    store_summary(campaign, cast.first, summary("PC-01"))
    assert (numbers(campaign, cast.first).expected, numbers(campaign, cast.first).unknown) == (0, 1)
    Person.objects.create(unit=cast.first, name="A")
    Person.objects.create(unit=cast.first, name="B")
    seen = numbers(campaign, cast.first)
    assert (seen.expected, seen.missing, seen.percent) == (2, 1, 50)
    Size.objects.create(unit=cast.first, machines=5)
    assert numbers(campaign, cast.first).missing == 4
    for name in ("pc-01", "pc-02", "pc-03"):
        Machine.objects.update_or_create(unit=cast.first, key=name, defaults={"listed": True, "name": name})
    store_summary(campaign, cast.first, summary("LA"))
    seen = numbers(campaign, cast.first)
    assert (seen.expected, seen.scanned, seen.missing, seen.unlisted) == (3, 2, 2, 1)
    assert numbers(campaign, cast.centre).missing == 2


def test_silent_machines_are_counted(cast: Cast, campaign: Campaign, browser: Browser) -> None:
    for name, days in (("PC-01", 1), ("PC-02", 8), ("PC-03", 20)):
        store_summary(campaign, cast.first, summary(name))
        Look.objects.filter(machine__name=name).update(received=timezone.now() - timedelta(days=days))
    assert [numbers(campaign, cast.centre, days).silent for days in (1, 7, 14, 30)] == [3, 2, 1, 0]
    page = (
        browser("officer").get(f"/office/fleet/{campaign.pk}/machines/?show=silent&days=14").content.decode()
    )
    assert ("PC-03" in page, "PC-02" in page) == (True, False)


def sheet(rows: str, name: str = "may.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, ("Tên máy,MAC,Phòng ban\n" + rows).encode())


def test_an_inventory_is_imported_and_exported(cast: Cast, campaign: Campaign, browser: Browser) -> None:
    store_summary(campaign, cast.first, summary("PC-01"))
    address = f"/office/fleet/inventory/{cast.first.pk}/"
    rows = "PC-01,,Kế toán\n=PC-02,,Kế toán\n,00:1a:2b:3c:4d:5e,\n"
    answer = browser("officer").post(address, {"file": sheet(rows)}, follow=True).content.decode()
    assert "The inventory names 3 machines" in answer
    export = browser("officer").get(f"/office/fleet/{campaign.pk}/machines/export/?show=missing")
    text = b"".join(export.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.count("never reported") == 2
    assert "'=PC-02" in text
    store_summary(campaign, cast.first, summary("localhost", macs=("00-1A-2B-3C-4D-5E",)))
    assert numbers(campaign, cast.first).missing == 1
    browser("officer").post(address, {"file": sheet("PC-09,,\n")})
    assert sorted(Machine.objects.filter(listed=True).values_list("name", flat=True)) == ["PC-09"]
    assert Machine.objects.filter(listed=False).count() == 2  # machines with reports remain
    browser("officer").post(address, {"machines": "40"})
    assert Size.objects.get().machines == 40


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"x,y\n1,2\n"),
        ("a.xlsx", b"PK\x03\x04broken"),
        ("a.csv", b"\xff\xfe\x00"),
        ("a.pdf", b"%PDF-1.7"),
    ],
)
def test_an_invalid_inventory_changes_nothing(name: str, content: bytes, cast: Cast) -> None:
    Machine.objects.create(unit=cast.first, key="pc-01", name="PC-01", listed=True)
    file = SimpleUploadedFile(name, content)
    answer = cast.client("officer").post(f"/office/fleet/inventory/{cast.first.pk}/", {"file": file})
    assert answer.status_code == 200
    assert "correct" in answer.content.decode()
    assert Machine.objects.filter(listed=True).count() == 1


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (lambda: sent(mode="paths"), 422),
        (lambda: sent(malicious=-1), 422),
        (lambda: sent(finished="2026-01-01T00:00:00"), 422),
        (lambda: sent(finished="1601-01-01T00:00:00Z"), 422),
        (lambda: sent("x" * 300), 422),
        (lambda: sent(macs=["a"] * 60), 422),
        (lambda: sent(skipped=1 << 60), 422),
        (lambda: {"host": "A"}, 422),
        (lambda: b"\xff\xfe", 400),
        (lambda: sent("a\x00b"), 200),
        (lambda: sent("localhost"), 200),
        (lambda: sent(skipped=1 << 52), 200),
    ],
)
def test_invalid_summaries_are_refused(
    body: Callable[[], Any], answer: int, cast: Cast, campaign: Campaign
) -> None:
    assert post(cast, campaign.pk, body()).status_code == answer


def test_who_may_report(cast: Cast, campaign: Campaign) -> None:
    assert (
        Client()
        .post(f"/api/campaigns/{campaign.pk}/scans", "{}", content_type="application/json")
        .status_code
        == 401
    )
    assert post(cast, campaign.pk, sent(), cast.other_first).status_code == 404
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.CLOSED)
    assert post(cast, campaign.pk, sent()).status_code == 409
    assert not Look.objects.exists()


def test_the_interface_gives_counts(cast: Cast, campaign: Campaign) -> None:
    post(cast, campaign.pk, sent("PC-01", malicious=1, left=1))
    token = issue(cast.centre, "x", cast.people["coordinator"])
    answer = Client().get(f"/api/campaigns/{campaign.pk}/scans", headers={"Authorization": f"Bearer {token}"})
    assert (answer.json()["scanned"], answer.json()["left"]) == (1, 1)
    assert "PC-01" not in answer.content.decode()


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_the_export_has_every_unit(kind: str, cast: Cast, campaign: Campaign, browser: Browser) -> None:
    store_summary(campaign, cast.first, summary("PC-01"))
    tree.create("G06.12.03", "=1+1", cast.centre)
    answer = browser("coordinator").get(f"/office/fleet/{campaign.pk}/export/?as={kind}")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    if kind == "json":
        rows = {row["code"]: row["scanned"] for row in json.loads(text)}
        assert rows == {"G06.12": 0, "G06.12.01": 1, "G06.12.02": 0, "G06.12.03": 0}
    else:
        assert len(text.splitlines()) == 5
        assert "'=1+1" in text
    assert "PC-01" not in text


def test_a_scans_bundle_counts_too(cast: Cast, campaign: Campaign) -> None:
    rows = [{"id": "1", "level": "malicious", "area": "file", "subject": "C:\\a.zip!b.exe", "sentence": "x"}]
    done = [
        {"action": "quarantine", "outcome": "done", "verified": True, "finding": "9", "subject": "C:\\a.zip"}
    ]
    when = (timezone.now() - timedelta(hours=1)).isoformat()
    hand_in(
        cast, campaign, scan({"name": "PC-77"}, rows, [], mode="full", finished=when, skipped={"no_right": 2})
    )
    look = Look.objects.get()
    assert (look.state, look.whole, look.skipped) == ("found", False, 2)
    later = timezone.now().isoformat()
    hand_in(
        cast,
        campaign,
        scan({"name": "PC-77"}, rows, done, mode="full", finished=later, skipped={"excluded": 2}),
    )
    look.refresh_from_db()
    assert (look.state, look.whole, look.looks) == ("cleaned", True, 2)
    hand_in(cast, campaign, scan({"name": "PC-78"}, [], [], mode="paths"))
    assert Look.objects.count() == 1


def test_names_are_erased_and_counts_remain(cast: Cast, campaign: Campaign) -> None:
    store_summary(campaign, cast.first, summary("PC-01"))
    assert inventory.forget_names(90) == 0
    ended = tree.today() - timedelta(days=91)
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.CLOSED, ends=ended)
    hold = holds.put(cast.first, "Thanh tra", cast.people["officer"])
    assert inventory.forget_names(90) == 0
    holds.lift(hold, cast.people["officer"])
    assert (inventory.forget_names(90), inventory.forget_names(90)) == (1, 0)
    assert Machine.objects.get().name == ""
    assert numbers(campaign, cast.first).scanned == 1


def test_a_persons_machine_is_erased(cast: Cast, campaign: Campaign) -> None:
    store_summary(campaign, cast.first, summary("PC-AN"))
    counts = erasure.erase([cast.first.pk], cast.first, "pc-an", "Yêu cầu", cast.people["officer"])
    assert counts["scanned"] == 1
    assert "an" not in Machine.objects.get().key


FACTS = st.fixed_dictionaries(
    {}, optional={name: st.integers(0, 3) for name in ("malicious", "left", "done", "suspicious")}
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), FACTS), max_size=8))
def test_counts_add_up_in_any_order(
    cast: Cast, campaign: Campaign, summaries: list[tuple[int, int, dict[str, int]]]
) -> None:
    Look.objects.all().delete()
    for machine, minutes, more in summaries:
        store_summary(campaign, cast.first, summary(f"PC-{machine}", minutes, **more))
    seen = numbers(campaign, cast.centre)
    assert seen.scanned == len({machine for machine, _, _ in summaries})
    assert seen.found == len({machine for machine, _, more in summaries if more.get("malicious")})
    assert seen.left + seen.cleaned + seen.doubtful <= seen.scanned


def test_sums_over_many_units_are_cached(
    cast: Cast, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_summary(campaign, cast.first, summary("PC-01"))
    assert numbers(campaign, cast.centre).scanned == 1
    store_summary(campaign, cast.first, summary("PC-02"))
    assert numbers(campaign, cast.centre).scanned == 2, "in a small tree they are always those of now"
    monkeypatch.setattr(figures, "LARGE", 0)
    monkeypatch.setattr(figures, "KEPT_S", 30)
    assert numbers(campaign, cast.centre).scanned == 2
    store_summary(campaign, cast.second, summary("PC-03"))
    assert numbers(campaign, cast.centre).scanned == 2
    assert numbers(campaign, cast.centre, days=14).scanned == 3
    assert numbers(campaign, cast.root).scanned == 3
    cache.clear()
    assert numbers(campaign, cast.centre).scanned == 3
