"""Bundles from programs: sent in pieces, resumed, or signed in a file that a person uploads."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lamsach.portal.api import access as tokens
from lamsach.portal.api.models import Token
from lamsach.portal.findings.models import Bundle, Transfer
from lamsach.results.upload import sign

from .bundles import packed, simple, work
from .conftest import Cast

pytestmark = pytest.mark.django_db


def test_a_program_sends_pieces_and_resumes(cast: Cast, campaign: Any) -> None:
    data = packed(simple()).getvalue()
    client, sha256 = cast.program(cast.first), hashlib.sha256(data).hexdigest()
    address = f"/api/campaigns/{campaign.pk}/findings/{sha256}"

    def put(offset: int, part: bytes, size: int = len(data)) -> Any:
        return client.put(f"{address}?offset={offset}&size={size}", part, "application/octet-stream")

    assert client.get(address).json()["received"] == 0
    assert put(0, data[:100]).json()["received"] == 100
    repeated = put(0, data[:100])
    assert (repeated.status_code, repeated.json()["received"]) == (409, 100)
    assert client.get(address).json()["received"] == 100
    assert put(100, data[100:] + b"x").status_code == 422
    done = put(100, data[100:]).json()
    assert done["state"] == "received"
    work()
    assert client.get(address).json()["state"] == "imported"
    assert not Transfer.objects.exists()
    assert Bundle.objects.get().unit == cast.first
    assert put(0, data).json()["state"] == "imported", "sent twice, taken once"


def test_a_bundle_changed_in_transit_is_refused(cast: Cast, campaign: Any) -> None:
    data = packed(simple()).getvalue()
    address = f"/api/campaigns/{campaign.pk}/findings/{'0' * 64}?offset=0&size={len(data)}"
    assert cast.program(cast.first).put(address, data, "application/octet-stream").status_code == 422
    assert not Bundle.objects.exists()


def test_a_foreign_campaign_is_not_found(cast: Cast, campaign: Any) -> None:
    client = cast.program(cast.other, "stranger")
    assert client.get(f"/api/campaigns/{campaign.pk}/findings/{'0' * 64}").status_code == 404
    assert (
        Client().put(f"/api/campaigns/{campaign.pk}/findings/{'0' * 64}?offset=0&size=1").status_code == 401
    )


def test_a_signed_file_counts_for_its_signers_unit(cast: Cast, campaign: Any, tmp_path: Any) -> None:
    token = tokens.issue(cast.second, "USB", cast.people["coordinator"])
    (tmp_path / "a.zip").write_bytes(packed(simple()).getvalue())
    sign(tmp_path / "a.zip", token, tmp_path / "a.signed")
    data = (tmp_path / "a.signed").read_bytes()
    client = cast.client("coordinator")

    def upload(content: bytes) -> Any:
        form = {
            "campaign": campaign.pk,
            "unit": cast.centre.pk,
            "file": SimpleUploadedFile("a.signed", content),
        }
        return client.post("/office/findings/", form)

    assert upload(data[:-1] + b"?").status_code == 200
    assert not Bundle.objects.exists()
    assert upload(data).status_code == 302
    assert Bundle.objects.get().unit == cast.second
    Token.objects.update(revoked=datetime.now(UTC))
    Bundle.objects.all().delete()
    assert upload(data).status_code == 200, "a revoked token signs nothing"
