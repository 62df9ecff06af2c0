"""The portal's TAXII 2.1 server: resources, filters, pages and refusals; and our own client on loopback."""

from __future__ import annotations

import base64
import shutil
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from lamsach.indicators.lists import read_lists
from lamsach.indicators.servers.taxii import Collection, Settings
from lamsach.portal.api.access import issue
from lamsach.portal.lists import taxii_objects
from lamsach.portal.lists.models import Document, Tlp, Version

from . import list_samples
from .conftest import Cast

pytestmark = pytest.mark.django_db

ROOT = "/api/taxii2/"


def taxii(path: str, token: str, **query: str) -> Any:
    return Client().get(ROOT + path, query, headers={"Authorization": f"Bearer {token}"})


def test_taxii_discovery_collections_objects(cast: Cast) -> None:
    version = list_samples.released(cast)
    token = issue(cast.first, "x", cast.people["coordinator"])
    assert taxii("", token).json()["api_roots"][0].endswith("/api/taxii2/root/")
    answer = taxii("root/", token)
    assert answer["Content-Type"] == "application/taxii+json;version=2.1"
    (collection_,) = taxii("root/collections/", token).json()["collections"]
    assert (collection_["can_read"], collection_["can_write"]) == (True, False)
    path = f"root/collections/{collection_['id']}/"
    assert taxii(path, token).json() == collection_
    found = taxii(path + "objects/", token)
    assert len(found.json()["objects"]) == version.count
    assert "more" not in found.json()
    assert taxii(path + "objects/", token, added_after=found["X-TAXII-Date-Added-Last"]).json() == {}
    first = found.json()["objects"][0]
    assert taxii(path + f"objects/{first['id']}/", token).json()["objects"] == [first]
    assert taxii(path + f"objects/{first['id']}/versions/", token).json() == {"versions": [first["modified"]]}
    assert taxii(path + "objects/", token, **{"match[id]": first["id"]}).json()["objects"] == [first]
    assert taxii(path + "objects/", token, **{"match[type]": "malware"}).json() == {}
    assert len(taxii(path + "manifest/", token, limit="2").json()["objects"]) == 2


def test_taxii_refuses_by_the_standard(cast: Cast) -> None:
    list_samples.released(cast)
    token = issue(cast.first, "x", cast.people["coordinator"])
    stranger = issue(cast.other, "x", cast.people["stranger"])
    (collection_,) = taxii("root/collections/", token).json()["collections"]
    path = f"root/collections/{collection_['id']}/objects/"
    assert Client().get(ROOT).status_code == 401
    assert taxii(path, "lamsach_wrong").status_code == 401
    assert taxii(path, stranger).status_code == 404
    assert taxii("root/collections/", stranger).json() == {}
    assert taxii(path, token, limit="0").status_code == 400
    assert taxii(path, token, added_after="yesterday").status_code == 400
    for number in ("99.1", "a.b.c", "9" * 5000, "1.2.3.4"):
        assert taxii(path, token, next=number).status_code == 400
    for limit in ("9" * 5000, "٣", "-1", "1.5", "x"):
        assert taxii(path, token, limit=limit).status_code == 400
    assert taxii(path, token, added_after="0001-01-01T00:00:00+23:59").status_code == 400
    assert taxii(path + "indicator--00000000-0000-4000-8000-000000000000/", token).status_code == 404
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/taxii+json;version=2.0"}
    assert Client().get(ROOT, headers=headers).status_code == 406
    strict = Client(enforce_csrf_checks=True)
    refused = strict.post(ROOT, headers={"Authorization": f"Bearer {token}"})
    assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD")
    for ask in (strict.post, strict.delete):
        refused = ask(ROOT + path, headers={"Authorization": f"Bearer {token}"})
        assert (refused.status_code, refused.json()["http_status"]) == (403, "403")
    for unknown in ("root/status/1/", "root/collections/x/", "other/"):
        found = taxii(unknown, token)
        assert (found.status_code, found["Content-Type"]) == (404, "application/taxii+json;version=2.1")
    basic = base64.b64encode(f"any:{token}".encode()).decode()
    assert Client().get(ROOT, headers={"Authorization": f"Basic {basic}"}).status_code == 200


def test_taxii_omits_values_restricted_to_the_unit(cast: Cast) -> None:
    list_samples.kept_list(cast, tlp=Tlp.STRICT)
    list_samples.add(cast, list_samples.TEXT)
    list_samples.next_version(cast)
    for unit, count in ((cast.first, 0), (cast.centre, 4)):
        token = issue(unit, "x", cast.people["coordinator"])
        (collection_,) = taxii("root/collections/", token).json()["collections"]
        assert (
            len(taxii(f"root/collections/{collection_['id']}/objects/", token).json().get("objects", []))
            == count
        )


@pytest.mark.django_db(transaction=True)
def test_our_own_client_reads_the_collection_page_by_page(
    live_server: Any, cast: Cast, tmp_path: Any
) -> None:
    list_samples.add(cast, "".join(f"bot-{number}.xyz\n" for number in range(25)))
    list_samples.next_version(cast)
    token = issue(cast.first, "x", cast.people["coordinator"])
    (collection_,) = taxii("root/collections/", token).json()["collections"]
    url = f"{live_server.url}/api/taxii2/root/collections/{collection_['id']}/"
    pages = list(Collection("taxii+" + url, Settings(token=f"Bearer {token}")).pages(None, None))
    assert sum(len(page.records) for page in pages) == 25
    for number, page in enumerate(pages):
        (tmp_path / f"{number}.json").write_bytes(page.data)
    found = read_lists([str(tmp_path)], lambda problem: None)
    assert {item.value for item in found.indicators} == {f"bot-{number}.xyz" for number in range(25)}


