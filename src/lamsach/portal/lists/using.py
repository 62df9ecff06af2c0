"""Versions at work: a campaign that searches for one, and which hunts used it: those whose list is that version alone, and those that state it among several."""

from __future__ import annotations

import json
import zipfile
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.portal.audit.trail import record
from lamsach.portal.campaigns.models import Campaign, IndicatorList
from lamsach.portal.findings.models import Bundle, BundleKind, BundleState
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.lists.models import Version, VersionUse

_AT_ONCE = 200
_MOST = 64 * 1024 * 1024
_STATED = 100
"""Of how many lists one hunt may state the version."""


def of(version: Version) -> QuerySet[Bundle]:
    """The results that used a version, the newest first."""
    stated = VersionUse.objects.filter(version=version).values("bundle")
    return Bundle.objects.filter(Q(list_digest=version.digest) | Q(pk__in=stated))


def note() -> int:
    """Look through results that came since the last time; how many. A version is known by its digest, whatever name it is given."""
    looked = VersionUse.objects.values("bundle")
    new = Bundle.objects.filter(kind=BundleKind.HUNT, state=BundleState.IMPORTED).exclude(pk__in=looked)
    bundles = list(new.order_by("pk")[:_AT_ONCE])
    for bundle in bundles:
        known = list(Version.objects.filter(digest__in=stated(bundle)))
        rows = [VersionUse(bundle=bundle, version=version) for version in known] or [
            VersionUse(bundle=bundle)
        ]
        VersionUse.objects.bulk_create(rows, ignore_conflicts=True)
    return len(bundles)


def stated(bundle: Bundle) -> list[str]:
    """The digests of the versions that a result states; none for a file that is gone or states none."""
    try:
        with (
            default_storage.open(bundle.path, "rb") as stream,
            zipfile.ZipFile(stream) as archive,
            archive.open("manifest.json") as member,
        ):
            said = json.loads(member.read(_MOST))["indicator_list"].get("versions", [])
            return [str(item["digest"])[:64] for item in said[:_STATED]]
    except (*ZIP_ERRORS, TypeError, AttributeError):
        return []


@transaction.atomic
def give(version: Version, campaign: Campaign, by: Any) -> None:
    """Give a version to a campaign as its list; hunts of the campaign state its digest."""
    made, new = IndicatorList.objects.get_or_create(
        campaign=campaign,
        sha256=version.sha256,
        withdrawn=None,
        defaults={
            "name": f"{version.list.name}-{version.number}.zip"[:200],
            "path": version.path,
            "size": version.size,
        },
    )
    if new:
        enqueue("campaigns.read_list", getattr(by, "user", by), list_id=made.pk)
        record(by, "list.used", version, campaign.owner, campaign=campaign.pk, number=version.number)
