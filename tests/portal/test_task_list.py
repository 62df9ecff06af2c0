"""List of waiting work: for whom, by which day, by which button; badge, daily letter, bulk acceptance."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from lamsach.portal.accounts.models import User
from lamsach.portal.base.roles import Role
from lamsach.portal.base.tasks import SOURCES, badge, waiting
from lamsach.portal.base.tasks import count as count_now
from lamsach.portal.campaigns.models import Campaign, Recipient
from lamsach.portal.mail.letters import render
from lamsach.portal.mail.models import BadAddress, Letter
from lamsach.portal.reports import access
from lamsach.portal.reports.models import Report, ReportState
from lamsach.portal.reports.tasks import to_accept
from lamsach.portal.units import tree
from lamsach.portal.units.access import memberships
from lamsach.portal.units.models import Membership
from lamsach.portal.web import tasks as daily

from .address_samples import sample
from .confirmation import asked
from .conftest import Browser, Cast
from .samples import dispatch, due, question, received, report

pytestmark = pytest.mark.django_db


def titles(cast: Cast, name: str) -> list[str]:
    with translation.override("en"):
        return [str(title) for title, _ in waiting(User.objects.get(pk=cast.people[name].pk))]


def test_the_officer_acknowledges_by_one_button(cast: Cast, browser: Browser) -> None:
    sent = dispatch(cast)
    page = browser("officer").get("/office/").content.decode()
    copy = Recipient.objects.get(dispatch=sent, unit=cast.first)
    assert f'action="/office/answers/{copy.pk}/"' in page
    assert "by 20" not in titles(cast, "officer")
    browser("officer").post(f"/office/answers/{copy.pk}/", {"kind": "acknowledged"})
    copy.refresh_from_db()
    assert copy.acknowledged is not None
    assert "State deployment" in browser("officer").get("/office/").content.decode()


def test_each_role_has_its_open_tasks(cast: Cast) -> None:
    found = report(cast)
    received(cast)
    question(cast)
    sample("extension_id", cast)
    due(found.campaign, tree.today() + timedelta(days=3))
    BadAddress.objects.create(address="hai@unit.example", since=timezone.now(), last=timezone.now())
    assert {"Dispatches to answer", "Reports that are due"} <= set(titles(cast, "officer"))
    assert {
        "Later deadlines asked for",
        "Reports that came by e-mail or as a file",
        "E-mail addresses that do not work",
        "Questions",
        "Units that no letter reached",
    } <= set(titles(cast, "coordinator"))
    assert titles(cast, "helper") == ["Questions"]
    assert "Questions" not in titles(cast, "stranger")
    Report.objects.filter(pk=found.pk).update(state=ReportState.RETURNED)
    assert "Reports that were returned" in titles(cast, "officer")
    assert "Reports that are due" not in titles(cast, "officer")


def in_sight(cast: Cast, name: str) -> tuple[int, int]:
    """Compare the badge with the list on the home page, for a person."""
    user = User.objects.get(pk=cast.people[name].pk)
    return count_now(user), sum(row.count for _, rows in waiting(user) for row in rows)


def test_the_badge_equals_the_list_of_the_home_page(cast: Cast) -> None:
    def agree(what: str) -> None:
        for name in cast.people:
            counted, listed = in_sight(cast, name)
            assert counted == listed, (what, name)

    agree("nothing yet")
    found = report(cast)
    agree("a report that is not sent")
    received(cast)
    question(cast)
    sample("extension_id", cast)
    BadAddress.objects.create(address="hai@unit.example", since=timezone.now(), last=timezone.now())
    agree("what comes from others")
    due(found.campaign, tree.today() + timedelta(days=3))
    agree("a report that is due")
    for state in (ReportState.SUBMITTED, ReportState.RETURNED, ReportState.SENT, ReportState.FROZEN):
        Report.objects.filter(pk=found.pk).update(state=state)
        agree(state)


def test_the_badge_is_right_on_every_page_with_one_query(cast: Cast, browser: Browser) -> None:
    cache.clear()
    asked_for = Recipient.objects.get(dispatch=dispatch(cast), unit=cast.first)
    client, shown = browser("officer"), '(1<span class="visually-hidden"> waiting'
    assert shown in client.get("/office/campaigns/").content.decode(), "without opening the first page"
    user = User.objects.get(pk=cast.people["officer"].pk)
    cache.clear()
    memberships(user)
    with CaptureQueriesContext(connection) as seen:
        first = badge(user)
    assert (first, len(seen)) == (1, 1)
    client.post(f"/office/answers/{asked_for.pk}/", {"kind": "deployed", "day": tree.today().isoformat()})
    assert Recipient.objects.get(pk=asked_for.pk).deployed
    assert shown not in client.get("/office/campaigns/").content.decode(), (
        "the person's own actions count immediately"
    )


def test_the_home_page_needs_few_queries(cast: Cast) -> None:
    dispatch(cast)

    def count() -> int:
        user = User.objects.get(pk=cast.people["coordinator"].pk)
        with CaptureQueriesContext(connection) as seen:
            waiting(user)
        return len(seen)

    few = count()
    for _ in range(3):
        dispatch(cast)
    assert count() == few
    assert few <= 25
    assert len(SOURCES) >= 14


@pytest.mark.one_date
def test_the_daily_letter_comes_once_and_can_be_switched_off(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch(cast)
    morning = timezone.make_aware(datetime(2026, 11, 18, 8, 0))
    monkeypatch.setattr(daily.timezone, "localtime", lambda *args: morning)
    User.objects.exclude(pk=cast.people["officer"].pk).update(daily_letter=False)
    monkeypatch.setattr(daily, "is_working_day", lambda day: False)
    assert daily.send_daily() == 0
    monkeypatch.setattr(daily, "is_working_day", lambda day: True)
    assert daily.send_daily() == 1
    letter = Letter.objects.get(kind="daily")
    assert letter.to == "officer@person.example"
    assert "V/v triển khai chiến dịch" in render(letter)[1]
    daily.send_daily()
    assert Letter.objects.filter(kind="daily").count() == 1
    User.objects.update(daily_letter=False)
    Letter.objects.all().delete()
    assert daily.send_daily() == 0


def test_reports_are_accepted_together_with_their_figures_in_sight(cast: Cast, browser: Browser) -> None:
    found = report(cast)
    for action in ("submit", "approve", "send"):
        version = Report.objects.get(pk=found.pk).version
        data = {"action": action, "signer": "A", "version": version}
        browser("officer").post(f"/office/reports/{found.pk}/step/", data)
    client = browser("coordinator")
    figures = Report.objects.get(pk=found.pk).submitted_figures
    page = client.get("/office/reports/accept/").content.decode()
    assert all(figure["label"] in page for figure in figures)
    client.post("/office/reports/accept/", {})
    assert Report.objects.get(pk=found.pk).state == ReportState.SENT, "nothing ticked"
    text, data = asked(client, "/office/reports/accept/", {"report": found.pk})
    assert figures[0]["label"] in text
    client.post("/office/reports/accept/", data)
    assert Report.objects.get(pk=found.pk).state == ReportState.FROZEN
    assert browser("officer").get("/office/reports/accept/").status_code == 404


def test_the_owner_s_own_report_is_in_its_list(cast: Cast, browser: Browser) -> None:
    """A unit that leads a campaign receives its own report, so it is among those to accept."""
    found = report(cast)
    Campaign.objects.filter(pk=found.campaign_id).update(owner=found.unit)
    Membership.objects.create(user=cast.people["officer"], unit=found.unit, role=Role.COORDINATOR)
    Report.objects.filter(pk=found.pk).update(state=ReportState.SENT, sent=timezone.now())
    user = User.objects.get(pk=cast.people["officer"].pk)
    assert access.may_receive(user, Report.objects.get(pk=found.pk))
    assert list(to_accept(user)) == [found]
