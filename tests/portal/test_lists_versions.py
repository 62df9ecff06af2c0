"""Signed versions of a list: release, content, readers, programs, campaigns and hunts that use them."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.indicators.releases.release import read_release
from lamsach.indicators.releases.seal import load_public_key
from lamsach.portal.campaigns.lists import read_list
from lamsach.portal.campaigns.models import IndicatorList
from lamsach.portal.exchange import unit_keys
from lamsach.portal.exchange.kinds import Arrival, Payload, PayloadFile, Route
from lamsach.portal.exchange.models import Partner
from lamsach.portal.findings.models import Bundle, Way
from lamsach.portal.jobs.models import Job
from lamsach.portal.jobs.queue import run_next
from lamsach.portal.lists import versions
from lamsach.portal.lists.exchange_kinds import Lists
from lamsach.portal.lists.models import KeptList, Tlp, Version

from . import confirmation, list_samples
from .conftest import Cast
from .samples import campaign

pytestmark = pytest.mark.django_db


def test_red_values_are_not_added_to_campaigns_of_units_below(cast: Cast) -> None:
    list_samples.kept_list(cast, tlp=Tlp.STRICT)
    list_samples.add(cast, list_samples.TEXT)
    version, found = list_samples.next_version(cast), campaign(cast)
    address = f"/office/blocklists/versions/{version.pk}/use/"
    page = cast.client("coordinator").post(address, {"campaign": str(found.pk)}, follow=True)
    assert "may not leave the unit" in page.content.decode()
    assert not IndicatorList.objects.exists()


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
    assert "evil-c.xyz" not in list_samples.values(list_samples.next_version(cast))


def test_a_list_provides_default_end_and_tlp(cast: Cast) -> None:
    list_samples.kept_list(cast, days=10, tlp="green")
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
    kept_list = list_samples.kept_list(cast, tlp=Tlp.RED)
    list_samples.add(cast, list_samples.TEXT)
    version = list_samples.next_version(cast)
    assert cast.client("officer").get(f"/office/blocklists/versions/{version.pk}/file/").status_code == 302
    assert cast.program(cast.first).get(f"/api/lists/{kept_list.pk}/release").status_code == 404
    assert versions.places([kept_list], "bot-c2.xyz", cast.first) == []
    assert versions.places([kept_list], "bot-c2.xyz", cast.centre)


def test_programs_fetch_the_release_and_send_feedback(cast: Cast) -> None:
    version = list_samples.released(cast)
    client = cast.program(cast.first)
    (report,) = client.get("/api/lists").json()
    assert (report["version"], report["digest"], report["count"]) == (1, version.digest, 4)
    answer = client.get(f"/api/lists/{report['id']}/release")
    data = b"".join(answer.streaming_content)  # type: ignore[arg-type]
    assert data[:2] == b"PK"
    unchanged = client.get(f"/api/lists/{report['id']}/release", headers={"If-None-Match": answer["ETag"]})
    assert unchanged.status_code == 304
    (place,) = client.get("/api/lists/check", {"value": "www.bot-c2[.]xyz"}).json()
    assert (place["value"], place["document"], place["row"]) == ("bot-c2.xyz", "phu-luc.txt", 1)
    for count in (1, 2):
        body = json.dumps({"value": "bot-c2.xyz", "kind": "false"})
        sent = client.post("/api/lists/feedback", body, content_type="application/json")
        assert sent.json() == {"count": count}
    body = json.dumps({"value": "no value", "kind": "seen"})
    assert client.post("/api/lists/feedback", body, content_type="application/json").status_code == 400
    assert Client().get("/api/lists").status_code == 401
    assert cast.program(cast.other, "stranger").get("/api/lists").json() == []


def test_a_version_shows_the_hunts_that_used_it(cast: Cast) -> None:
    version = list_samples.released(cast)
    Bundle.objects.create(
        unit=cast.first, campaign=campaign(cast), way=Way.BROWSER, name="ra-soat.zip", path="x", size=1,
        sha256="0" * 64, list_digest=version.digest
    )  # fmt: skip
    page = cast.client("coordinator").get(f"/office/blocklists/versions/{version.pk}/").content.decode()
    assert "ra-soat.zip" in page


def test_a_release_is_exchanged_with_an_offline_portal(cast: Cast, tmp_path: Path) -> None:
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


def test_a_campaign_searches_for_a_version(cast: Cast) -> None:
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
