"""Lists in the portal: documents, review, decisions, signed versions, access, feedback, sources."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.indicators.releases.release import read_release
from lamsach.indicators.releases.seal import load_public_key
from lamsach.indicators.review.decisions import Choice
from lamsach.portal.api.access import issue
from lamsach.portal.exchange import unit_keys
from lamsach.portal.jobs.models import Job
from lamsach.portal.jobs.queue import run_next
from lamsach.portal.lists import access, decisions, documents, feedback, origins, releases, versions
from lamsach.portal.lists.models import (
    Decision,
    Document,
    Doubt,
    FeedbackKind,
    KeptList,
    Listed,
    Origin,
    Tlp,
    Version,
)

from . import confirmation, list_samples
from .conftest import Cast

pytestmark = pytest.mark.django_db
DANGEROUS = "8.8.8.8\nbot-c2.xyz\nmof.gov.vn\n45.155.37.7\n203.113.0.0/9\n"


def values(version: Version) -> set[str]:
    return {item.value for item in versions.values(version)}


def test_a_document_is_read_and_dangers_are_queued_first(cast: Cast) -> None:
    document = list_samples.add(cast, DANGEROUS, "phu-luc.txt")
    assert (document.count, document.problem) == (5, "")
    first = Doubt.objects.filter(list=document.list).first()
    assert first is not None
    assert first.dangerous
    assert {row.value for row in Doubt.objects.filter(list=document.list, dangerous=True)} >= {
        "8.8.8.8",
        "mof.gov.vn",
    }
    assert first.place.startswith("phu-luc.txt, ")


def test_a_log_uploaded_as_a_list_lists_nothing(cast: Cast) -> None:
    line = (
        'date=2022-09-01 time=10:00:00 devname="FG" devid="FG1" logid="0000000013" type="traffic" '
        'subtype="forward" level="notice" srcip=10.1.1.5 dstip=203.0.113.7 action="accept"'
    )
    document = list_samples.add(cast, f"{line}\n" * 3, "fw.log")
    assert (document.count, document.problem) == (0, "This is a log, not a list of indicators.")


def test_nothing_is_released_while_dangerous_values_wait(cast: Cast) -> None:
    kept_list = list_samples.add(cast, DANGEROUS).list
    with pytest.raises(InputError, match="Dangerous"):
        releases.request_release(kept_list, "x", cast.people["coordinator"])
    rows = list(Doubt.objects.filter(list=kept_list).values_list("type", "value"))
    until = timezone.localdate() + timedelta(days=30)
    decisions.decide(cast.people["coordinator"], kept_list, rows, Choice.EXCEPTION, "đã xem", until=until)
    releases.request_release(kept_list, "Bản đầu", cast.people["coordinator"])
    assert Job.objects.filter(name="lists.release").exists()
    assert values(list_samples.next_version(cast)) == {"bot-c2.xyz", "45.155.37.7"}


def test_a_dangerous_value_needs_its_own_decision(cast: Cast) -> None:
    kept_list = list_samples.add(cast, "mof.gov.vn\ngoogle.com\nbot-c2.xyz\n").list
    pair = [("domain", "mof.gov.vn"), ("domain", "google.com")]
    with pytest.raises(InputError, match="one at a time"):
        decisions.decide(cast.people["coordinator"], kept_list, pair, Choice.ACCEPT, "nhầm")
    assert not Decision.objects.exists()
    version = list_samples.next_version(cast)
    assert (values(version), version.left_out) == ({"bot-c2.xyz"}, 2)
    decisions.decide(cast.people["coordinator"], kept_list, pair[:1], Choice.ACCEPT, "chỉ thị 12")
    version = list_samples.next_version(cast)
    assert (values(version), version.left_out) == ({"bot-c2.xyz", "mof.gov.vn"}, 1)
    with default_storage.open(version.path, "rb") as stream, zipfile.ZipFile(stream) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["accepted"] == {"mof.gov.vn": "chỉ thị 12"}


def test_an_unreviewed_danger_is_left_out_and_queued(cast: Cast) -> None:
    kept_list = list_samples.add(cast, "google.com\n8.8.8.8\nbot-c2.xyz\n").list
    until = timezone.localdate() + timedelta(days=30)
    decisions.decide(
        cast.people["coordinator"], kept_list, [("domain", "google.com")], Choice.EXCEPTION, "ok", until=until
    )
    Decision.objects.update(until=timezone.localdate() - timedelta(days=2))  # expired
    Doubt.objects.filter(value="8.8.8.8").delete()  # as if read before the danger was known
    assert not Doubt.objects.filter(decided=None, dangerous=True).exists()
    version = list_samples.next_version(cast)
    assert (values(version), version.left_out) == ({"bot-c2.xyz"}, 2)
    waiting = Doubt.objects.filter(list=kept_list, decided=None, dangerous=True)
    assert {(row.value, row.kinds[0]) for row in waiting} == {
        ("google.com", "top_site"),
        ("8.8.8.8", "public_resolver"),
    }


def test_the_own_network_needs_a_decision(cast: Cast) -> None:
    kept_list = list_samples.kept_list(cast)
    KeptList.objects.filter(pk=kept_list.pk).update(own="45.155.0.0/16\ndonvi.example")
    list_samples.add(cast, list_samples.TEXT)
    assert "45.155.37.7" not in values(list_samples.next_version(cast))


def test_narrowing_accepts_one_value_and_values_within(cast: Cast) -> None:
    kept_list = list_samples.add(cast, "drive.google.com\nbot-c2.xyz\n").list
    coordinator = cast.people["coordinator"]
    for values_, to in (
        ([("domain", "drive.google.com")], "https://evil-b.xyz/a"),
        ([("domain", "drive.google.com")], "drive.google.com"),
        ([("domain", "drive.google.com"), ("domain", "bot-c2.xyz")], "https://drive.google.com/file/1"),
    ):
        with pytest.raises(InputError):
            decisions.decide(coordinator, kept_list, values_, Choice.NARROW, "chung", to=to)
    decisions.decide(
        coordinator,
        kept_list,
        [("domain", "drive.google.com")],
        Choice.NARROW,
        "chung",
        to="https://drive.google.com/file/1",
    )
    assert values(list_samples.next_version(cast)) == {"bot-c2.xyz", "https://drive.google.com/file/1"}


@pytest.mark.parametrize(
    ("choice", "reason", "days"),
    [(Choice.ACCEPT, " ", None), (Choice.EXCEPTION, "x", None), (Choice.EXCEPTION, "x", -1)],
)
def test_a_decision_needs_its_reason_and_an_exception_its_end(
    cast: Cast, choice: Choice, reason: str, days: int | None
) -> None:
    kept_list = list_samples.kept_list(cast)
    until = None if days is None else timezone.localdate() + timedelta(days=days)
    with pytest.raises(InputError):
        decisions.decide(
            cast.people["coordinator"], kept_list, [("ip", "8.8.8.8")], choice, reason, until=until
        )
    assert not Decision.objects.exists()


def test_a_thousand_values_are_decided_together(cast: Cast) -> None:
    kept_list = list_samples.kept_list(cast)
    list_samples.add(cast, "".join(f"x{number}.duckdns.org\n" for number in range(1000)))
    client = cast.client("coordinator")
    address = f"/office/blocklists/{kept_list.pk}/review/?size=1000"
    page = client.get(address)
    assert page.content.count(b'name="doubt"') == 1000
    ticked = [str(pk) for pk in Doubt.objects.values_list("pk", flat=True)]
    answer = client.post(address, {"doubt": ticked, "choice": "accept", "reason": "đã xem"})
    assert answer.status_code == 302
    assert Doubt.objects.filter(decided=None).count() == 0
    assert Decision.objects.filter(revoked=None).count() == 1000
    assert b'name="doubt"' not in client.get(address).content


def test_red_values_are_not_added_to_campaigns_of_units_below(cast: Cast) -> None:
    from lamsach.portal.campaigns.models import IndicatorList

    from .samples import campaign

    kept_list = list_samples.kept_list(cast)
    KeptList.objects.filter(pk=kept_list.pk).update(tlp=Tlp.STRICT)
    list_samples.add(cast, list_samples.TEXT)
    version, found = list_samples.next_version(cast), campaign(cast)
    address = f"/office/blocklists/versions/{version.pk}/use/"
    page = cast.client("coordinator").post(address, {"campaign": str(found.pk)}, follow=True)
    assert "may not leave the unit" in page.content.decode()
    assert not IndicatorList.objects.exists()


def test_an_invalid_value_is_not_reported_as_unlisted(cast: Cast) -> None:
    list_samples.released(cast)
    page = cast.client("coordinator").get("/office/blocklists/", {"q": "bot"}).content.decode()
    assert "bot" in page
    assert "No list that you see names it." not in page
    page = cast.client("coordinator").get("/office/blocklists/", {"q": "bot.xyz"}).content.decode()
    assert "No list that you see names it." in page


def test_a_long_queue_needs_few_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    kept_list = list_samples.kept_list(cast)
    kinds = (["dynamic_dns"], ["dynamic_dns", "homograph"], ["cdn"])
    Doubt.objects.bulk_create(
        [
            Doubt(
                list=kept_list,
                type="domain",
                value=f"x{number}.top",
                key=f"{number:064}",
                kinds=kinds[number % 3],
            )
            for number in range(3000)
        ],
        batch_size=1000,
    )
    client = cast.client("coordinator")
    address = f"/office/blocklists/{kept_list.pk}/review/"
    with django_assert_max_num_queries(25):
        page = client.get(address, {"kind": "dynamic_dns", "size": "250", "page": "4"})
    rows = list(page.context["page"])
    assert len(rows) == 250
    assert all("dynamic_dns" in row.kinds for row in rows)
    assert page.context["page"].paginator.count == 2000
    assert {kind: count for kind, _, count in page.context["kinds"]} == {
        "dynamic_dns": 2000,
        "homograph": 1000,
        "cdn": 1000,
    }
    assert client.get(address, {"kind": "sinkhole"}).context["page"].paginator.count == 0


def test_a_decision_is_revoked(cast: Cast) -> None:
    kept_list = list_samples.add(cast, "x.duckdns.org\n").list
    decisions.decide(
        cast.people["coordinator"], kept_list, [("domain", "x.duckdns.org")], Choice.ACCEPT, "đã xem"
    )
    client = cast.client("coordinator")
    assert b"x.duckdns.org,accept" in client.get(f"/office/blocklists/{kept_list.pk}/decisions.csv").content
    client.post(f"/office/blocklists/{kept_list.pk}/decisions/", {"decision": str(Decision.objects.get().pk)})
    assert Doubt.objects.filter(decided=None).count() == 1
    assert Decision.objects.filter(revoked=None).count() == 0


def test_a_version_is_signed_and_counted_with_its_sources(cast: Cast, tmp_path: Path) -> None:
    first = list_samples.released(cast)
    unchanged = list_samples.next_version(cast)
    assert unchanged.pk == first.pk, "nothing new, no version"
    list_samples.add(cast, "evil-c.xyz\nbot-c2.xyz\n", "cong-van.txt")
    second = list_samples.next_version(cast)
    assert (second.number, second.count, second.added, second.removed) == (2, 5, 1, 0)
    assert {source["by"] for source in second.documents} == {"Coordinator"}
    path = tmp_path / "release.zip"
    path.write_bytes(default_storage.open(second.path).read())
    key = unit_keys.current(cast.centre)
    assert key is not None
    release = read_release(path, [load_public_key(key.public.encode(), "x")])
    assert (release.manifest.previous, release.manifest.digest) == (first.digest, second.digest)
    assert release.signer == second.fingerprint
    page = cast.client("coordinator").get(f"/office/blocklists/versions/{second.pk}/").content.decode()
    assert "evil-c.xyz" in page
    assert "cong-van.txt" in page


def test_releasing_is_confirmed_and_names_receivers(cast: Cast) -> None:
    first = list_samples.released(cast)
    list_samples.outlet(cast)
    list_samples.add(cast, "evil-c.xyz\nx.duckdns.org\n")
    client, address = cast.client("coordinator"), f"/office/blocklists/{first.list_id}/release/"
    text, data = confirmation.asked(client, address, {"note": "Thêm tên mới"})
    for page in ("2 documents", "1 addresses", "1 values wait", "Thêm tên mới", "fw01"):
        assert page in text, page
    assert not Job.objects.filter(name="lists.release").exists(), "nothing happens before it is confirmed"
    list_samples.add(cast, "evil-d.xyz\n")
    assert client.post(address, data).status_code == 200, "something changed: it is shown again"
    client.post(address, confirmation.asked(client, address, {"note": "Thêm tên mới"})[1])
    assert Job.objects.filter(name="lists.release").count() == 1


def test_a_withdrawn_document_withdraws_its_values(cast: Cast) -> None:
    list_samples.released(cast)
    more = list_samples.add(cast, "evil-c.xyz\n")
    list_samples.next_version(cast)
    cast.client("coordinator").post(f"/office/blocklists/documents/{more.pk}/")
    assert "evil-c.xyz" not in values(list_samples.next_version(cast))


def test_a_list_provides_default_end_and_tlp(cast: Cast) -> None:
    kept_list = list_samples.kept_list(cast)
    KeptList.objects.filter(pk=kept_list.pk).update(days=10, tlp="green")
    list_samples.add(cast, list_samples.TEXT)
    item = next(versions.values(list_samples.next_version(cast)))
    assert item.tlp == "green"
    assert item.valid_until is not None


def test_units_below_see_only_released_versions(cast: Cast) -> None:
    document = list_samples.document(cast)
    address = f"/office/blocklists/{document.list_id}/"
    officer = cast.client("officer")
    assert officer.get(address).status_code == 404
    version = list_samples.released(cast)
    page = officer.get(address).content.decode()
    assert f"/office/blocklists/versions/{version.pk}/" in page
    assert document.name not in page
    assert officer.get(f"/office/blocklists/versions/{version.pk}/file/").status_code == 200
    assert officer.get(f"/office/blocklists/documents/{document.pk}/").status_code == 404
    assert cast.client("stranger").get(address).status_code == 404


def test_red_values_do_not_leave_the_unit(cast: Cast) -> None:
    kept_list = list_samples.kept_list(cast)
    KeptList.objects.filter(pk=kept_list.pk).update(tlp=Tlp.RED)
    list_samples.add(cast, list_samples.TEXT)
    version = list_samples.next_version(cast)
    assert cast.client("officer").get(f"/office/blocklists/versions/{version.pk}/file/").status_code == 302
    token = issue(cast.first, "x", cast.people["coordinator"])
    answer = Client().get(f"/api/lists/{kept_list.pk}/release", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404
    assert versions.places([kept_list], "bot-c2.xyz", cast.first) == []
    assert versions.places([kept_list], "bot-c2.xyz", cast.centre)


def test_programs_fetch_the_release_and_send_feedback(cast: Cast) -> None:
    version = list_samples.released(cast)
    headers = {"Authorization": f"Bearer {issue(cast.first, 'x', cast.people['coordinator'])}"}
    client = Client()
    (report,) = client.get("/api/lists", headers=headers).json()
    assert (report["version"], report["digest"], report["count"]) == (1, version.digest, 4)
    answer = client.get(f"/api/lists/{report['id']}/release", headers=headers)
    data = b"".join(answer.streaming_content)  # type: ignore[arg-type]
    assert data[:2] == b"PK"
    unchanged = client.get(
        f"/api/lists/{report['id']}/release", headers={**headers, "If-None-Match": answer["ETag"]}
    )
    assert unchanged.status_code == 304
    (place,) = client.get("/api/lists/check", {"value": "www.bot-c2[.]xyz"}, headers=headers).json()
    assert (place["value"], place["document"], place["row"]) == ("bot-c2.xyz", "phu-luc.txt", 1)
    for count in (1, 2):
        body = json.dumps({"value": "bot-c2.xyz", "kind": "false"})
        sent = client.post("/api/lists/feedback", body, content_type="application/json", headers=headers)
        assert sent.json() == {"count": count}
    body = json.dumps({"value": "no value", "kind": "seen"})
    assert (
        client.post("/api/lists/feedback", body, content_type="application/json", headers=headers).status_code
        == 400
    )
    assert client.get("/api/lists").status_code == 401
    stranger = {"Authorization": f"Bearer {issue(cast.other, 'x', cast.people['stranger'])}"}
    assert client.get("/api/lists", headers=stranger).json() == []


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


def test_a_version_shows_the_hunts_that_used_it(cast: Cast) -> None:
    from lamsach.portal.findings.models import Bundle, Way

    from .samples import campaign

    version = list_samples.released(cast)
    Bundle.objects.create(
        unit=cast.first, campaign=campaign(cast), way=Way.BROWSER, name="ra-soat.zip", path="x", size=1,
        sha256="0" * 64, list_digest=version.digest
    )  # fmt: skip
    page = cast.client("coordinator").get(f"/office/blocklists/versions/{version.pk}/").content.decode()
    assert "ra-soat.zip" in page


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
    assert values(list_samples.next_version(cast)) == {"evil-d.xyz"}
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


def test_a_release_is_exchanged_with_an_offline_portal(cast: Cast, tmp_path: Path) -> None:
    from lamsach.portal.exchange.kinds import Arrival, Payload, PayloadFile, Route
    from lamsach.portal.exchange.models import Partner
    from lamsach.portal.lists.exchange_kinds import Lists

    version = list_samples.released(cast)
    down = Partner.objects.create(unit=cast.centre, code=cast.first.code, name="Phòng Một", above=False)
    offered = Lists().offer(Route(down))
    assert offered is not None
    key = unit_keys.current(cast.centre)
    assert key is not None
    up = unit_keys.add_partner(
        cast.first,
        cast.centre.code,
        "Trung tâm A",
        above=True,
        public=key.public,
        by=cast.people["coordinator"],
    )
    KeptList.objects.filter(pk=version.list_id).update(name="Tên khác")
    arrival = Arrival(up, 1, timezone.now(), cast.people["officer"])
    assert "4" in Lists().preview(arrival, offered)[0]
    stored = replace(offered, stored=Lists().store(arrival, offered))
    assert Lists().apply(arrival, stored) == {"lists": 1}
    assert Lists().apply(arrival, stored) == {"lists": 0}, "the same version is not taken twice"
    while run_next():
        pass
    accepted = Version.objects.get(list__name="Danh sách chung")
    assert (accepted.digest, accepted.count, accepted.added) == (version.digest, 4, 4)
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(offered.files[0].path) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data.replace(b"bot-c2", b"bot-c3") if name == "indicators.jsonl" else data)
    with pytest.raises(InputError):
        Lists().store(arrival, Payload("lists", offered.data, (PayloadFile("x", broken),)))


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


def test_a_campaign_searches_for_a_version(cast: Cast) -> None:
    from lamsach.portal.campaigns.lists import read_list
    from lamsach.portal.campaigns.models import IndicatorList

    from .samples import campaign

    version, found = list_samples.released(cast), campaign(cast)
    client, address = cast.client("coordinator"), f"/office/blocklists/versions/{version.pk}/use/"
    assert found.name in client.get(f"/office/blocklists/versions/{version.pk}/").content.decode()
    for _ in range(2):
        assert client.post(address, {"campaign": str(found.pk)}).status_code == 302
    used = IndicatorList.objects.get(campaign=found)
    assert read_list(used.pk) == version.count
    used.refresh_from_db()
    assert used.problem == ""
    assert client.post(address, {"campaign": "x"}).status_code == 302
    assert cast.client("stranger").post(address, {"campaign": str(found.pk)}).status_code == 404


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
