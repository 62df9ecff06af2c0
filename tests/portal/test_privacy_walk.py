"""Every page, export and answer of the interface: above the unit none names a machine or person, and inside it none does without a line in the audit trail."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from lamsach.portal.api import access as api_access
from lamsach.portal.audit.models import Entry
from lamsach.portal.cases.models import Case, Note
from lamsach.portal.fleet.taking import Summary, take

from . import samples
from .conftest import Cast
from .test_access_walk import DOORS, MEMBER, addresses, filled, get_resolver

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
"""What the samples' machine is called, and what is added to its case here."""
READABLE = [path for path in MEMBER if (door := DOORS[path]) is not None and "GET" in door.methods]
API = [path for path, _ in addresses(get_resolver().url_patterns) if path.startswith("api/")]


def planted(cast: Cast) -> Case:
    """The samples' case, with a person and a note."""
    case: Case = samples.case(cast)
    Case.objects.filter(pk=case.pk).update(person_name="Bùi Thị Kín", person_email="kin@person.example")
    Note.objects.create(case=case, who="Bùi Thị Kín", text="Lời ghi kín của Bùi Thị Kín, máy 10.1.2.3")
    fleet = Summary("PC-01", ("02:00:00:00:00:01",), timezone.now(), "quick", malicious=1, left=1)
    take(case.campaign, case.unit, fleet)
    return case


def shown(response: Any) -> str:
    """The whole answer as text, what is packed or set in it too."""
    body = b"".join(response) if response.streaming else response.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    if body.startswith(b"%PDF") and len(body) > 1000:  # shorter ones are stand-ins of the samples
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    return str(body.decode("utf-8", "replace"))


def queries(path: str) -> tuple[str, ...]:
    """What is asked of an address: exports in each of their kinds."""
    return ("?show=all", "?as=json&show=all", "?as=stix&show=all") if "export" in path else ("?show=all",)


def leaked(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def test_the_officer_sees_the_secrets(cast: Cast) -> None:
    case = planted(cast)
    text = shown(cast.client("officer").get(f"/office/cases/{case.pk}/"))
    assert len(leaked(text)) >= 6


@pytest.mark.django_db
@pytest.mark.parametrize("path", READABLE)
def test_nobody_above_sees_a_name_and_each_view_is_in_the_trail(path: str, cast: Cast) -> None:
    planted(cast)
    address, client = filled(path, cast), cast.client("officer")
    for query in queries(path):
        for role in ABOVE:
            assert leaked(shown(cast.client(role).get(address + query))) == [], (role, query)
        before = Entry.objects.count()
        if leaked(shown(client.get(address + query))):
            assert Entry.objects.count() > before, query


@pytest.mark.parametrize("query", ["PC-01", "10.1.2.3"])
def test_a_search_that_names_somebody_is_in_the_trail(query: str, cast: Cast) -> None:
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
