"""Outlets for firewalls and resolvers: tokens, parts, tags and gzip."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from lamsach.indicators.writers import BY_NAME, WRITERS
from lamsach.portal.lists import outlets
from lamsach.portal.lists.models import KeptList, Outlet, Tlp
from tests.indicators.writers.programs import ask, running
from tests.indicators.writers.test_resolvers import ANSWER, CASES
from tests.ports import free_port

from . import list_samples
from .confirmation import confirmed
from .conftest import Cast

pytestmark = pytest.mark.django_db


def fetched(token: str, part: str = "", **headers: str) -> Any:
    return Client().get(f"/lists/{token}/{part}", headers=headers)


def body(answer: Any) -> bytes:
    """Read the bytes of an answer."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def lines(answer: Any) -> list[str]:
    return [line for line in body(answer).decode().splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("writer", [writer.name for writer in WRITERS])
def test_every_format_is_served(cast: Cast, writer: str) -> None:
    list_samples.released(cast)
    answer = fetched(list_samples.outlet(cast, writer)[1])
    assert answer.status_code == 200
    assert body(answer)
    assert answer["X-Lamsach-Parts"] == "1"


def test_an_outlet_serves_addresses_and_names_the_list(cast: Cast) -> None:
    version = list_samples.released(cast)
    made, token = list_samples.outlet(cast)
    stamp, *values = body(fetched(token)).decode().splitlines()
    assert values == ["45.155.37.7"]
    assert version.digest in stamp
    made.refresh_from_db()
    assert made.last_used is not None


def test_a_matching_tag_saves_the_second_answer(cast: Cast) -> None:
    list_samples.released(cast)
    _, token = list_samples.outlet(cast)
    first = fetched(token)
    for headers in (
        {"If-None-Match": first["ETag"]},
        {"If-None-Match": f'"x", W/{first["ETag"]}'},
        {"If-Modified-Since": first["Last-Modified"]},
    ):
        repeated = fetched(token, **headers)
        assert (repeated.status_code, body(repeated)) == (304, b"")
    assert fetched(token, **{"If-None-Match": '"another"'}).status_code == 200
    list_samples.add(cast, "45.155.37.8\n")
    list_samples.next_version(cast)
    new = fetched(token, **{"If-None-Match": first["ETag"]})
    assert new.status_code == 200
    assert lines(new) == ["45.155.37.7", "45.155.37.8"]


def test_gzip_is_served_if_accepted(cast: Cast) -> None:
    list_samples.released(cast)
    _, token = list_samples.outlet(cast)
    plain, packed = fetched(token), fetched(token, **{"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(body(packed)) == body(plain)
    assert packed["ETag"] != plain["ETag"]
    assert "Accept-Encoding" in packed["Vary"]


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [("gzip;q=0", False), ("identity, gzip;q=0.0", False), ("x-gzipped", False), ("br, GZIP;q=0.5", True),
     ("", False)],
)  # fmt: skip
def test_refused_gzip_is_not_served(cast: Cast, accepted: str, packed: bool) -> None:
    list_samples.released(cast)
    _, token = list_samples.outlet(cast)
    assert fetched(token, **{"Accept-Encoding": accepted}).has_header("Content-Encoding") is packed


def test_parts_of_a_long_list_have_every_value_once(cast: Cast) -> None:
    list_samples.add(
        cast, "".join(f"45.155.{number // 250}.{number % 250 + 1}\n" for number in range(0, 500, 2))
    )
    list_samples.next_version(cast)
    _, token = list_samples.outlet(cast, part=100)
    first = fetched(token)
    assert first["X-Lamsach-Parts"] == "3"
    found = [line for part in ("1/", "2/", "3/") for line in lines(fetched(token, part))]
    assert len(found) == len(set(found)) == 250
    assert fetched(token, "4/").status_code == 404
    assert body(fetched(token, "1/")) == body(first)


def test_a_value_of_two_lines_counts_as_two_lines(cast: Cast) -> None:
    list_samples.add(cast, "".join(f"bot-{number}.xyz\n" for number in range(120)))
    list_samples.next_version(cast)
    _, token = list_samples.outlet(cast, "fortigate_domain", part=100)
    parts = [lines(fetched(token, part)) for part in ("1/", "2/", "3/")]
    assert [len(part) for part in parts] == [100, 100, 40]
    assert fetched(token)["X-Lamsach-Parts"] == "3"


def test_a_part_is_within_the_firewalls_limit(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BY_NAME, "fortigate_url", replace(BY_NAME["fortigate_url"], part_bytes=1000))
    list_samples.add(cast, "".join(f"https://bot-{number}.xyz/{'a' * 80}\n" for number in range(30)))
    list_samples.next_version(cast)
    _, token = list_samples.outlet(cast, "fortigate_url", part=1000)
    count = int(fetched(token)["X-Lamsach-Parts"])
    parts = [body(fetched(token, f"{number}/")) for number in range(1, count + 1)]
    assert count > 2
    assert all(len(part.partition(b"\n")[2]) <= 1000 for part in parts)
    assert sum(part.count(b"/aaa") for part in parts) == 30


def test_a_red_list_is_not_served_below(cast: Cast) -> None:
    version = list_samples.released(cast)
    KeptList.objects.filter(pk=version.list_id).update(tlp=Tlp.RED)
    list_samples.add(cast, "45.155.37.9\n")
    list_samples.next_version(cast)
    _, token = list_samples.outlet(cast, tlp=Tlp.AMBER)
    assert lines(fetched(token)) == []


def test_expired_values_are_not_served(cast: Cast) -> None:
    list_samples.kept_list(cast, days=1)
    list_samples.released(cast)
    made, _ = list_samples.outlet(cast)
    now = timezone.now()
    today, later = outlets.answer_of(made, 1, now), outlets.answer_of(made, 1, now + timedelta(days=2))
    assert today is not None
    assert later is not None
    assert b"45.155.37.7" in today.plain.read_bytes()
    assert b"45.155.37.7" not in later.plain.read_bytes()
    same = outlets.answer_of(made, 1, now + timedelta(hours=1))
    assert same == today, "nothing ended in between: the very same bytes"


def test_an_outlet_applies_tlp_and_confidence(cast: Cast) -> None:
    list_samples.add(
        cast,
        "indicator,confidence,tlp\n45.155.37.1,20,clear\n45.155.37.2,90,clear\n45.155.37.3,90,red\n",
        "a.csv",
    )
    list_samples.next_version(cast)
    _, token = list_samples.outlet(cast, confidence=50)
    assert lines(fetched(token)) == ["45.155.37.2"]


def test_closed_outlets_and_guessed_tokens_serve_nothing(cast: Cast) -> None:
    list_samples.released(cast)
    made, token = list_samples.outlet(cast)
    confirmed(cast.client("coordinator"), f"/office/blocklists/outlets/{made.pk}/close/")
    assert fetched(token).status_code == 404
    statuses = {fetched("out_guess").status_code for _ in range(80)}
    assert statuses == {404, 429}


def test_an_outlet_without_a_version_serves_nothing(cast: Cast) -> None:
    list_samples.document(cast)
    assert fetched(list_samples.outlet(cast)[1]).status_code == 404


def test_the_token_is_shown_once_and_not_stored(cast: Cast) -> None:
    kept_list = list_samples.released(cast).list
    data = {"name": "fw01", "writer": "rpz", "tlp": "amber", "confidence": "0", "part": "1000"}
    page = (
        cast.client("coordinator").post(f"/office/blocklists/{kept_list.pk}/outlets/", data).content.decode()
    )
    token = page.partition("/lists/out_")[2].partition("/")[0]
    assert token
    assert token not in Outlet.objects.get().digest
    assert fetched(f"out_{token}").status_code == 200
    bad = cast.client("coordinator").post(
        f"/office/blocklists/{kept_list.pk}/outlets/", {**data, "part": "1"}
    )
    assert bad.status_code == 200
    assert Outlet.objects.count() == 1


@pytest.mark.programs
@pytest.mark.parametrize("case", ["bind-rpz", "unbound-rpz", "unbound-local-zone", "dnsmasq"])
def test_a_resolver_answers_again_for_removed_names(cast: Cast, tmp_path: Path, case: str) -> None:
    list_samples.add(cast, "domain,valid until\nbot.test,\nold.test,2031-01-01\n", "a.csv")
    version = list_samples.next_version(cast)
    name, server = CASES[case]
    made, _ = list_samples.outlet(cast, name)
    tmp_path.chmod(0o755)
    found = {}
    for year in (2030, 2032):
        answer = outlets.answer_of(made, 1, datetime(year, 1, 1, tzinfo=UTC))
        assert answer is not None
        (tmp_path / f"lamsach{answer.suffix}").write_bytes(answer.plain.read_bytes())
        port = free_port()
        with running(server(tmp_path, port, name), port):
            found[year] = [ask(port, asked) for asked in ("www.bot.test", "old.test", "robot.test")]
    kept_list, removed = ("NXDOMAIN", []), ("NOERROR", [ANSWER])
    assert found == {2030: [kept_list, kept_list, removed], 2032: [kept_list, removed, removed]}
    assert version.number == 1, "without a new version"
