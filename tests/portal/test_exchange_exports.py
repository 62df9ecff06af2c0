"""Exports and the REST interface: columns, formulas, valid STIX, names only where allowed."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client

from lamsach.portal.api import access as api_access
from lamsach.portal.audit.models import Entry
from lamsach.portal.cases.models import Case
from lamsach.portal.exchange import rows

from . import samples
from .bundles import EVIL, Contact, day, device, findings, hand_in
from .conftest import Cast

PC = "mac:02:00:00:00:00:01"
OTHER = "mac:02:00:00:00:00:02"


@pytest.fixture
def campaign(cast: Cast) -> Any:
    found = samples.dispatch(cast).campaign
    contact = device(PC, name="=cmd|' /C calc'!A0", user="+thu")
    two = device(OTHER, name="PC-02", ip="2001:db8::7")
    contacts = [
        Contact(PC, {day(-3): 4, day(-2): 1}),
        Contact(PC, {day(-2): 2}, indicator="198.51.100.7", blocked=2),
        Contact(OTHER, {day(-1): 1}),
    ]
    hand_in(cast, found, findings([contact, two], contacts))
    return found


def table(response: Any) -> list[dict[str, str]]:
    text = b"".join(response).decode("utf-8-sig")
    return sorted(csv.DictReader(io.StringIO(text)), key=lambda row: row.get("Machine", ""))


def objects(response: Any) -> Any:
    return json.loads(b"".join(response))


def by_name(rows: Any) -> Any:
    """Sort cases by machine name, since the order of opening depends on the database."""
    return sorted(rows, key=lambda row: (row["machine"], row.get("indicator", "")))


def test_cases_as_csv_and_json(cast: Cast, campaign: Any) -> None:
    client = cast.client("officer")
    read = table(client.get("/office/cases/export/?show=all"))
    assert [row["Machine"] for row in read] == ["'=cmd|' /C calc'!A0", "PC-02"]
    assert [row["State"] for row in read] == ["New", "New"]
    assert (read[0]["Contacts"], read[0]["User"]) == ("7", "'+thu")
    data = by_name(objects(client.get("/office/cases/export/?show=all&as=json")))
    assert [(one["machine"], one["state"], one["severity"], one["events"]) for one in data] == [
        ("=cmd|' /C calc'!A0", "new", "high", 7),
        ("PC-02", "new", "medium", 1),
    ]
    entries = Entry.objects.filter(action="cases.exported").order_by("pk")
    assert [entry.details["kind"] for entry in entries] == ["csv", "json"]


def test_search_words_are_not_audited(cast: Cast, campaign: Any) -> None:
    cast.client("officer").get("/office/cases/export/?q=PC-02")
    details = Entry.objects.get(action="cases.exported").details
    assert details["searched"] is True
    assert "PC-02" not in str(details)


def test_sightings_as_csv_and_json(cast: Cast, campaign: Any) -> None:
    client = cast.client("officer")
    data = by_name(objects(client.get("/office/cases/sightings/export/?as=json")))
    assert [
        (one["indicator"], one["role"], one["events"], one["not_blocked"], one["days"]) for one in data
    ] == [
        ("198.51.100.7", "outbound", 2, 0, 1),
        (EVIL, "outbound", 5, 5, 2),
        (EVIL, "outbound", 1, 1, 1),
    ]
    read = table(client.get("/office/cases/sightings/export/"))
    assert [row["Direction"] for row in read] == ["outwards"] * 3
    assert read[1]["First day"] == day(-3).isoformat()


def test_a_parent_gets_no_names(cast: Cast, campaign: Any) -> None:
    client = cast.client("coordinator")
    for address in (
        "/office/cases/export/",
        "/office/cases/export/?as=json",
        "/office/cases/sightings/export/",
        "/office/cases/sightings/export/?as=json",
        "/office/cases/sightings/export/?as=stix",
    ):
        text = b"".join(client.get(address)).decode()
        for secret in ("cmd|", "PC-02", "2001:db8", "02:00:00", "thu"):
            assert secret not in text, address
        assert Case.objects.earliest("pk").number in text
    assert b"".join(cast.client("stranger").get("/office/cases/export/?as=json")).split() == [b"[", b"]"]


def test_exports_are_in_the_users_language(cast: Cast, campaign: Any) -> None:
    cast.people["officer"].language = "vi"
    cast.people["officer"].save()
    read = table(cast.client("officer").get("/office/cases/export/"))
    assert read[0]["Trạng thái"] == "Mới"


def complaints(bundle: Any) -> list[str]:
    """List the OASIS validator's errors and warnings, or nothing without the validator.

    Ignores the warning that identifiers should be random (103): ours depend on the content, so that the same
    sighting exported twice is one object.
    """
    try:
        from stix2validator import ValidationOptions, validate_instance
    except ImportError:
        return []
    found = validate_instance(bundle, ValidationOptions(version="2.1", strict=False))
    return [str(finding) for finding in (*found.errors, *found.warnings) if "{103}" not in str(finding)]


@pytest.mark.parametrize("role", ["officer", "coordinator"])
def test_stix_is_valid(role: str, cast: Cast, campaign: Any) -> None:
    import stix2

    bundle = objects(cast.client(role).get("/office/cases/sightings/export/?as=stix"))
    read = stix2.parse(bundle, allow_custom=False, version="2.1")  # raises for anything unknown to STIX 2.1
    assert len(read.objects) == len(bundle["objects"])
    assert complaints(bundle) == []
    by_id = {record["id"]: record for record in bundle["objects"]}
    assert len(by_id) == len(bundle["objects"])
    seen = [record for record in bundle["objects"] if record["type"] == "sighting"]
    assert sorted(record["count"] for record in seen) == [1, 2, 5]
    for record in seen:
        assert by_id[record["sighting_of_ref"]]["type"] == "indicator"
        assert by_id[record["where_sighted_refs"][0]]["name"] == "Phòng Một"
        assert record["first_seen"] <= record["last_seen"]
    addresses = {record["value"] for record in bundle["objects"] if record["type"].endswith("-addr")}
    assert addresses == (
        {"10.1.2.3", "2001:db8::7", "02:00:00:00:00:01", "02:00:00:00:00:02"} if role == "officer" else set()
    )


def test_stix_identifiers_are_stable(cast: Cast, campaign: Any) -> None:
    client = cast.client("officer")
    first, second = (objects(client.get("/office/cases/sightings/export/?as=stix")) for _ in range(2))
    assert [found["id"] for found in first["objects"]] == [found["id"] for found in second["objects"]]


def test_stix_omits_invalid_indicators(cast: Cast, campaign: Any) -> None:
    from django.utils import timezone

    case = Case.objects.earliest("pk")
    (row, *_) = rows.sighting_rows([case], set())
    bad = rows.SightingRow(**{**vars_of(row), "indicator": "x' OR '1'='1"})
    text = "".join(rows.stix_bundle([bad], timezone.now()))
    assert len(json.loads(text)["objects"]) == 1


def vars_of(row: rows.SightingRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


# --- the REST interface -------------------------------------------------------------------------------------


def ask(token: str, address: str) -> Any:
    response = Client().get(f"/api/{address}", headers={"authorization": f"Bearer {token}"})
    assert response.status_code == 200, response.content
    return response.json()


def test_the_interface_serves_cases_in_pages(cast: Cast, campaign: Any) -> None:
    token = api_access.issue(cast.centre, "SIEM", cast.people["coordinator"])
    first = ask(token, "cases?limit=1")
    assert [item["number"] for item in first["items"]] == [Case.objects.earliest("pk").number]
    second = ask(token, f"cases?limit=1&after={first['next']}")
    assert second["next"] is None
    assert [item["unit_code"] for item in second["items"]] == ["G06.12.01"]
    assert first["items"][0]["machine"] == ""
    assert ask(token, "cases?state=verified")["items"] == []
    assert len(ask(token, f"cases?campaign={campaign.pk}")["items"]) == 2
    assert len(ask(token, "sightings")["items"]) == 3
    stranger = api_access.issue(cast.other, "SIEM", cast.people["stranger"])
    assert ask(stranger, "cases")["items"] == []


def test_only_tokens_made_by_the_unit_name_machines(cast: Cast, campaign: Any) -> None:
    own = api_access.issue(cast.first, "SIEM", cast.people["officer"])
    above = api_access.issue(cast.first, "SIEM", cast.people["coordinator"])
    assert [item["machine"] for item in by_name(ask(own, "cases")["items"])] == [
        "=cmd|' /C calc'!A0",
        "PC-02",
    ]
    assert Entry.objects.filter(action="api.cases_read").count() == 1
    for address in ("cases", "sightings"):
        assert {item["machine"] for item in ask(above, address)["items"]} == {""}
    assert Entry.objects.filter(action="api.cases_read").count() == 1


def test_exports_by_the_interface(cast: Cast, campaign: Any) -> None:
    own = api_access.issue(cast.first, "SIEM", cast.people["officer"])
    above = api_access.issue(cast.centre, "SIEM", cast.people["coordinator"])
    for token, names in ((own, True), (above, False)):
        for address in (
            "cases/export",
            "cases/export?kind=json",
            "sightings/export",
            "sightings/export?kind=csv",
            "sightings/export?kind=json",
        ):
            response = Client().get(f"/api/{address}", headers={"authorization": f"Bearer {token}"})
            text = b"".join(response).decode()
            assert response.status_code == 200
            assert "G06.12.01" in text or "Phòng Một" in text
            assert ("02:00:00:00:00:02" in text or "PC-02" in text) is names, address
    assert Entry.objects.filter(action="api.sightings_exported").count() == 6
    assert Client().get("/api/sightings/export").status_code == 401


def test_requests_without_a_token_are_refused(cast: Cast, campaign: Any) -> None:
    assert Client().get("/api/cases").status_code == 401
    assert Client().get("/api/sightings").status_code == 401
