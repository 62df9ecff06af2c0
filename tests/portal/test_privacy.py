"""Retention, holds that stop it, and grants of a case to units above."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from lamsach.model import DeviceState
from lamsach.portal.accounts.models import Invitation
from lamsach.portal.audit.models import Entry
from lamsach.portal.awareness.waves import erase_due
from lamsach.portal.base.roles import Role
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.models import Case, CaseState, Clarification, Grant, Note, Span
from lamsach.portal.cases.tally import case_counts
from lamsach.portal.cases.upkeep import recompute
from lamsach.portal.findings.models import Bundle, CoverageDay, Device, EvidenceLine, Sighting
from lamsach.portal.privacy import holds, person, retention
from lamsach.portal.privacy.models import Hold, Purge
from lamsach.portal.privacy.retention import ERASED
from lamsach.portal.sources.collectors import erase
from lamsach.portal.sources.models import Collector, LiveSighting
from lamsach.portal.units.models import Membership

from . import samples
from .bundles import ONE, Contact, day, device, findings, hand_in
from .conftest import Cast
from .privacy_samples import aged, closed, names_left, told


def test_due_cases_are_purged_and_counts_remain(cast: Cast, campaign: Campaign) -> None:
    case = closed(cast, campaign)
    days = [day(number) for number in range(-110, 1, 5)]
    before = [case_counts(campaign, cast.centre.pk, one) for one in days]
    sightings = list(Sighting.objects.values_list("indicator", "day", "count", "passed"))
    spans = list(Span.objects.values_list("state", "valid_from", "valid_until"))
    bundle = Bundle.objects.get()
    path, note = bundle.path, Note.objects.get().file_path
    assert default_storage.exists(path)
    counts = retention.run()
    assert (counts["cases"], counts["devices"], counts["bundles"], counts["lines"]) == (1, 1, 1, 1)
    left = names_left()
    for secret in ("PC-01", "thu.tran", "10.1.2.3", ONE[4:], "Trần", "thu@", "srcip", "Kế toán"):
        assert secret not in left, secret
    assert [case_counts(campaign, cast.centre.pk, one) for one in days] == before
    assert list(Sighting.objects.values_list("indicator", "day", "count", "passed")) == sightings
    assert list(Span.objects.values_list("state", "valid_from", "valid_until")) == spans
    assert not default_storage.exists(path)
    assert not default_storage.exists(note)
    assert Bundle.objects.get().path == ERASED
    assert Entry.objects.filter(action="privacy.purged", object_id=case.pk).exists()
    assert Purge.objects.get().counts["lines"] == 1
    assert retention.run() == {}
    client = cast.client("officer")
    for address in (
        f"/office/cases/{case.pk}/",
        f"/office/findings/{bundle.pk}/",
        f"/office/findings/devices/{case.device_id}/",
        "/office/cases/?show=all",
        "/office/privacy/",
        f"/office/privacy/cases/{case.pk}/",
    ):
        assert client.get(address).status_code == 200, address
    assert client.get(f"/office/findings/{bundle.pk}/file/").status_code == 404


def test_the_purged_case_can_be_computed_anew(cast: Cast, campaign: Campaign) -> None:
    case = closed(cast, campaign)
    count = case.count
    retention.run()
    recompute([case])
    assert (case.state, case.count) == (CaseState.FALSE_ALARM, count)


def test_an_old_log_that_is_searched_again_finds_its_case(cast: Cast, campaign: Campaign) -> None:
    case = closed(cast, campaign)
    retention.run()
    one = device(ONE, name="PC-01", user="thu.tran", ip="10.1.2.9")
    hand_in(cast, campaign, findings([one], [Contact(days={day(-101): 3})]))
    assert Case.objects.get().pk == case.pk
    assert Sighting.objects.get().count == 4
    assert "thu.tran" in names_left()
    assert retention.run()["cases"] == 1
    for secret in ("thu.tran", "10.1.2.9", ONE[4:]):
        assert secret not in names_left(), secret


def test_a_purged_machine_is_recognized_when_seen_again(cast: Cast, campaign: Campaign) -> None:
    case = closed(cast, campaign)
    retention.run()
    one = device(ONE, name="PC-01", ip="10.1.2.9")
    hand_in(cast, campaign, findings([one], [Contact(days={day(-1): 2}, indicator="other.example")]))
    found = Case.objects.get()
    assert (found.pk, found.state) == (case.pk, CaseState.NEW)
    assert found.device.mac == ONE[4:]
    assert retention.run() == {}


@pytest.mark.parametrize("days", [1, 89])
def test_data_within_retention_remain(days: int, cast: Cast, campaign: Campaign) -> None:
    closed(cast, campaign, days)
    assert retention.run() == {}
    assert "thu.tran" in names_left()


def test_open_cases_stay_however_old(cast: Cast, campaign: Campaign) -> None:
    case = closed(cast, campaign)
    Case.objects.filter(pk=case.pk).update(state=CaseState.WORKING)
    assert retention.run() == {}
    Campaign.objects.filter(pk=campaign.pk).update(state="closed", ends=day(-91))
    assert retention.run()["cases"] == 1


def test_the_days_are_a_setting(cast: Cast, campaign: Campaign, settings: Any) -> None:
    closed(cast, campaign, 30)
    settings.RETENTION_DAYS = 30
    assert retention.run()["cases"] == 1


@pytest.mark.parametrize("scope", ["case", "unit", "above", "campaign"])
def test_a_hold_stops_it(scope: str, cast: Cast, campaign: Campaign) -> None:
    case = closed(cast, campaign)
    by = cast.people["coordinator"]
    hold = {
        "case": lambda: holds.put(cast.first, "Thanh tra", by, case=case),
        "unit": lambda: holds.put(cast.first, "Thanh tra", by),
        "above": lambda: holds.put(cast.centre, "Thanh tra", by),
        "campaign": lambda: holds.put(cast.centre, "Thanh tra", by, campaign=campaign),
    }[scope]()
    assert retention.run() == {"held": 1}
    assert retention.purge(case.pk) == {}
    assert "thu.tran" in names_left()
    assert holds.lift(hold, by)
    assert not holds.lift(hold, by)
    assert retention.run()["cases"] == 1
    assert [entry.action for entry in Entry.objects.filter(action__startswith="hold").order_by("pk")] == [
        "hold.put",
        "hold.lifted",
    ]


def test_a_hold_covers_people_live_sightings_and_traces_too(cast: Cast, campaign: Campaign) -> None:
    told(cast)
    Campaign.objects.update(ends=day(-200))
    collector = Collector.objects.create(unit=cast.first, name="a", reported=timezone.now())
    values = {"indicator": "x.example", "indicator_type": "domain", "role": "outbound"}
    LiveSighting.objects.create(
        unit=cast.first, collector=collector, key="1", seen=timezone.now(), ip="10.1.2.3", **values
    )
    LiveSighting.objects.update(received=timezone.now() - timedelta(days=200))
    hold = holds.put(cast.centre, "Thanh tra", cast.people["coordinator"])
    assert (erase_due(), erase(90)) == (0, 0)
    assert {one.name for one in person.search([cast.first.pk], "10.1.2.3")} == {"live"}
    holds.lift(hold, cast.people["coordinator"])
    assert (erase_due(), erase(90)) == (1, 1)


def test_a_hold_elsewhere_stops_nothing(cast: Cast, campaign: Campaign) -> None:
    closed(cast, campaign)
    holds.put(cast.second, "Thanh tra", cast.people["coordinator"])
    assert retention.run()["cases"] == 1


def test_a_device_of_another_open_case_retains_its_name(cast: Cast, campaign: Campaign) -> None:
    case = closed(cast, campaign)
    other = Campaign.objects.create(
        name="Chiến dịch khác",
        owner=campaign.owner,
        starts=day(-9),
        ends=day(9),
        report_due=day(9),
        state="running",
        form=campaign.form,
    )
    one = device(ONE, name="PC-01", user="thu.tran")
    hand_in(cast, other, findings([one], [Contact(days={day(-2): 4})]))
    assert retention.run()["cases"] == 1
    found = Device.objects.get(pk=case.device_id)
    assert (found.name, found.user) == ("PC-01", "thu.tran")
    assert not EvidenceLine.objects.filter(campaign=campaign).exists()
    assert EvidenceLine.objects.filter(campaign=other).exists()
    assert Case.objects.filter(device=found, purge=None).count() == 1
    assert default_storage.exists(Bundle.objects.get(campaign=other).path)


def test_devices_without_a_case_go_too(cast: Cast, campaign: Campaign) -> None:
    one = device("unattributed:10.1.2.9", ip="10.1.2.9", state=DeviceState.UNATTRIBUTED)
    hand_in(
        cast, campaign, findings([one], [Contact(device=one.key, days={day(-120): 2})], [("FW-A", day(-120))])
    )
    aged(120)
    assert retention.run() == {}
    question = Clarification.objects.get()
    Clarification.objects.filter(pk=question.pk).update(
        answer="Máy của Thử", answered=timezone.now() - timedelta(days=95)
    )
    assert retention.run()["devices"] == 1
    question.refresh_from_db()
    assert question.answer == ""
    assert "10.1.2.9" not in names_left()
    assert CoverageDay.objects.count() == 1


def test_a_file_that_something_else_names_stays(cast: Cast, campaign: Campaign) -> None:
    case = closed(cast, campaign)
    other = samples.dispatch(cast)
    path = Note.objects.get(case=case).file_path
    other.attachments.create(name="same.pdf", path=path, size=1, sha256="0" * 64)
    retention.run()
    assert default_storage.exists(path)


def test_a_grant_is_for_one_case_one_unit_and_a_time(cast: Cast, campaign: Campaign) -> None:
    one, two = device(ONE, name="PC-01"), device("mac:02:00:00:00:00:02", name="PC-02")
    contacts = [Contact(known.key, {day(-2): 3}) for known in (one, two)]
    hand_in(cast, campaign, findings([one, two], contacts))
    case, other = Case.objects.order_by("pk")
    officer, above = cast.client("officer"), cast.client("coordinator")
    data = {"what": "grant", "to": cast.centre.pk, "days": 3, "reason": "Hỗ trợ xử lý"}
    assert officer.post(f"/office/privacy/cases/{case.pk}/", data).status_code == 302
    assert case.device.name in above.get(f"/office/cases/{case.pk}/").content.decode()
    assert other.device.name not in above.get(f"/office/cases/{other.pk}/").content.decode()
    assert case.device.name not in cast.client("authority").get(f"/office/cases/{case.pk}/").content.decode()
    looked = officer.get(f"/office/privacy/cases/{case.pk}/").content.decode()
    assert cast.people["coordinator"].email in looked
    grant = Grant.objects.get()
    assert above.post(f"/office/privacy/grants/{grant.pk}/end/").status_code == 403
    assert above.get(f"/office/privacy/cases/{case.pk}/").status_code == 403
    officer.post(f"/office/privacy/grants/{grant.pk}/end/")
    assert case.device.name not in above.get(f"/office/cases/{case.pk}/").content.decode()
    officer.post(f"/office/privacy/cases/{case.pk}/", data)
    Grant.objects.update(until=timezone.now())
    assert case.device.name not in above.get(f"/office/cases/{case.pk}/").content.decode()
    actions = Entry.objects.filter(object_id=case.pk).values_list("action", flat=True)
    assert {"case.granted", "case.grant_ended", "case.viewed"} <= set(actions)


def test_grants_are_for_units_above_only(cast: Cast, campaign: Campaign) -> None:
    case = samples.case(cast)
    data = {"what": "grant", "to": cast.second.pk, "days": 3, "reason": "x"}
    cast.client("officer").post(f"/office/privacy/cases/{case.pk}/", data)
    assert not Grant.objects.exists()


def test_people_above_cannot_invite_themselves_into_a_unit(cast: Cast) -> None:
    form = {"unit": cast.first.code, "role": "officer", "name": "A"}
    for who in ("coordinator", "reader"):
        page = cast.client("coordinator").post(
            "/office/people/invite/", {**form, "email": cast.people[who].email}
        )
        assert "belongs to a unit above" in page.content.decode(), who
    cast.client("coordinator").post("/office/people/invite/", {**form, "email": "moi@person.example"})
    assert [found.email for found in Invitation.objects.all()] == ["moi@person.example"]
    Membership.objects.create(user=cast.people["officer"], unit=cast.first, role=Role.COORDINATOR)
    cast.client("officer").post("/office/people/invite/", {**form, "email": cast.people["reader"].email})
    assert Invitation.objects.count() == 2


def test_a_hold_of_a_coordinator_is_not_lifted_by_the_unit(cast: Cast, campaign: Campaign) -> None:
    above, own = cast.client("coordinator"), cast.client("officer")
    above.post("/office/privacy/", {"unit": cast.first.pk, "reason": "Thanh tra"})
    hold = Hold.objects.get()
    assert own.post(f"/office/privacy/holds/{hold.pk}/").status_code == 403
    assert "Thanh tra" in own.get("/office/privacy/").content.decode()
    above.post(f"/office/privacy/holds/{hold.pk}/")
    hold.refresh_from_db()
    assert hold.ended_by == cast.people["coordinator"]
