"""Uses of a version by hunts, alone or among several lists."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from lamsach.portal.findings.models import Bundle, BundleKind, BundleState, Way
from lamsach.portal.lists import releases
from lamsach.portal.lists.models import VersionUse

from . import list_samples
from .conftest import Cast
from .samples import campaign

pytestmark = pytest.mark.django_db


def bundle(cast: Cast, name: str, manifest: Any, digest: str = "") -> Bundle:
    """Store a result with this statement."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
    path = default_storage.save(f"bundles/{name}", ContentFile(stream.getvalue()))
    return Bundle.objects.create(
        unit=cast.first, campaign=campaign(cast), way=Way.UPLOAD, kind=BundleKind.HUNT,
        state=BundleState.IMPORTED, name=name, path=path, size=1, sha256=name.ljust(64, "0")[:64],
        list_digest=digest,
    )  # fmt: skip


def test_hunts_with_several_lists_state_the_version_of_each(cast: Cast) -> None:
    version = list_samples.released(cast)
    versions_ = {"document": "list-1.zip", "name": "x", "version": 1, "digest": version.digest}
    alone = bundle(cast, "alone.zip", {"indicator_list": {"digest": version.digest}}, version.digest)
    several = bundle(
        cast, "several.zip", {"indicator_list": {"digest": "9" * 64, "versions": [versions_]}}, "9" * 64
    )
    other = {**versions_, "digest": "8" * 64}
    bundle(cast, "other.zip", {"indicator_list": {"digest": "7" * 64, "versions": [other]}}, "7" * 64)
    for number, odd in enumerate(
        ({}, [], {"indicator_list": {"versions": 5}}, {"indicator_list": {"versions": [3]}})
    ):
        bundle(cast, f"odd-{number}.zip", odd)
    assert releases.note_uses() == 7
    assert releases.note_uses() == 0, "each is looked through once"
    assert set(releases.used_by(version)) == {alone, several}
    page = cast.client("coordinator").get(f"/office/blocklists/versions/{version.pk}/").content.decode()
    assert "several.zip" in page
    assert "other.zip" not in page
    assert VersionUse.objects.filter(version=version).count() == 1


def test_a_missing_file_stops_nothing(cast: Cast) -> None:
    version = list_samples.released(cast)
    gone = bundle(cast, "gone.zip", {})
    default_storage.delete(gone.path)
    assert releases.note_uses() == 1
    assert not releases.used_by(version).exists()
