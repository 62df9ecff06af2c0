"""Search: hits by role, all readable, without those of other branches."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from lamsach.portal.base.roles import Role
from lamsach.portal.campaigns.models import Campaign, Dispatch
from lamsach.portal.cases.models import Case, CaseSeverity
from lamsach.portal.cases.search import index
from lamsach.portal.findings.models import Device
from lamsach.portal.lists.models import KeptList
from lamsach.portal.reports.models import Report
from lamsach.portal.units import tree

from . import list_samples, samples
from .conftest import Cast
from .walk import settled

pytestmark = pytest.mark.django_db


def found(client: Client, words: str) -> dict[str, str]:
    """Return the URLs of the hits, with the heading of their kind."""
    answer = client.get("/office/search/", {"q": words})
    assert answer.status_code == 200, words
    page = answer.content.decode().partition("<div data-hits>")[2].partition("</main>")[0]
    hits = {}
    for group in page.split("<h2>")[1:]:
        title, _, rest = group.partition("</h2>")
        hits.update({unescape(url): title for url in re.findall(r'<li><a href="([^"]+)">', rest)})
    return hits


HIDDEN = ("Kín", "G06.13.02", "77/BC-KIN", "kinbot", "kin.example.vn")
"""Queries whose objects only the strangers' branch may read."""


def hide(cast: Cast) -> Case:
    """Create an object of each kind in the strangers' branch, matched by `HIDDEN`."""
    unit, stranger, day = cast.other_first, cast.people["stranger"], tree.today()
    secret = tree.create("G06.13.02", "Phòng Kín", cast.other)
    campaign = Campaign.objects.create(
        name="Chiến dịch Kín",
        owner=cast.other,
        starts=day,
        ends=day,
        report_due=day,
        form=samples.campaign(cast).form,
    )
    Dispatch.objects.create(
        campaign=campaign,
        issuer=cast.other,
        number="77/KIN",
        day=day,
        subject="Công văn Kín",
        deadline=day,
        created_by=stranger,
        once="kin",
    )
    Report.objects.create(
        campaign=campaign, unit=secret, form=campaign.form, as_of=day, number=77, symbol="BC-KIN"
    )
    made = Case.objects.create(
        campaign=campaign,
        unit=unit,
        device=Device.objects.create(unit=unit, key="kin", name="MAY-KIN"),
        since=day,
        severity=CaseSeverity.HIGH,
        threat="KinBot",
        due=timezone.now() + timedelta(days=3),
    )
    index([made])
    kept = KeptList.objects.create(unit=cast.other, name="Danh sách Kín", created_by=stranger, days=0)
    list_samples.add(cast, "kin.example.vn\n", of=kept)
    list_samples.releases.release(kept.pk, "", stranger)
    return made


def test_hits_are_readable_and_never_of_other_branches(cast: Cast) -> None:
    settled(cast)
    samples.report(cast)
    secret = hide(cast)
    words = (
        "phòng một",
        "G06.12",
        "thử",
        "triển khai",
        "M0000",
        secret.number,
        "bot-c2.xyz",
        "1",
        "%",
        "_",
        *HIDDEN,
    )
    reached: dict[str, set[str]] = {}
    for role in [*Role, "stranger"]:
        client = cast.client(role)
        reached[role] = set()
        for one in words:
            for url, kind in found(client, one).items():
                assert client.get(url).status_code == 200, (role, one, url)
                reached[role].add(kind)
        hidden = {kind for one in (*HIDDEN, secret.number) for kind in found(client, one).values()}
        above = role in ("authority", "administrator", "stranger")
        everything = {"Units", "Machines", "Listed values", "Campaigns", "Dispatches", "Reports"}
        assert hidden == (everything if above else set()), role
    assert reached["coordinator"] == reached["officer"] == reached["reader"] == everything


def test_usual_queries_have_hits(cast: Cast) -> None:
    settled(cast)
    case, client = samples.case(cast), cast.client("coordinator")
    report = samples.report(cast)
    Report.objects.filter(pk=report.pk).update(number=12, symbol="BC-CNTT")
    room, paper = f"/office/units/{cast.first.pk}/", f"/office/reports/{report.pk}/"
    for words, wanted in (
        ("phòng một", room),
        ("PHÒNG MỘT", room),
        ("  Phòng   Một ", room),
        ("000.01.12.G06", room),
        (case.number, f"/office/cases/{case.pk}/"),
        (case.number.lower(), f"/office/cases/{case.pk}/"),
        (str(case.pk), f"/office/cases/{case.pk}/"),
        ("12/BC-CNTT", paper),
        ("12", paper),
        ("bc-cntt", paper),
        ("Triển Khai", f"/office/dispatches/{case.campaign.dispatches.first().pk}/"),
        ("www.bot-c2.xyz", "/office/blocklists/?q=www.bot-c2.xyz"),
    ):
        assert wanted in found(client, words), words
    assert "13/BC-CNTT" not in found(client, "12/BC-CNTT").values()
    assert found(client, "13/BC-CNTT") == {}


def test_names_of_machines_find_but_do_not_show(cast: Cast) -> None:
    """The unit finds its machine by name, units above do not; only the audited page of the case shows it."""
    settled(cast)
    case = samples.case(cast)
    assert found(cast.client("officer"), "PC-01") == {f"/office/cases/{case.pk}/": "Machines"}
    assert found(cast.client("coordinator"), "PC-01") == {}
    page = cast.client("officer").get("/office/search/", {"q": case.number}).content.decode()
    assert "PC-01" not in page
    assert "thu" not in page.partition("data-hits")[2].partition("</main>")[0].split()


def test_many_are_cut_with_a_way_to_all(cast: Cast) -> None:
    for number in range(12):
        tree.create(f"G06.12.02.{number:02d}", f"Tổ {number}", cast.second)
    page = cast.client("coordinator").get("/office/search/", {"q": "tổ"}).content.decode()
    assert page.count("Tổ ") == 8
    more = re.search(r'<a href="(/office/units/\?[^"]+)"', page)
    assert more is not None
    assert "Tổ 11" in cast.client("coordinator").get(unescape(more[1])).content.decode()


def test_questions_stay_few_and_bounded(cast: Cast, django_assert_max_num_queries: object) -> None:
    settled(cast)
    client = cast.client("authority")
    client.get("/office/search/", {"q": "a"})
    for words in ("", "a" * 5000, "(((", "'" * 300):
        with django_assert_max_num_queries(25):  # type: ignore[operator]
            assert client.get("/office/search/", {"q": words}).status_code == 200
