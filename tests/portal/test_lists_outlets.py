"""What firewalls, resolvers and platforms fetch: outlets with tokens, parts, tags and gzip; TAXII 2.1, asked by our own client over loopback."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from lamsach.indicators.reading import read_lists
from lamsach.indicators.taxii import Collection, Settings
from lamsach.indicators.writers import WRITERS
from lamsach.portal.api.access import issue
from lamsach.portal.lists import outlets
from lamsach.portal.lists.models import KeptList, Outlet, Tlp
from tests.indicators.writers.programs import ask, free_port, running
from tests.indicators.writers.test_resolvers import ANSWER, CASES

from . import listing
from .conftest import Cast

pytestmark = pytest.mark.django_db


def fetched(word: str, part: str = "", **headers: str) -> Any:
    return Client().get(f"/lists/{word}/{part}", headers=headers)


def lines(answer: Any) -> list[str]:
    return [line for line in answer.content.decode().splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("writer", [writer.name for writer in WRITERS])
def test_every_format_is_served(cast: Cast, writer: str) -> None:
    listing.released(cast)
    answer = fetched(listing.outlet(cast, writer)[1])
    assert answer.status_code == 200
    assert answer.content
    assert answer["X-Lamsach-Parts"] == "1"


def test_an_outlet_serves_addresses_and_says_of_which_list(cast: Cast) -> None:
    version = listing.released(cast)
    made, word = listing.outlet(cast)
    answer = fetched(word)
    assert lines(answer) == ["45.155.37.7"]
    assert version.digest in answer.content.decode()
    made.refresh_from_db()
    assert made.last_used is not None


def test_a_tag_spares_the_second_answer(cast: Cast) -> None:
    listing.released(cast)
    _, word = listing.outlet(cast)
    first = fetched(word)
    for headers in (
        {"If-None-Match": first["ETag"]},
        {"If-None-Match": f'"x", W/{first["ETag"]}'},
        {"If-Modified-Since": first["Last-Modified"]},
    ):
        again = fetched(word, **headers)
        assert (again.status_code, again.content) == (304, b"")
    assert fetched(word, **{"If-None-Match": '"another"'}).status_code == 200
    listing.add(cast, "45.155.37.8\n")
    listing.again(cast)
    new = fetched(word, **{"If-None-Match": first["ETag"]})
    assert new.status_code == 200
    assert lines(new) == ["45.155.37.7", "45.155.37.8"]


def test_gzip_for_those_who_take_it(cast: Cast) -> None:
    listing.released(cast)
    _, word = listing.outlet(cast)
    plain, packed = fetched(word), fetched(word, **{"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert packed["ETag"] != plain["ETag"]
    assert "Accept-Encoding" in packed["Vary"]


def test_long_lists_come_in_parts_that_hold_everything_once(cast: Cast) -> None:
    listing.add(cast, "".join(f"45.155.{number // 250}.{number % 250 + 1}\n" for number in range(0, 500, 2)))
    listing.again(cast)
    _, word = listing.outlet(cast, part=100)
    first = fetched(word)
    assert first["X-Lamsach-Parts"] == "3"
    found = [line for part in ("", "2/", "3/") for line in lines(fetched(word, part))]
    assert len(found) == len(set(found)) == 250
    assert fetched(word, "4/").status_code == 404
    assert fetched(word, "1/").content == first.content


def test_what_is_over_is_gone_from_the_next_answer(cast: Cast) -> None:
    kept = listing.kept(cast)
    KeptList.objects.filter(pk=kept.pk).update(days=1)
    listing.released(cast)
    made, _ = listing.outlet(cast)
    now = timezone.now()
    today, later = outlets.answer(made, 1, now), outlets.answer(made, 1, now + timedelta(days=2))
    assert today is not None
    assert later is not None
    assert b"45.155.37.7" in today.plain.read_bytes()
    assert b"45.155.37.7" not in later.plain.read_bytes()
    same = outlets.answer(made, 1, now + timedelta(hours=1))
    assert same == today, "nothing ended in between: the very same bytes"


def test_tlp_and_confidence_hold_at_the_outlet(cast: Cast) -> None:
    listing.add(
        cast,
        "indicator,confidence,tlp\n45.155.37.1,20,clear\n45.155.37.2,90,clear\n45.155.37.3,90,red\n",
        "a.csv",
    )
    listing.again(cast)
    _, word = listing.outlet(cast, confidence=50)
    assert lines(fetched(word)) == ["45.155.37.2"]


def test_a_closed_outlet_and_a_guessed_token_open_nothing(cast: Cast) -> None:
    listing.released(cast)
    made, word = listing.outlet(cast)
    cast.client("coordinator").post(f"/office/blocklists/outlets/{made.pk}/close/")
    assert fetched(word).status_code == 404
    statuses = {fetched("out_guess").status_code for _ in range(80)}
    assert statuses == {404, 429}


def test_an_outlet_without_a_version_has_nothing(cast: Cast) -> None:
    listing.document(cast)
    assert fetched(listing.outlet(cast)[1]).status_code == 404


def test_the_token_is_shown_once_and_not_kept(cast: Cast) -> None:
    kept = listing.released(cast).list
    said = {"name": "fw01", "writer": "rpz", "tlp": "amber", "confidence": "0", "part": "1000"}
    page = cast.client("coordinator").post(f"/office/blocklists/{kept.pk}/outlets/", said).content.decode()
    word = page.partition("/lists/out_")[2].partition("/")[0]
    assert word
    assert word not in Outlet.objects.get().digest
    assert fetched(f"out_{word}").status_code == 200
    bad = cast.client("coordinator").post(f"/office/blocklists/{kept.pk}/outlets/", {**said, "part": "1"})
    assert bad.status_code == 200
    assert Outlet.objects.count() == 1


ROOT = "/api/taxii2/"


def taxii(path: str, token: str, **query: str) -> Any:
    return Client().get(ROOT + path, query, headers={"Authorization": f"Bearer {token}"})


def test_taxii_discovery_collections_objects(cast: Cast) -> None:
    version = listing.released(cast)
    token = issue(cast.first, "x", cast.people["coordinator"])
    assert taxii("", token).json()["api_roots"][0].endswith("/api/taxii2/root/")
    answer = taxii("root/", token)
    assert answer["Content-Type"] == "application/taxii+json;version=2.1"
    (one,) = taxii("root/collections/", token).json()["collections"]
    assert (one["can_read"], one["can_write"]) == (True, False)
    path = f"root/collections/{one['id']}/"
    assert taxii(path, token).json() == one
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


def test_taxii_refuses_as_the_standard_says(cast: Cast) -> None:
    listing.released(cast)
    token = issue(cast.first, "x", cast.people["coordinator"])
    stranger = issue(cast.other, "x", cast.people["stranger"])
    (one,) = taxii("root/collections/", token).json()["collections"]
    path = f"root/collections/{one['id']}/objects/"
    assert Client().get(ROOT).status_code == 401
    assert taxii(path, "lamsach_wrong").status_code == 401
    assert taxii(path, stranger).status_code == 404
    assert taxii("root/collections/", stranger).json() == {}
    assert taxii(path, token, limit="0").status_code == 400
    assert taxii(path, token, added_after="yesterday").status_code == 400
    assert taxii(path, token, next="99.1").status_code == 404
    assert taxii(path + "indicator--00000000-0000-4000-8000-000000000000/", token).status_code == 404
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/taxii+json;version=2.0"}
    assert Client().get(ROOT, headers=headers).status_code == 406
    assert Client().post(ROOT, headers={"Authorization": f"Bearer {token}"}).status_code == 405
    basic = base64.b64encode(f"any:{token}".encode()).decode()
    assert Client().get(ROOT, headers={"Authorization": f"Basic {basic}"}).status_code == 200


def test_taxii_keeps_what_may_not_leave_the_unit(cast: Cast) -> None:
    kept = listing.kept(cast)
    KeptList.objects.filter(pk=kept.pk).update(tlp=Tlp.STRICT)
    listing.add(cast, listing.TEXT)
    listing.again(cast)
    for unit, count in ((cast.first, 0), (cast.centre, 4)):
        token = issue(unit, "x", cast.people["coordinator"])
        (one,) = taxii("root/collections/", token).json()["collections"]
        assert len(taxii(f"root/collections/{one['id']}/objects/", token).json().get("objects", [])) == count


@pytest.mark.django_db(transaction=True)
def test_our_own_client_reads_the_collection_page_by_page(
    live_server: Any, cast: Cast, tmp_path: Any
) -> None:
    listing.add(cast, "".join(f"bot-{number}.xyz\n" for number in range(25)))
    listing.again(cast)
    token = issue(cast.first, "x", cast.people["coordinator"])
    (one,) = taxii("root/collections/", token).json()["collections"]
    url = f"{live_server.url}/api/taxii2/root/collections/{one['id']}/"
    pages = list(Collection("taxii+" + url, Settings(token=f"Bearer {token}")).pages(None, None))
    assert sum(page.objects for page in pages) == 25
    for number, page in enumerate(pages):
        (tmp_path / f"{number}.json").write_bytes(page.data)
    found = read_lists([str(tmp_path)], lambda problem: None)
    assert {item.value for item in found.indicators} == {f"bot-{number}.xyz" for number in range(25)}


@pytest.mark.programs
@pytest.mark.parametrize("case", ["bind-rpz", "unbound-rpz", "unbound-local-zone", "dnsmasq"])
def test_the_resolver_answers_again_when_the_outlet_has_let_a_name_go(
    cast: Cast, tmp_path: Path, case: str
) -> None:
    listing.add(cast, "domain,valid until\nbot.test,\nold.test,2031-01-01\n", "a.csv")
    version = listing.again(cast)
    name, server = CASES[case]
    made, _ = listing.outlet(cast, name)
    tmp_path.chmod(0o755)
    found = {}
    for year in (2030, 2032):
        answer = outlets.answer(made, 1, datetime(year, 1, 1, tzinfo=UTC))
        assert answer is not None
        (tmp_path / f"lamsach{answer.suffix}").write_bytes(answer.plain.read_bytes())
        port = free_port()
        with running(server(tmp_path, port, name), port):
            found[year] = [ask(port, asked) for asked in ("www.bot.test", "old.test", "robot.test")]
    kept, gone = ("NXDOMAIN", []), ("NOERROR", [ANSWER])
    assert found == {2030: [kept, kept, gone], 2032: [kept, gone, gone]}
    assert version.number == 1, "without a new version"
