"""Reminders of due cases, to the unit, its person and the unit above; the letter in print."""

from __future__ import annotations

import io
from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone

from lamsach.portal.audit.models import Entry
from lamsach.portal.base.working_time import add_working_hours, is_working_day
from lamsach.portal.cases import tasks
from lamsach.portal.cases.models import Case, CaseState, Reminder, Step
from lamsach.portal.mail.letters import render
from lamsach.portal.mail.models import Letter
from lamsach.portal.units.models import Unit

from .bundles import Contact, day, device, findings, hand_in
from .conftest import Cast

pytestmark = pytest.mark.django_db


def working(hour: int) -> datetime:
    """A future moment on a working day, on the portal's clock."""
    at = timezone.localdate() + timedelta(days=30)
    while not all(is_working_day(at + timedelta(days=number)) for number in range(3)):
        at += timedelta(days=1)
    return timezone.make_aware(datetime.combine(at, time(hour)))


def test_reminders_go_once_and_then_upwards(case: Case, cast: Cast) -> None:
    due = working(11)
    Case.objects.update(due=due)
    Letter.objects.all().delete()
    assert tasks.remind(due - timedelta(hours=20)) == 0
    assert tasks.remind(due - timedelta(hours=2)) == 1
    assert tasks.remind(due - timedelta(hours=1)) == 0, "once"
    letter = Letter.objects.get()
    assert (letter.kind, letter.to) == ("case_due", "mot@unit.example"), (
        "without an assignee, the unit is notified"
    )
    assert "PC-01" not in "".join(render(letter)), "e-mails contain no machine name"
    Case.objects.update(assignee=cast.people["officer"])
    assert tasks.remind(due + timedelta(minutes=5)) == 1
    late = Letter.objects.latest("pk")
    assert (late.to, late.language) == ("officer@person.example", "en")
    assert render(late)[0] == "Machines overdue: 1"
    assert case.number in render(late)[1]
    above = add_working_hours(due, tasks.ESCALATED_HOURS)
    assert tasks.remind(above - timedelta(minutes=5)) == 0
    assert tasks.remind(above + timedelta(minutes=5)) == 1
    reminder = Letter.objects.latest("pk")
    assert (reminder.kind, reminder.to, reminder.unit) == ("case_above", "a@unit.example", cast.centre)
    assert "Phòng Một" in render(reminder)[1]
    assert tasks.remind(above + timedelta(days=1)) == 0
    assert Case.objects.get().reminded == Reminder.ABOVE


def test_no_reminder_on_a_day_off_or_for_what_is_done(case: Case, cast: Cast) -> None:
    Letter.objects.all().delete()
    Case.objects.update(due=timezone.now() - timedelta(days=30))
    sunday = timezone.localdate() + timedelta(days=(6 - timezone.localdate().weekday()) % 7)
    assert tasks.remind(timezone.make_aware(datetime.combine(sunday, time(10)))) == 0
    Case.objects.update(state=CaseState.CLEANED)
    assert tasks.remind(working(10)) == 0
    Case.objects.update(state=CaseState.NEW)
    Unit.objects.update(email="")
    assert tasks.remind(working(10)) == 0


def test_a_reinfected_case_is_due_again(case: Case, cast: Cast) -> None:
    Step.objects.filter(case=case).update(at=timezone.now() - timedelta(days=3), day=day(-3))
    Case.objects.update(due=timezone.now() - timedelta(days=9), reminded=Reminder.ABOVE)
    at = timezone.now() - timedelta(days=2)
    Step.objects.bulk_create([Step(case=case, at=at, day=day(-2), before="new", after=CaseState.CLEANED)])
    hand_in(cast, case.campaign, findings([device("mac:02:00:00:00:00:01")], [Contact(days={day(-1): 3})]))
    case.refresh_from_db()
    assert case.state == "reinfected"
    assert case.due > timezone.now()
    assert case.reminded == Reminder.NONE


def test_the_letter_can_be_printed(case: Case, cast: Cast) -> None:
    from pypdf import PdfReader

    client = cast.client("officer")
    client.post(f"/office/cases/{case.pk}/person/", {"person_name": "Trần Thị Thử", "person_email": ""})
    response = client.get(f"/office/cases/{case.pk}/letter/")
    assert response["Content-Type"] == "application/pdf"
    pages = PdfReader(io.BytesIO(response.content)).pages
    text = pages[0].extract_text().replace("\n", " ")
    assert len(pages) == 1
    for part in ("Dear Trần Thị Thử", "PC-01", case.number, "Tell us here"):
        assert part in text, part
    assert Entry.objects.filter(action="case.letter_printed").exists()
    assert cast.client("coordinator").get(f"/office/cases/{case.pk}/letter/").status_code == 403
