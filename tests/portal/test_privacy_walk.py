"""Personal data on every page, export and API answer: none above the unit, none unaudited inside it."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from lamsach.portal.api import access as api_access
from lamsach.portal.audit.models import Entry
from lamsach.portal.awareness import letters
from lamsach.portal.base import links
from lamsach.portal.base.uploads import store
from lamsach.portal.cases.models import Case, Note
from lamsach.portal.fleet.scans import Summary, store_summary
from lamsach.portal.sources.models import Collector, LiveSighting
from lamsach.portal.support import desk

from . import samples
from .address_samples import sample
from .conftest import Cast
from .test_access_walk import DOORS, MEMBER, addresses, filled, get_resolver
from .walk import in_parts, settled, stop, visitors

ABOVE = ("authority", "coordinator")
SECRETS = (
    "PC-01",
    "pc-01",
    "10.1.2.3",
    "02:00:00:00:00:01",
    "Bùi Thị Kín",
    "kin@person.example",
    "Lời ghi kín",
)
"""Name of the samples' machine, and the additions to its case here."""
PERSONAL = (
    *SECRETS,
    "@person.example",  # users, invited and notified people, askers
    "Trần Văn Thử",
    "Người hỏi",
    "Máy chậm",
    "Tôi cần giúp",
    "a@b.example",
    "PC-77",
    "PC-99",
)
"""Further personal data: the samples' colleague, asker and sender, and machines of other sources."""
OWN = {"accounts/me/"}
"""Pages that show the user's own data only."""
READABLE = [path for path in MEMBER if (door := DOORS[path]) is not None and "GET" in door.methods]
API = [path for path, _ in addresses(get_resolver().url_patterns) if path.startswith("api/")]


def planted(cast: Cast) -> Case:
    """Add a person and a note to the samples' case."""
    case: Case = samples.case(cast)
    Case.objects.filter(pk=case.pk).update(person_name="Bùi Thị Kín", person_email="kin@person.example")
    Note.objects.create(case=case, who="Bùi Thị Kín", text="Lời ghi kín của Bùi Thị Kín, máy 10.1.2.3")
    fleet = Summary("PC-01", ("02:00:00:00:00:01",), timezone.now(), "quick", malicious=1, left=1)
    store_summary(case.campaign, case.unit, fleet)
    return case


def peopled(cast: Cast) -> None:
    """Add notified and invited people, askers and senders, and machines of other sources."""
    samples.notice(cast)
    samples.question(cast)
    for name in ("incoming_id", "invitation_id", "granted_id"):
        sample(name, cast)
    collector = Collector.objects.create(unit=cast.first, name="gw", reported=timezone.now())
    LiveSighting.objects.create(
        unit=cast.first,
        collector=collector,
        key="1",
        seen=timezone.now(),
        indicator="bot-c2.xyz",
        name="PC-77",
    )


def shown(response: Any) -> str:
    """Extract the text of an answer, also of archives and PDF."""
    body = b"".join(response) if response.streaming else response.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    if body.startswith(b"%PDF") and len(body) > 1000:  # shorter ones are placeholders of the samples
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    return str(body.decode("utf-8", "replace"))


def queries(path: str) -> tuple[str, ...]:
    """Return the query strings to request: each format of an export."""
    return ("?show=all", "?as=json&show=all", "?as=stix&show=all") if "export" in path else ("?show=all",)


def leaked(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def test_the_officer_sees_the_secrets(cast: Cast) -> None:
    case = planted(cast)
    text = shown(cast.client("officer").get(f"/office/cases/{case.pk}/"))
    assert len(leaked(text)) >= 6


@pytest.mark.django_db
@in_parts
def test_units_above_see_no_name_and_each_view_is_audited(part: slice, cast: Cast) -> None:
    settled(cast)
    planted(cast)
    visitor = visitors(cast, (*ABOVE, "officer"))
    for path in READABLE[part]:
        with stop(path):
            address = filled(path, cast)
            peopled(cast)
            for query in queries(path):
                for role in (*ABOVE, "officer"):
                    before = Entry.objects.count()
                    text = shown(visitor(role).get(address + query))
                    assert role == "officer" or leaked(text) == [], (role, query)
                    if path not in OWN and (told := [one for one in PERSONAL if one in text]):
                        assert Entry.objects.count() > before, (role, query, told)


def test_long_views_and_searches_are_audited(cast: Cast) -> None:
    """A table that refreshes every three seconds is audited at intervals, and for each search."""
    peopled(cast)
    client = cast.client("officer")

    def look(query: str) -> int:
        before = Entry.objects.filter(action="live.viewed").count()
        answer = client.get(f"/office/sources/live/{query}", headers={"HX-Request": "true"})
        assert "PC-77" in answer.content.decode()
        return Entry.objects.filter(action="live.viewed").count() - before

    assert [look(query) for query in ("", "", "?q=PC-77", "?q=PC-77")] == [1, 0, 1, 0]
    assert Entry.objects.filter(action="live.viewed").first().details == {"search": "PC-77"}  # type: ignore[union-attr]
    cache.clear()
    assert look("") == 1


def test_a_page_that_is_opened_by_its_link_is_in_the_trail(cast: Cast) -> None:
    """The client address is recorded, since links may be passed on."""
    asked = samples.question(cast)
    desk.attach(asked, [store(SimpleUploadedFile("anh.pdf", b"%PDF-1.7"))])
    link = urlsplit(desk.address_of(asked)).path
    pages = {
        link: "question.viewed",
        f"{link}files/{asked.files.get().pk}/": "question.file",
        reverse(
            "awareness:notice", args=[links.sign(letters.PURPOSE, samples.notice(cast).nonce)]
        ): "person.data_viewed",
        reverse(
            "awareness:own_data", args=[links.sign(letters.PURPOSE, samples.notice(cast).nonce)]
        ): "person.data_exported",
    }
    for path, action in pages.items():
        assert Client().get(path, REMOTE_ADDR="192.0.2.7").status_code == 200, path
        noted = Entry.objects.filter(action=action).latest("pk")
        assert (noted.address, noted.user, noted.unit_id, noted.details["link"]) == (
            "192.0.2.7",
            None,
            cast.first.pk,
            True,
        )


@pytest.mark.parametrize("query", ["PC-01", "10.1.2.3"])
def test_a_search_that_shows_names_is_audited(query: str, cast: Cast) -> None:
    planted(cast)
    client = cast.client("officer")
    for ask, path in (
        (client.get, "/office/cases/"),
        (client.get, "/office/cases/export/"),
        (client.post, "/office/privacy/person/"),
        (client.post, "/office/privacy/person/export/"),
    ):
        before = Entry.objects.count()
        ask(path, {"q": query, "show": "all"})
        assert Entry.objects.count() > before, path


@pytest.mark.django_db
@pytest.mark.parametrize("path", API)
def test_the_interface_names_only_to_the_units_own_people(path: str, cast: Cast) -> None:
    case = planted(cast)
    wanted = path.replace("<campaign_id>", str(case.campaign_id)).replace("<case_id>", str(case.pk))
    by = {
        name: api_access.issue(unit, name, cast.people[name])
        for name, unit in (("coordinator", cast.centre), ("authority", cast.first), ("officer", cast.first))
    }
    for name, word in by.items():
        before = Entry.objects.count()
        response = Client().get("/" + wanted, headers={"authorization": f"Bearer {word}"})
        found = leaked(shown(response))
        if name == "officer":
            assert not found or Entry.objects.count() > before
        else:
            assert found == [], name
