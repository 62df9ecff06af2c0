"""Content of the demo's pages of lists: documents, queue, decisions, versions, outlets, feedback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from lamsach.portal.accounts.models import User
from lamsach.portal.campaigns.models import IndicatorList, Participation
from lamsach.portal.demo.edxml import fill_edxml
from lamsach.portal.demo.lists import fill_lists
from lamsach.portal.demo.ministry import fill
from lamsach.portal.edxml.models import Message
from lamsach.portal.jobs.models import Job
from lamsach.portal.lists.models import Doubt

pytestmark = pytest.mark.django_db


def test_every_page_of_lists_has_content(tmp_path: Path) -> None:
    annex = tmp_path / "phu-luc.csv"
    annex.write_text(
        "Địa chỉ,Mã độc\nbot-c2.example,Mirai\n45.155.37.7,Mozi\nmay.duckdns.org,Remcos\n", encoding="utf-8"
    )
    filled = fill()
    kept_list = fill_lists(annex, filled)
    newest, first = kept_list.versions.all()
    assert (first.number, first.count, newest.number, newest.added) == (1, 3, 2, 4)
    assert kept_list.documents.exclude(read=None).count() == 3
    assert Doubt.objects.filter(list=kept_list, decided=None, dangerous=True).exists()
    assert kept_list.decisions.exists()
    assert kept_list.outlets.count() == 2
    assert not Job.objects.filter(name="lists.read").exists(), "nothing waits to be read again"
    assert IndicatorList.objects.filter(sha256=newest.sha256).count() == 1
    client = Client()
    client.force_login(User.objects.get(email=filled.people["coordinator"]))
    for address, text in (
        ("", kept_list.name),
        (f"{kept_list.pk}/", "phu-luc.xlsx"),
        (f"{kept_list.pk}/review/", "8.8.8.8"),
        (f"{kept_list.pk}/quality/", "bo-sung.txt"),
        (f"versions/{newest.pk}/", "bo-sung-mot.example"),
        (f"versions/{first.pk}/", "05/CNTT-KTHT"),
    ):
        page = client.get(f"/office/blocklists/{address}", follow=True)
        assert page.status_code == 200
        assert text in page.content.decode(), address


def test_the_exchange_shows_a_received_dispatch_and_a_history_of_statuses(
    tmp_path: Path, settings: Any
) -> None:
    settings.EDXML_FOLDERS = tmp_path
    filled = fill()
    before = list(Participation.objects.values_list("pk", "informed_on", "deployed_on"))
    fill_edxml(filled)
    assert list(Participation.objects.values_list("pk", "informed_on", "deployed_on")) == before
    client = Client()
    client.force_login(User.objects.get(email=filled.people["coordinator"]))
    out = Message.objects.get(outgoing=True, kind="new")
    for message, words in (
        (
            Message.objects.get(number="1298/CATTT-NCSC"),
            ("Cục An toàn thông tin", "phu-luc-danh-sach.csv", "01"),
        ),
        (out, ("05/CNTT-KTHT", "01", "03", "06", "đã tiếp nhận", "hoàn thành")),
    ):
        page = client.get(f"/office/edxml/messages/{message.pk}/").content.decode()
        assert [text for text in words if text not in page] == []
    assert out.state == "sent"
    assert Message.objects.filter(state="waiting").count() == 1