@pytest.mark.parametrize(
    ("accepted", "status"),
    [
        ("application/taxii+json;version=2.1", 200), ("application/taxii+json; version=2.1", 200),
        ("application/taxii+json", 200), ("*/*", 200), ("text/html, application/*;q=0.5", 200),
        ("application/taxii+json;version=2.10", 406), ("application/taxii+json;version=2.0", 406),
        ("application/vnd.oasis.stix+json", 406), ("text/html", 406),
        ("application/taxii+json;version=2.0, application/taxii+json;version=2.1", 200),
        ("application/taxii+json;version=2.1;q=0", 406), ("application/taxii+jsonp", 406), (";;;,=", 406),
    ],
)  # fmt: skip
def test_the_media_type_is_negotiated(cast: Cast, accepted: str, status: int) -> None:
    token = issue(cast.first, "x", cast.people["coordinator"])
    answer = Client().get(ROOT, headers={"Authorization": f"Bearer {token}", "Accept": accepted})
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/taxii+json;version=2.1")


def collection(cast: Cast, token: str) -> str:
    (collection_,) = taxii("root/collections/", token).json()["collections"]
    return f"root/collections/{collection_['id']}/"


def later(cast: Cast, text: str) -> Version:
    """Release a version a day later."""
    list_samples.add(cast, text)
    made = list_samples.next_version(cast)
    assert made.number > 1
    return made


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Release each version a day after the one before."""
    clock = [timezone.now()]

    def now() -> datetime:
        clock[0] += timedelta(days=1)
        return clock[0]

    monkeypatch.setattr("lamsach.portal.lists.releases.timezone", SimpleNamespace(now=now))
    return clock


def test_unchanged_objects_retain_their_time(cast: Cast, days: Any, settings: Any, tmp_path: Any) -> None:
    settings.DATA = tmp_path
    list_samples.released(cast)
    token = issue(cast.first, "x", cast.people["coordinator"])
    path = collection(cast, token)
    before = taxii(path + "objects/", token)
    later(cast, "new-bot.xyz\n")
    after = taxii(path + "objects/", token)
    assert after.json()["objects"][:-1] == before.json()["objects"]
    assert after["X-TAXII-Date-Added-First"] == before["X-TAXII-Date-Added-First"]
    assert after["X-TAXII-Date-Added-Last"] > before["X-TAXII-Date-Added-Last"]
    new = taxii(path + "objects/", token, added_after=before["X-TAXII-Date-Added-Last"]).json()["objects"]
    assert [record["pattern"] for record in new] == ["[domain-name:value = 'new-bot.xyz']"]
    listed = taxii(path + "manifest/", token).json()["objects"]
    assert [record["date_added"] for record in listed] == sorted(record["date_added"] for record in listed)
    assert taxii(path + "objects/", token, **{"match[version]": "first"}).json() == after.json()
    only = taxii(path + "objects/", token, **{"match[version]": new[0]["modified"]}).json()["objects"]
    assert only == new


def test_removed_values_are_revoked(cast: Cast, days: Any, settings: Any, tmp_path: Any) -> None:
    settings.DATA = tmp_path
    list_samples.released(cast)
    token = issue(cast.first, "x", cast.people["coordinator"])
    path = collection(cast, token)
    first = taxii(path + "objects/", token)
    later(cast, "new-bot.xyz\n")
    Document.objects.filter(list=list_samples.kept_list(cast)).order_by("pk").first().delete()  # type: ignore[union-attr]
    list_samples.next_version(cast)
    found = taxii(path + "objects/", token, added_after=first["X-TAXII-Date-Added-Last"]).json()["objects"]
    revoked = [record for record in found if record.get("revoked")]
    assert {record["id"] for record in revoked} == {record["id"] for record in first.json()["objects"]}
    assert all(record["modified"] > record["created"] for record in revoked)
    later(cast, list_samples.TEXT)
    restored = taxii(path + "objects/", token).json()["objects"]
    assert len(restored) == 5
    assert not [record for record in restored if record.get("revoked")]


def test_paging_continues_across_versions(cast: Cast, days: Any, settings: Any, tmp_path: Any) -> None:
    settings.DATA = tmp_path
    list_samples.add(cast, "".join(f"bot-{number}.xyz\n" for number in range(10)))
    list_samples.next_version(cast)
    token = issue(cast.first, "x", cast.people["coordinator"])
    path = collection(cast, token) + "objects/"
    page = taxii(path, token, limit="4").json()
    later(cast, "a-bot.xyz\n")
    names = {record["pattern"] for record in page["objects"]}
    while page.get("more"):
        page = taxii(path, token, limit="4", next=page["next"]).json()
        names |= {record["pattern"] for record in page["objects"]}
    assert len(names) == 11, "nothing was missed"


def test_missing_objects_are_made_again(cast: Cast, days: Any, settings: Any, tmp_path: Any) -> None:
    settings.DATA = tmp_path
    list_samples.released(cast)
    made = later(cast, "new-bot.xyz\n")
    before = [objects_.record for objects_ in taxii_objects.of(made).by_value()]
    shutil.rmtree(tmp_path / "collections")
    assert [objects_.record for objects_ in taxii_objects.of(made).by_value()] == before
    assert len(list((tmp_path / "collections" / str(made.list_id)).iterdir())) == 2
