"""Review of a list: dangerous values, decisions and their revocation, the queue."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.indicators.review.decisions import Choice
from lamsach.portal.jobs.models import Job
from lamsach.portal.lists import decisions, releases
from lamsach.portal.lists.models import Decision, Doubt

from . import list_samples
from .conftest import Cast

pytestmark = pytest.mark.django_db
DANGEROUS = "8.8.8.8\nbot-c2.xyz\nmof.gov.vn\n45.155.37.7\n203.113.0.0/9\n"


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


def test_nothing_is_released_while_dangerous_values_wait(cast: Cast) -> None:
    kept_list = list_samples.add(cast, DANGEROUS).list
    with pytest.raises(InputError, match="Dangerous"):
        releases.request_release(kept_list, "x", cast.people["coordinator"])
    rows = list(Doubt.objects.filter(list=kept_list).values_list("type", "value"))
    until = timezone.localdate() + timedelta(days=30)
    decisions.decide(cast.people["coordinator"], kept_list, rows, Choice.EXCEPTION, "đã xem", until=until)
    releases.request_release(kept_list, "Bản đầu", cast.people["coordinator"])
    assert Job.objects.filter(name="lists.release").exists()
    assert list_samples.values(list_samples.next_version(cast)) == {"bot-c2.xyz", "45.155.37.7"}


def test_a_dangerous_value_needs_its_own_decision(cast: Cast) -> None:
    kept_list = list_samples.add(cast, "mof.gov.vn\ngoogle.com\nbot-c2.xyz\n").list
    pair = [("domain", "mof.gov.vn"), ("domain", "google.com")]
    with pytest.raises(InputError, match="one at a time"):
        decisions.decide(cast.people["coordinator"], kept_list, pair, Choice.ACCEPT, "nhầm")
    assert not Decision.objects.exists()
    version = list_samples.next_version(cast)
    assert (list_samples.values(version), version.left_out) == ({"bot-c2.xyz"}, 2)
    decisions.decide(cast.people["coordinator"], kept_list, pair[:1], Choice.ACCEPT, "chỉ thị 12")
    version = list_samples.next_version(cast)
    assert (list_samples.values(version), version.left_out) == ({"bot-c2.xyz", "mof.gov.vn"}, 1)
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
    assert (list_samples.values(version), version.left_out) == ({"bot-c2.xyz"}, 2)
    waiting = Doubt.objects.filter(list=kept_list, decided=None, dangerous=True)
    assert {(row.value, row.kinds[0]) for row in waiting} == {
        ("google.com", "top_site"),
        ("8.8.8.8", "public_resolver"),
    }


def test_the_own_network_needs_a_decision(cast: Cast) -> None:
    list_samples.kept_list(cast, own="45.155.0.0/16\ndonvi.example")
    list_samples.add(cast, list_samples.TEXT)
    assert "45.155.37.7" not in list_samples.values(list_samples.next_version(cast))


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
    assert list_samples.values(list_samples.next_version(cast)) == {
        "bot-c2.xyz",
        "https://drive.google.com/file/1",
    }


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
