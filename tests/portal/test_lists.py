"""Lists in the portal: documents, values looked up, feedback, sources, settings, rights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from lamsach.portal.jobs.models import Job
from lamsach.portal.lists import access, documents, feedback, origins
from lamsach.portal.lists.models import Document, FeedbackKind, KeptList, Listed, Origin

from . import list_samples
from .conftest import Cast

pytestmark = pytest.mark.django_db


def test_a_log_uploaded_as_a_list_lists_nothing(cast: Cast) -> None:
    line = (
        'date=2022-09-01 time=10:00:00 devname="FG" devid="FG1" logid="0000000013" type="traffic" '
        'subtype="forward" level="notice" srcip=10.1.1.5 dstip=203.0.113.7 action="accept"'
    )
    document = list_samples.add(cast, f"{line}\n" * 3, "fw.log")
    assert (document.count, document.problem) == (0, "This is a log, not a list of indicators.")


def test_an_invalid_value_is_not_reported_as_unlisted(cast: Cast) -> None:
    list_samples.released(cast)
    page = cast.client("coordinator").get("/office/blocklists/", {"q": "bot"}).content.decode()
    assert "bot" in page
    assert "No list that you see names it." not in page
    page = cast.client("coordinator").get("/office/blocklists/", {"q": "bot.xyz"}).content.decode()
    assert "No list that you see names it." in page


def test_feedback_counts_for_indicator_and_source(cast: Cast) -> None:
    list_samples.released(cast)
    feedback.submit(cast.first, "bot-c2[.]xyz", FeedbackKind.FALSE)
    feedback.submit(cast.second, "bot-c2.xyz", FeedbackKind.FALSE)
    feedback.submit(cast.second, "45.155.37.7", FeedbackKind.SEEN, count=5)
    feedback.submit(cast.other, "bot-c2.xyz", FeedbackKind.FALSE)
    found = feedback.counted([("domain", "bot-c2.xyz"), ("ip", "45.155.37.7")], cast.centre)
    assert found["domain", "bot-c2.xyz"]["false"] == 2, "the other branch says nothing here"
    assert found["ip", "45.155.37.7"]["seen"] == 1
    list_samples.add(cast, "bot-c2.xyz\nevil-d.xyz\n", "nguon-hai.txt")
    list_samples.next_version(cast)
    worth = feedback.quality_of(list_samples.kept_list(cast))
    assert worth is not None
    rows = {row["source"]: row for row in worth["rows"]}
    assert 0 <= rows["nguon-hai.txt"]["age_days"] < 1, "what states no beginning is as old as its document"
    assert (
        rows["phu-luc.txt"]["count"],
        rows["phu-luc.txt"]["unique"],
        rows["phu-luc.txt"]["false"],
        rows["phu-luc.txt"]["seen"],
    ) == (4, 3, 1, 1)
    assert worth["overlaps"][0]["count"] == 1
    assert (
        cast.client("coordinator")
        .get(f"/office/blocklists/{list_samples.kept_list(cast).pk}/quality/")
        .status_code
        == 200
    )


def test_looking_up_a_value_shows_list_document_and_row(cast: Cast) -> None:
    version = list_samples.released(cast)
    page = cast.client("officer").get("/office/blocklists/", {"q": "a.b.bot-c2.xyz"}).content.decode()
    assert "phu-luc.txt" in page
    assert Listed.objects.filter(list=version.list).count() == 4
    assert cast.client("officer").get("/office/blocklists/", {"q": "nothing"}).status_code == 200


def test_an_upload_in_the_browser(cast: Cast) -> None:
    kept_list = list_samples.kept_list(cast)
    client = cast.client("coordinator")
    file = SimpleUploadedFile("../../evil.misp", b'{"Event": {"info": "x", "Attribute": []}}')
    assert client.post(f"/office/blocklists/{kept_list.pk}/documents/", {"file": file}).status_code == 302
    document = Document.objects.get()
    assert "/" not in document.name
    documents.read(document.pk)
    page = client.get(f"/office/blocklists/documents/{document.pk}/")
    assert page.status_code == 200
    file = SimpleUploadedFile("bad.pdf", b"%PDF-1.4 broken")
    client.post(f"/office/blocklists/{kept_list.pk}/documents/", {"file": file})
    documents.read(Document.objects.latest("pk").pk)
    assert Document.objects.get(name="bad.pdf").problem != ""


def test_a_document_shows_the_rule_of_a_refusal(cast: Cast) -> None:
    document = list_samples.add(cast, "value,verdict\nevil-a.site,malicious\ngood-a.site,clean\n", "a.csv")
    assert [(row["value"], row["rule"]) for row in document.refusals] == [("good-a.site", "said_benign")]
    page = cast.client("coordinator").get(f"/office/blocklists/documents/{document.pk}/")
    assert "said_benign" in page.content.decode()
    for value, shown in (("good-a[.]site", True), ("evil-a.site", False), ("good-b.site", False)):
        page = cast.client("coordinator").get("/office/blocklists/", {"q": value})
        assert ("said_benign" in page.content.decode()) is shown, value
    page = cast.client("officer").get("/office/blocklists/", {"q": "good-a.site"})
    assert "said_benign" not in page.content.decode(), "who sees only what was released"


def test_a_source_is_read_from_the_mirror_folder_by_schedule(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LISTS_MIRROR", str(tmp_path))
    origin = list_samples.origin(cast)
    assert origins.due() == 1
    assert origins.due() == 0, "it is not due twice"
    assert "mirror" in origins.fetch(origin.pk)["problem"]
    file = tmp_path / "feeds.example.vn" / "list.txt"
    file.parent.mkdir()
    file.write_text("evil-c.xyz\n")
    assert origins.fetch(origin.pk) == {"new": True}
    first = Document.objects.get(origin=origin)
    documents.read(first.pk)
    origins.fetch(origin.pk)
    assert Document.objects.filter(origin=origin).count() == 1, "the same content is no new document"
    file.write_text("evil-d.xyz\n")
    origins.fetch(origin.pk)
    second = Document.objects.filter(origin=origin).latest("pk")
    documents.read(second.pk)
    first.refresh_from_db()
    assert first.withdrawn is not None
    assert list_samples.values(list_samples.next_version(cast)) == {"evil-d.xyz"}
    Origin.objects.filter(pk=origin.pk).update(url="https://feeds.example.vn/../../etc/passwd", tried=None)
    assert "mirror" in origins.fetch(origin.pk)["problem"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "https://10.0.0.1/x",
        "file:///etc/passwd",
        "ftp://a.example/x",
        "taxii+http://127.0.0.1/x/",
    ],
)
def test_a_source_may_not_be_in_the_own_network(cast: Cast, url: str) -> None:
    kept_list = list_samples.kept_list(cast)
    answer = cast.client("coordinator").post(
        f"/office/blocklists/{kept_list.pk}/sources/",
        {"name": "x", "url": url, "hours": "24", "active": "on"},
    )
    assert answer.status_code == 200
    assert not Origin.objects.exists()


def test_the_gate_decides_who_may_edit(cast: Cast) -> None:
    version = list_samples.released(cast)
    name: dict[str, Any] = cast.people
    assert access.may_write(name["coordinator"], version.list)
    assert not access.may_write(name["reader"], version.list)
    assert access.sees_inside(name["reader"], version.list)
    assert not access.sees_inside(name["officer"], version.list)
    assert list(access.of_token(cast.other)) == []


def test_settings_and_sources_of_a_list_are_changed_in_pages(cast: Cast) -> None:
    client = cast.client("coordinator")
    data = {
        "unit": cast.centre.pk,
        "name": "Danh sách mới",
        "tlp": "green",
        "days": "30",
        "own": "10.0.0.0/8",
    }
    assert client.post("/office/blocklists/new/", {**data, "own": "no network"}).status_code == 200
    assert client.post("/office/blocklists/new/", data).status_code == 302
    made = KeptList.objects.get(name="Danh sách mới")
    client.post(f"/office/blocklists/{made.pk}/edit/", {**data, "days": "60"})
    made.refresh_from_db()
    assert made.days == 60
    source = {"name": "Nguồn", "url": "https://feeds.example.vn/a.txt", "hours": "0", "active": "on"}
    client.post(f"/office/blocklists/{made.pk}/sources/", source)
    assert not Origin.objects.exists()
    client.post(f"/office/blocklists/{made.pk}/sources/", {**source, "hours": "6"})
    origin = Origin.objects.get()
    client.post(f"/office/blocklists/sources/{origin.pk}/", {"fetch": "1"})
    assert Job.objects.filter(name="lists.fetch").exists()
    client.post(f"/office/blocklists/sources/{origin.pk}/", {"remove": "1"})
    assert not Origin.objects.exists()


def test_field_ids_of_a_page_are_unique(cast: Cast) -> None:
    page = (
        cast.client("coordinator")
        .get(f"/office/blocklists/{list_samples.released(cast).list_id}/")
        .content.decode()
    )
    found = [part.partition('"')[0] for part in page.split(' id="')[1:]]
    assert len(found) == len(set(found))
    version = list_samples.released(cast)
    page = cast.client("coordinator").get(f"/office/blocklists/versions/{version.pk}/").content.decode()
    assert f"Lamsach {version}" not in page, "the footer names the program's version, not the list's"
