"""The list of cases: search by words, rights and number, saved views, pages, counted selections."""

from __future__ import annotations

import pytest

from lamsach.portal.cases.models import Case, SavedView
from lamsach.portal.cases.search import fold, terms

from .bundles import Contact, day, device, findings, hand_in
from .conftest import Cast

pytestmark = pytest.mark.django_db


def test_views_are_kept_and_are_ones_own(case: Case, cast: Cast) -> None:
    client = cast.client("officer")
    sent = {"name": "Gấp", "query": "show=late&severity=1&page=7&evil=%3Cscript%3E"}
    assert client.post("/office/cases/views/", sent).status_code == 302
    view = SavedView.objects.get()
    assert view.query == "severity=1&show=late"
    assert "Gấp" in client.get("/office/cases/").content.decode()
    assert "Gấp" not in cast.client("coordinator").get("/office/cases/").content.decode()
    assert cast.client("coordinator").post(f"/office/cases/views/{view.pk}/delete/").status_code == 404
    client.post(f"/office/cases/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()


SEARCHES = [
    ("officer", "pc-01", True),
    ("officer", "10.1.2", True),
    ("officer", "bot-c2", True),
    ("officer", "PHONG MOT", True),
    ("officer", "phòng một pc-01", True),
    ("officer", "ví dụ", True),
    ("officer", "rut mang", True),
    ("officer", "pc-01 khong co", False),
    ("officer", "%", False),
    ("coordinator", "bot-c2", True),
    ("coordinator", "phong mot", True),
    ("coordinator", "pc-01", False),
    ("coordinator", "rut mang", False),
    ("stranger", "bot-c2", False),
]


@pytest.mark.parametrize(("who", "text", "hit"), SEARCHES)
def test_the_search_finds_cases_by_rights(who: str, text: str, hit: bool, case: Case, cast: Cast) -> None:
    cast.client("officer").post(f"/office/cases/{case.pk}/notes/", {"text": "Đã rút mạng"})
    page = cast.client(who).get("/office/cases/", {"show": "all", "q": text}).content.decode()
    assert (f"/office/cases/{case.pk}/" in page) == hit


@pytest.mark.parametrize("prefix", ["", "m", "M", "0000", "M000"])
def test_the_search_by_number(prefix: str, case: Case, cast: Cast) -> None:
    page = cast.client("coordinator").get("/office/cases/", {"show": "all", "q": f"{prefix}{case.pk}"})
    assert f"/office/cases/{case.pk}/" in page.content.decode()


def test_words_are_folded() -> None:
    assert fold("  Đà\tNẴNG \x00 ") == "da nang"
    assert len(terms("a " * 99)) == 8


def test_paging_gives_each_case_once(case: Case, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lamsach.portal.cases.views.PER_PAGE", 2)
    devices = [device(f"mac:02:00:00:00:01:{n:02d}") for n in range(4)]
    hand_in(cast, case.campaign, findings(devices, [Contact(one.key, {day(-2): 1}) for one in devices]))
    client, seen = cast.client("officer"), []
    for page in ("1", "2", "3", "99"):
        seen.append([row.pk for row in client.get("/office/cases/", {"page": page}).context["page"]])
    assert sorted(number for page in seen[:3] for number in page) == sorted(
        Case.objects.values_list("pk", flat=True)
    )
    assert seen[3] == seen[2]


@pytest.mark.parametrize(
    "query", ["show=todo", "show=found", "show=handled&day=2022-09-01", "show=x&day=x&unit=x&kind=x"]
)
def test_what_other_pages_count_can_be_listed(query: str, case: Case, cast: Cast) -> None:
    assert cast.client("officer").get(f"/office/cases/?{query}").status_code == 200
    assert cast.client("officer").get(f"/office/cases/export/?{query}").status_code == 200
