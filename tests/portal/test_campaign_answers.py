"""Answers to dispatches: by link, on paper, in the portal, once; reminders and their letters."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from lamsach.portal.base import links
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.models import (
    AnswerLink,
    Dispatch,
    How,
    Participation,
    Recipient,
    Step,
    StepKind,
)
from lamsach.portal.campaigns.tasks import remind_by_schedule
from lamsach.portal.mail.letters import render
from lamsach.portal.mail.models import Letter
from lamsach.portal.units import tree
from lamsach.portal.units.models import Unit

from .confirmation import asked, confirmed
from .conftest import Browser, Cast
from .samples import dispatch, due

pytestmark = pytest.mark.django_db


def link_of(unit: Unit, kind: StepKind = StepKind.ACKNOWLEDGED) -> str:
    found = AnswerLink.objects.filter(recipient__unit=unit, kind=kind).latest("pk")
    return f"/r/{links.sign(dispatches.PURPOSE, found.nonce)}/"


@pytest.mark.one_date
def test_a_link_acknowledges_once_and_brings_a_link_for_deployment(cast: Cast, client: Client) -> None:
    dispatch(cast)
    address = link_of(cast.first)
    page = client.get(address)
    assert "Đề nghị Quý đơn vị triển khai." in page.content.decode()
    assert Recipient.objects.get(unit=cast.first).opened is None, "a mail scanner's GET counts for nothing"
    data = {"kind": "acknowledged", "who": "Nguyễn Thị Thử, chuyên viên"}
    assert client.post(address, data).status_code == 200
    again = client.get(address)
    assert "Đề nghị Quý đơn vị triển khai." in again.content.decode(), "it stays open for reading"
    assert f"đã được dùng để trả lời ngày {tree.today():%d/%m/%Y}" in again.content.decode()
    assert 'name="who"' not in again.content.decode()
    assert client.post(address, data).status_code == 409
    step = Step.objects.get(recipient__unit=cast.first)
    assert (step.kind, step.how, step.who) == ("acknowledged", "link", "Nguyễn Thị Thử, chuyên viên")
    further = link_of(cast.first, StepKind.DEPLOYED)
    assert client.post(further, {"kind": "deployed", "who": "A", "note": "12 máy"}).status_code == 200
    assert Participation.objects.get(unit=cast.first).deployed_on == tree.today()


@pytest.mark.one_date
def test_a_link_answers_for_its_unit_and_step_only(cast: Cast, client: Client) -> None:
    sent = dispatch(cast)
    recipient = sent.recipients.get(unit=cast.first)
    dispatches.remind([recipient])
    dispatches.take(recipient, StepKind.ACKNOWLEDGED, how=How.PAPER)
    recipient.refresh_from_db()
    dispatches.remind([recipient], occasion="x")
    further = link_of(cast.first, StepKind.DEPLOYED)
    assert client.post(further, {"kind": "acknowledged", "who": "A"}).status_code == 200
    assert Recipient.objects.get(pk=recipient.pk).deployed is None
    assert Recipient.objects.get(unit=cast.second).acknowledged is None


@pytest.mark.one_date
@pytest.mark.parametrize("change", ["expired", "other purpose", "cut"])
def test_a_link_that_is_not_right_opens_nothing(change: str, cast: Cast, client: Client) -> None:
    dispatch(cast)
    address = link_of(cast.first)
    if change == "expired":
        AnswerLink.objects.update(expires=timezone.now() - timedelta(seconds=1))
    elif change == "cut":
        address = address[:-3] + "/"
    else:
        address = f"/r/{links.sign('awareness', AnswerLink.objects.latest('pk').nonce)}/"
    assert client.get(address).status_code == 404


@pytest.mark.one_date
def test_the_coordinator_records_an_answer_from_paper(cast: Cast, browser: Browser) -> None:
    sent = dispatch(cast)
    recipient = sent.recipients.get(unit=cast.first)
    data = {"kind": "deployed", "day": "2022-09-20", "note": "Theo văn bản giấy"}
    browser("coordinator").post(f"/office/answers/{recipient.pk}/", data)
    step = Step.objects.get(recipient=recipient)
    assert (step.how, step.day, step.user) == ("paper", date(2022, 9, 20), cast.people["coordinator"])


@pytest.mark.one_date
def test_the_officer_answers_with_evidence(cast: Cast, browser: Browser) -> None:
    recipient = dispatch(cast).recipients.get(unit=cast.first)
    client = browser("officer")
    client.get(f"/office/dispatches/{recipient.dispatch_id}/")
    proof = SimpleUploadedFile("bien-ban.pdf", b"%PDF-1.7 x")
    client.post(f"/office/answers/{recipient.pk}/", {"kind": "deployed", "evidence": proof})
    opened, deployed = Step.objects.filter(recipient=recipient)
    assert (opened.kind, deployed.kind, deployed.how) == ("opened", "deployed", "portal")
    file = client.get(f"/office/answers/{recipient.pk}/evidence/{deployed.pk}/")
    assert file["Content-Disposition"] == 'attachment; filename="bien-ban.pdf"'


@pytest.mark.one_date
def test_an_answer_that_is_sent_twice_is_noted_once(cast: Cast, browser: Browser) -> None:
    recipient = dispatch(cast).recipients.get(unit=cast.first)
    client, address = browser("officer"), f"/office/answers/{recipient.pk}/"
    for _ in range(2):
        assert client.post(address, {"kind": "deployed", "note": "12 máy"}).status_code == 302
    assert Step.objects.filter(recipient=recipient, kind="deployed").count() == 1
    client.post(address, {"kind": "deployed", "note": "15 máy"})
    assert Step.objects.filter(recipient=recipient, kind="deployed").count() == 2, "a further note counts"


@pytest.mark.one_date
def test_a_reminder_that_is_pressed_twice_goes_once(cast: Cast, browser: Browser) -> None:
    sent = dispatch(cast)
    address = f"/office/campaigns/{sent.campaign_id}/board/remind/"
    client = browser("coordinator")
    _, data = asked(client, address, {"unit": cast.first.pk})
    assert client.post(address, {}).status_code == 302
    assert not Letter.objects.filter(kind="reminder").exists(), "nothing ticked means nobody"
    for turn, status in enumerate((302, 200)):
        assert client.post(address, data).status_code == status
        Letter.objects.filter(kind="reminder").update(key="of another minute")
        assert Letter.objects.filter(kind="reminder").count() == 1, turn
    links = AnswerLink.objects.filter(recipient__unit=cast.first).count()
    assert links == 2, "nor a further link"
    Letter.objects.filter(kind="reminder").update(created=timezone.now() - timedelta(minutes=11))
    assert "reminded in the last two days: Phòng Một" in asked(client, address, {"unit": cast.first.pk})[0]
    confirmed(client, address, {"unit": cast.first.pk})
    assert Letter.objects.filter(kind="reminder").count() == 2
    board = client.get(f"/office/campaigns/{sent.campaign_id}/board/?state=silent").content.decode()
    assert board.count("reminded") == 1
    copy = sent.recipients.get(unit=cast.first)
    assert "Reminders" in client.get(f"/office/answers/{copy.pk}/").content.decode()
    assert "Phòng Hai" in asked(client, address + "?state=silent", {"all": "yes"})[0]


@pytest.mark.parametrize(
    ("days", "present", "absent"),
    [(2, "Đôn đốc, hạn", "quá hạn"), (-2, "đã quá hạn trả lời", "trả lời trước ngày")],
)
def test_a_late_letter_says_so(cast: Cast, browser: Browser, days: int, present: str, absent: str) -> None:
    sent = dispatch(cast)
    due(sent.campaign, tree.today() + timedelta(days=days))
    address = f"/office/campaigns/{sent.campaign_id}/board/remind/"
    assert confirmed(browser("coordinator"), address, {"unit": cast.first.pk}).status_code == 302
    text = " ".join(render(Letter.objects.get(kind="reminder")))
    assert present.lower() in text.lower()
    assert absent not in text.lower()
    assert 'chiến dịch "chiến dịch' not in text.lower()


def test_reminders_go_once_for_each_occasion(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = dispatch(cast)
    due(sent.campaign, tree.today() + timedelta(days=3))
    Dispatch.objects.update(sent=timezone.now() - timedelta(days=2))
    monkeypatch.setattr("lamsach.portal.campaigns.tasks.EARLIEST_HOUR", 0)
    monkeypatch.setattr("lamsach.portal.campaigns.tasks.LATEST_HOUR", 24)
    dispatches.take(sent.recipients.get(unit=cast.second), StepKind.DEPLOYED, how=How.PAPER)
    assert (remind_by_schedule(), remind_by_schedule()) == (1, 0)
    assert Letter.objects.filter(kind="reminder").count() == 1


def test_the_letter_reads_as_a_letter(cast: Cast) -> None:
    dispatch(cast, number="05/TTCNTT-KTHT")
    subject, text = render(Letter.objects.get(to="mot@unit.example"))
    assert subject == "05/TTCNTT-KTHT: V/v triển khai chiến dịch"
    assert text.startswith("Kính gửi: Phòng Một\n")
    assert re.search(r"http://\S+/r/\S+/", text)
