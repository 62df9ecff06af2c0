"""Invitations from a sheet: preview, a letter each, never twice, never beyond the user's reach."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lamsach.portal.accounts.models import Invitation
from lamsach.portal.base.roles import Role
from lamsach.portal.mail.models import Letter

from .conftest import Browser, Cast

pytestmark = pytest.mark.django_db
ADDRESS = "/office/people/invite/sheet/"
SHEET = """Họ và tên,Địa chỉ email,Mã ĐV,Vai trò,Ghi chú
Nguyễn Văn Một,MOT.nv@unit.example,G06.12.01,Cán bộ phụ trách,a
Trần Thị Hai,hai.tt@unit.example,000.02.12.G06,officer,
Lê Văn Ba,ba.lv@unit.example,G06.12.02,,
Lê Văn Ba,ba.lv@unit.example,G06.12.02,Reader,
Sai Thư,không-phải-thư,G06.12.01,Reader,
Ngoài Tầm,ngoai@unit.example,G06.13,Reader,
Quá Cao,cao@unit.example,G06.12,Administrator,
Đã Có,officer@person.example,G06.12.01,officer,
"""


def shown(client: Client, text: str = SHEET) -> Any:
    return client.post(ADDRESS, {"file": SimpleUploadedFile("moi.csv", text.encode())})


def rows_of(page: Any) -> str:
    found = re.search(r'name="rows" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def test_each_row_previews_its_outcome_without_inviting(cast: Cast, browser: Browser) -> None:
    page = shown(browser("coordinator"))
    lines = page.context["lines"]
    ready = [
        (line.invitation.email, line.invitation.unit.code, line.invitation.role)
        for line in lines
        if line.invitation
    ]
    assert ready == [
        ("mot.nv@unit.example", "G06.12.01", Role.OFFICER),
        ("hai.tt@unit.example", "G06.12.02", Role.OFFICER),
        ("ba.lv@unit.example", "G06.12.02", Role.READER),
    ]
    assert [line.reason for line in lines if line.reason] == [
        "is in the sheet twice",
        "has this role already",
    ]
    assert [line.row[0] for line in lines if line.wrong] == [6, 7, 8]
    assert dict(page.context["headings"])["Ghi chú"] == ""
    assert dict(page.context["headings"])["Mã ĐV"]
    assert (Invitation.objects.count(), Letter.objects.count()) == (0, 0)


def test_each_person_gets_one_letter_also_when_sent_again(cast: Cast, browser: Browser) -> None:
    client = browser("coordinator")
    rows = rows_of(shown(client))
    for _ in range(2):
        assert client.post(ADDRESS, {"rows": rows}).status_code == 302
    assert sorted(Letter.objects.values_list("to", flat=True)) == [
        "ba.lv@unit.example", "hai.tt@unit.example", "mot.nv@unit.example",
    ]  # fmt: skip
    assert [line.reason for line in shown(client).context["lines"]][:3] == ["is invited already"] * 3


def test_rows_of_another_preview_are_not_sent(cast: Cast, browser: Browser) -> None:
    rows = rows_of(shown(browser("coordinator")))
    for text, name in ((rows[:-2] + "xx", "coordinator"), (rows, "stranger"), ("", "coordinator")):
        page = browser(name).post(ADDRESS, {"rows": text}, follow=True)
        assert page.redirect_chain[0][0] == ADDRESS
        assert "The preview is too old" in page.content.decode()
    assert Invitation.objects.count() == 0
    assert browser("officer").get(ADDRESS).status_code == 404


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", "Email,Mã đơn vị\n", "Email,Mã đơn vị\n" + "a@unit.example,G06.12\n" * 501]
)
def test_an_unusable_sheet_reports_the_reason(text: str, cast: Cast, browser: Browser) -> None:
    page = shown(browser("coordinator"), text)
    assert page.context["form"].errors["file"]
    assert "lines" not in page.context


def test_the_empty_sheet_is_read_by_its_own_reader(cast: Cast, browser: Browser) -> None:
    for language in ("vi", "en"):
        client = browser("coordinator")
        client.cookies["django_language"] = language
        text = client.get(f"{ADDRESS}template/").content.decode("utf-8-sig")
        (line,) = shown(browser("coordinator"), text).context["lines"]
        assert (line.invitation.unit.code, line.invitation.role) == ("G06.12", Role.OFFICER)


def test_the_weakest_role_is_chosen_first_and_each_is_explained(cast: Cast, browser: Browser) -> None:
    page = browser("coordinator").get("/office/people/invite/").content.decode()
    assert re.search(r'value="reader"[^>]* checked', page)
    assert len(re.findall(r'type="radio" name="role"', page)) >= 4
    assert "changes nothing" in page
