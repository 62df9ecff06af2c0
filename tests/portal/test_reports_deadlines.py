"""Deadlines of reports: extensions, reminders, escalation, lateness, the first page."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from lamsach.portal.campaigns.deadlines import escalation_day, of_unit, reminder_days
from lamsach.portal.campaigns.models import CampaignState
from lamsach.portal.mail.letters import render
from lamsach.portal.mail.models import Letter
from lamsach.portal.reports.consolidation import is_late
from lamsach.portal.reports.content import scope_of
from lamsach.portal.reports.letters import remind_by_schedule
from lamsach.portal.reports.models import Extension, Report, ReportState
from lamsach.portal.units import tree

from .conftest import Browser, Cast
from .report_steps import fields, frozen, post, send
from .samples import dispatch, report
from .samples import due as move_to

pytestmark = pytest.mark.django_db


def test_a_later_deadline_is_asked_for_and_granted(cast: Cast, browser: Browser) -> None:
    found = report(cast)
    until = tree.today() + timedelta(days=50)
    assert post(browser("officer"), found, "extension", until="2001-01-01", reason="x").status_code == 302
    assert not Extension.objects.exists()
    post(browser("officer"), found, "extension", until=until.isoformat(), reason="Chờ nhật ký")
    extension = Extension.objects.get()
    assert (
        browser("officer").post(f"/office/extensions/{extension.pk}/", {"granted": "yes"}).status_code == 403
    )
    browser("coordinator").post(f"/office/extensions/{extension.pk}/", {"granted": "yes"})
    browser("coordinator").post(f"/office/extensions/{extension.pk}/", {"granted": "no"})
    deadline = of_unit(found.campaign, cast.first.pk).report
    assert (deadline.day, deadline.move.reason, deadline.move.by) == (
        until,
        "Chờ nhật ký",
        cast.people["coordinator"],
    )
    assert f"{until:%d/%m/%Y}" in render(Letter.objects.get(kind="deadline_moved"))[1]


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (
            date(2022, 9, 26),
            {date(2022, 9, 19): 7, date(2022, 9, 23): 1, date(2022, 9, 26): 0, date(2022, 9, 27): -1},
        ),
        (date(2026, 5, 4), {date(2026, 4, 29): 1, date(2026, 5, 4): 0, date(2026, 5, 5): -1}),
    ],
)
def test_reminders_fall_on_working_days(due: date, expected: dict[date, int]) -> None:
    days = reminder_days(due)
    assert expected.items() <= days.items()
    assert all(day.weekday() < 5 for day in days)


def test_reminders_go_once_and_the_parent_is_told_who_is_late(cast: Cast) -> None:
    sent = dispatch(cast)
    frozen(cast)
    due = of_unit(sent.campaign, cast.second.pk).report.day
    day = max(day for day, distance in reminder_days(due).items() if distance >= 0)
    assert (remind_by_schedule(day), remind_by_schedule(day)) == (1, 0)
    letters = Letter.objects.filter(kind="report_due")
    assert list(letters.values_list("to", flat=True)) == ["hai@unit.example"]
    assert remind_by_schedule(escalation_day(due)) >= 1
    assert "- Phòng Hai" in render(Letter.objects.get(kind="report_late"))[1]
    sent.campaign.state = CampaignState.CLOSED
    sent.campaign.save()
    assert remind_by_schedule(day) == 0


@pytest.mark.one_date
@pytest.mark.parametrize(
    ("due", "told"),
    [
        (date(2026, 11, 24), date(2026, 11, 27)),
        (date(2026, 11, 25), date(2026, 11, 30)),  # a Saturday
        (date(2026, 11, 26), date(2026, 11, 30)),  # a Sunday
        (date(2026, 8, 29), date(2026, 9, 3)),  # the days of the Independence Day
        (date(2027, 2, 2), date(2027, 2, 11)),  # Tết, of whose seven days two are a weekend
    ],
)
def test_the_parent_is_told_on_working_days(due: date, told: date, cast: Cast) -> None:
    sent = dispatch(cast)
    move_to(sent.campaign, due)
    days = [due + timedelta(days=number) for number in range(14)]
    letters = Letter.objects.filter(kind="report_late")
    found = [
        day for day in days if remind_by_schedule(day) and letters.filter(key__endswith=f":{day:%Y%m%d}")
    ]
    assert found == [told]
    assert escalation_day(due) == told


def test_a_late_report_says_so(cast: Cast, browser: Browser) -> None:
    found = report(cast)
    move_to(found.campaign, timezone.localdate() - timedelta(days=1))
    client = browser("officer")
    post(client, found, "edit", **fields(found, late_reason="Chờ số liệu của phòng"))
    send(client, found)
    found.refresh_from_db()
    assert "sent late" in client.get(f"/office/reports/{found.pk}/").content.decode()
    assert "Chờ số liệu của phòng" in client.get(f"/office/reports/{found.pk}/file/html/").content.decode()
    assert scope_of(found).unit == cast.first


@pytest.mark.one_date
@pytest.mark.parametrize(("clock", "late"), [("16:59", False), ("17:01", True)])
def test_the_day_ends_when_it_ends_in_vietnam(clock: str, late: bool, cast: Cast) -> None:
    """17:00 UTC is midnight in Hanoi (UTC+7 all year), in any time zone of the server."""
    found = report(cast)
    sent = datetime.fromisoformat(f"2022-09-26T{clock}:00+00:00")
    Report.objects.filter(pk=found.pk).update(sent=sent, state=ReportState.SENT)
    found.refresh_from_db()
    assert is_late(found, date(2022, 9, 26), date(2022, 9, 27)) == late


def test_the_first_page_says_what_waits(cast: Cast, browser: Browser) -> None:
    found = report(cast)
    move_to(found.campaign, tree.today() + timedelta(days=3))
    assert "Reports that are due" in browser("officer").get("/office/").content.decode()
    assert "Reports to accept: " not in browser("coordinator").get("/office/").content.decode()
    send(browser("officer"), found)
    assert "Reports that are due" not in browser("officer").get("/office/").content.decode()
    assert "Reports to accept: 1" in browser("coordinator").get("/office/").content.decode()
