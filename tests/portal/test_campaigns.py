"""Dispatches down the tree: written and sent once, passed on, with their files, lists and board."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from lamsach.portal.audit.models import Entry
from lamsach.portal.base import links
from lamsach.portal.campaigns import dispatches, lists
from lamsach.portal.campaigns.models import (
    AnswerLink,
    Campaign,
    CampaignState,
    Dispatch,
    How,
    Recipient,
    StepKind,
)
from lamsach.portal.mail.models import Letter
from lamsach.portal.units import tree
from lamsach.portal.units.models import Unit

from .confirmation import asked, confirmed
from .conftest import Browser, Cast
from .samples import campaign, dispatch, indicator_list

pytestmark = pytest.mark.django_db


@pytest.mark.one_date
def test_a_dispatch_goes_to_the_units_directly_under(cast: Cast) -> None:
    sent = dispatch(cast)
    assert {r.unit.code for r in sent.recipients.all()} == {"G06.12.01", "G06.12.02"}
    assert set(Letter.objects.values_list("to", flat=True)) == {"mot@unit.example", "hai@unit.example"}
    assert campaign(cast).state == CampaignState.RUNNING


@pytest.mark.one_date
def test_sending_twice_sends_once(cast: Cast, browser: Browser) -> None:
    draft = dispatch(cast, sent=False)
    client = browser("coordinator")
    text, data = asked(client, f"/office/dispatches/{draft.pk}/send/", {"to": "near"})
    assert "The campaign begins" in text
    assert "public page is shown to everybody" in text
    assert "Phòng Một" in text
    assert not Recipient.objects.exists(), "confirmation required, not sent"
    for _ in range(2):
        assert client.post(f"/office/dispatches/{draft.pk}/send/", data).status_code == 302
    assert (Recipient.objects.count(), Letter.objects.count(), AnswerLink.objects.count()) == (2, 2, 2)


@pytest.mark.one_date
def test_the_form_sent_twice_writes_one_dispatch(cast: Cast, browser: Browser) -> None:
    client = browser("coordinator")
    address = f"/office/campaigns/{campaign(cast).pk}/dispatches/new/"
    day = tree.today().isoformat()
    later = (tree.today() + timedelta(days=9)).isoformat()
    data = {"issuer": cast.centre.pk, "day": day, "subject": "V/v", "deadline": later, "once": links.nonce()}
    assert client.post(address, data)["Location"] == client.post(address, data)["Location"]
    assert Dispatch.objects.count() == 1


def test_a_unit_passes_the_dispatch_on_with_an_earlier_deadline(cast: Cast, browser: Browser) -> None:
    above = Dispatch.objects.create(
        campaign=campaign(cast),
        issuer=cast.root,
        day=tree.today(),
        subject="Từ cơ quan",
        deadline=tree.today() + timedelta(days=20),
        created_by=cast.people["authority"],
        once=links.nonce(),
    )
    dispatches.send(above, cast.people["authority"])
    client = browser("coordinator")
    data: dict[str, Any] = {
        "issuer": cast.centre.pk,
        "day": tree.today().isoformat(),
        "subject": "Chuyển tiếp",
        "body": "Kèm theo.",
        "once": links.nonce(),
    }
    address = f"/office/dispatches/{above.pk}/forward/"
    late = client.post(address, {**data, "deadline": above.deadline.isoformat()})
    assert late.status_code == 200
    assert "earlier than that of your parent unit" in late.content.decode()
    early = (above.deadline - timedelta(days=3)).isoformat()
    made = client.post(address, {**data, "deadline": early})
    confirmed(client, made["Location"] + "send/", {"to": "near"})
    assert Recipient.objects.filter(unit=cast.first, dispatch__parent=above).exists()
    assert Recipient.objects.get(unit=cast.centre).acknowledged is not None
    page = browser("officer").get(made["Location"]).content.decode()
    assert "Từ cơ quan" in page


@pytest.mark.one_date
@pytest.mark.parametrize(
    ("name", "content"),
    [("x.exe", b"MZ"), ("x.pdf", b"MZ not a pdf"), ("x.html", b"<script>"), ("x.csv", b"a\x00b")],
)
def test_files_of_other_kinds_are_refused(name: str, content: bytes, cast: Cast, browser: Browser) -> None:
    draft = dispatch(cast, sent=False)
    file = SimpleUploadedFile(name, content)
    page = browser("coordinator").post(f"/office/dispatches/{draft.pk}/files/", {"file": file}, follow=True)
    assert draft.attachments.count() == 0
    assert name in page.content.decode()


@pytest.mark.one_date
def test_two_who_edit_at_once_second_is_told(cast: Cast, browser: Browser) -> None:
    draft = dispatch(cast, sent=False)
    data = {
        "issuer": cast.centre.pk,
        "day": draft.day.isoformat(),
        "subject": "Một",
        "deadline": draft.deadline.isoformat(),
        "once": draft.once,
        "version": draft.version,
    }
    client = browser("coordinator")
    assert client.post(f"/office/dispatches/{draft.pk}/edit/", data).status_code == 302
    assert client.post(f"/office/dispatches/{draft.pk}/edit/", {**data, "subject": "Hai"}).status_code == 409
    assert Dispatch.objects.get(pk=draft.pk).subject == "Một"


@pytest.mark.one_date
def test_a_dispatch_without_text_and_file_does_not_go_out(cast: Cast, browser: Browser) -> None:
    draft = dispatch(cast, sent=False)
    Dispatch.objects.update(body=" ")
    text, data = asked(browser("coordinator"), f"/office/dispatches/{draft.pk}/send/", {"to": "near"})
    assert "neither a text nor a file" in text
    assert browser("coordinator").post(f"/office/dispatches/{draft.pk}/send/", data).status_code == 200
    assert not Recipient.objects.exists()


@pytest.mark.one_date
def test_the_board_filters_and_exports(cast: Cast, browser: Browser) -> None:
    sent = dispatch(cast)
    Unit.objects.filter(pk=cast.first.pk).update(name="=HYPERLINK(1)")
    dispatches.take(sent.recipients.get(unit=cast.first), StepKind.DEPLOYED, how=How.PAPER)
    client = browser("coordinator")
    address = f"/office/campaigns/{sent.campaign_id}/board/"
    assert "Phòng Hai" in client.get(address + "?state=silent").content.decode()
    assert "Phòng Hai" not in client.get(address + "?state=deployed").content.decode()
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(address + "export/").content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(min_row=2))
    assert [(row[0].value, row[1].value, row[1].data_type) for row in rows] == [
        ("G06.12.01", "=HYPERLINK(1)", "s"),
        ("G06.12.02", "Phòng Hai", "s"),
    ]
    assert rows[0][8].value.date() == tree.today()  # type: ignore[union-attr]


@pytest.mark.one_date
def test_a_list_answers_for_its_addresses(cast: Cast) -> None:
    content = b"ip\n192.0.2.7\n198.51.100.0/24\n2001:db8::5\nbot-c2.xyz\n"
    made = indicator_list(dispatch(cast).campaign, content, "ds.csv")
    lists.read_list(made.pk)
    listed = {
        a
        for a in ("192.0.2.7", "192.0.2.8", "198.51.100.200", "2001:db8::5", "::ffff:192.0.2.7", "no")
        if lists.is_listed(a)
    }
    assert listed == {"192.0.2.7", "198.51.100.200", "2001:db8::5", "::ffff:192.0.2.7"}
    Campaign.objects.update(state=CampaignState.CLOSED)
    assert not lists.is_listed("192.0.2.7")


@pytest.mark.one_date
def test_a_sent_dispatch_that_starts_the_campaign_is_in_the_trail(cast: Cast) -> None:
    sent = dispatch(cast)
    noted = Entry.objects.get(action="campaign.running")
    assert (noted.object_id, noted.details) == (sent.campaign_id, {"occasion": "dispatch"})
    assert noted.who == "coordinator@person.example"


@pytest.mark.one_date
def test_the_word_of_another_persons_form_is_no_error(cast: Cast, browser: Browser) -> None:
    first = dispatch(cast, sent=False)
    day, later = tree.today().isoformat(), (tree.today() + timedelta(days=9)).isoformat()
    data = {
        "issuer": cast.root.pk,
        "day": day,
        "subject": "V/v",
        "body": "x",
        "deadline": later,
        "once": first.once,
    }
    address = f"/office/campaigns/{first.campaign_id}/dispatches/new/"
    assert browser("authority").post(address, data).status_code == 302
    made = Dispatch.objects.exclude(pk=first.pk).get()
    assert made.once != first.once
    assert made.created_by == cast.people["authority"]
