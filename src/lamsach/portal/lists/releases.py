"""New versions of a list: its documents' values after decisions, without undecided dangers, signed.

Values are sorted and merged in temporary files, so that memory does not grow with their number. A hunt used a
version if its list is that version, or states it among others.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.indicators.releases.release import Manifest, without_paths, write_release
from lamsach.indicators.releases.rows import Runs
from lamsach.indicators.review.examination import judge_values
from lamsach.indicators.review.examiner import Examiner
from lamsach.indicators.review.knowledge import knowledge
from lamsach.indicators.values.normalise import Value
from lamsach.model import Indicator, Refusal
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.campaigns.models import Campaign, IndicatorList
from lamsach.portal.exchange import unit_keys
from lamsach.portal.findings.models import Bundle, BundleKind, BundleState
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.lists import taxii_objects, versions
from lamsach.portal.lists.decisions import decisions_of
from lamsach.portal.lists.documents import MOST_DOUBTS, copies, doubt_about, own_of, queue_for_review
from lamsach.portal.lists.models import Document, Doubt, KeptList, Version, VersionUse
from lamsach.portal.lists.versions import latest, values


def ready(kept_list: KeptList) -> None:
    """Check that no dangerous value waits for review and every document is read. InputError."""
    if Doubt.objects.filter(list=kept_list, decided=None, dangerous=True).exists():
        raise InputError(mark("Dangerous values wait for review: decide about them first."), kept_list.name)
    if Document.objects.filter(list=kept_list, withdrawn=None, read=None).exists():
        raise InputError(mark("A document is still being read: wait until it is."), kept_list.name)


def request_release(kept_list: KeptList, note: str, by: Any) -> None:
    """Queue a new version of a list. InputError as `ready`."""
    ready(kept_list)
    enqueue("lists.release", user_of(by), list_id=kept_list.pk, note=note[:300])
    record(by, "list.release_asked", kept_list, kept_list.unit, note=note[:200])


def release(
    list_id: int, note: str, user: Any, step: Callable[[int], None] = lambda done: None
) -> dict[str, int]:
    """Make the next version unless its values equal the last one's; undecided dangers are left out."""
    target = KeptList.objects.select_related("unit").get(pk=list_id)
    now = timezone.now().replace(microsecond=0)
    documents = list(target.documents.filter(withdrawn=None).exclude(read=None).order_by("pk"))
    before = latest(target)
    with Runs() as items:
        left, accepted = _pass(target, _values(target, documents, step), now, items)
        found = versions.compared(values(before) if before else (), items)
        if before is not None and not found:
            versions.complete(before, items)  # the worker may have been killed before it
            return {"version": before.number, "count": before.count, "changed": 0}
        key = unit_keys.current(target.unit) or unit_keys.renew(target.unit, user)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "release.zip"
            with path.open("wb") as stream:
                facts: dict[str, Any] = {"name": target.name, "made": now, "note": note, "tlp": target.tlp}
                facts |= {"version": before.number + 1 if before else 1, "accepted": accepted}
                previous = before.digest if before else None
                manifest = write_release(stream, items, unit_keys.opened(key), previous=previous, **facts)
            facts = {"fingerprint": key.fingerprint, "made_by": user, **_counts(found)}
            made = _keep(target, path, manifest, documents, facts)
        versions.cache_changes(made, found)
        versions.index(made, items)
    taxii_objects.of(made)
    Version.objects.filter(pk=made.pk).update(left_out=left)
    return {"version": made.number, "count": made.count, "changed": found.total}


def _pass(
    kept_list: KeptList, listed: Iterable[Indicator], now: datetime, items: Runs
) -> tuple[int, dict[Value, str]]:
    """Put releasable values into `items`; return the number left out, and reasons for accepted dangers.

    Dangerous values left out are queued for review, also if their decision has expired or the danger is new.
    """
    left_out = 0
    accepted: dict[Value, str] = {}
    withheld: list[Doubt] = []
    examiner = Examiner(own_of(kept_list), knowledge())
    with Runs(listed) as merged:
        for judgement in judge_values(merged, decisions_of(kept_list), examiner, now):
            if judgement.is_released:
                items.extend((judgement.item,))
            else:
                left_out += 1
            if judgement.withheld is not None and len(withheld) < MOST_DOUBTS:
                withheld.append(doubt_about(kept_list, judgement.item, [*examiner.concerns(judgement.item)]))
            if judgement.accepted is not None:
                accepted[judgement.item.type, judgement.item.value] = judgement.accepted.reason
    queue_for_review(kept_list, withheld)
    return left_out, accepted


def _values(
    kept_list: KeptList, documents: list[Document], step: Callable[[int], None]
) -> Iterator[Indicator]:
    """Yield each document's values, with the list's defaults where the documents state none."""
    from lamsach.indicators.lists import read_list

    with copies(documents) as places:
        for document, path in places:
            end = None
            if kept_list.days:
                end = document.added.replace(microsecond=0) + timedelta(days=kept_list.days)
            for number, item in enumerate(read_list(str(path), lambda problem: None)):
                if isinstance(item, Refusal):
                    continue
                stated = replace(
                    item,
                    tlp=item.tlp or kept_list.tlp,
                    valid_until=item.valid_until or end,
                    source=item.source or document.name,
                )
                yield without_paths(stated)
                if number % 50_000 == 0:
                    step(number)


def compare(version_id: int) -> dict[str, int]:
    """Compare a received version with the one before, and index its values unless it is outdated."""
    made = Version.objects.select_related("list").get(pk=version_id)
    before = Version.objects.filter(list=made.list, number__lt=made.number).first()
    found = versions.compared(values(before) if before else (), values(made))
    counts = _counts(found)
    Version.objects.filter(pk=made.pk).update(**counts)
    versions.cache_changes(made, found)
    if latest(made.list) == made:
        versions.index(made, values(made))
    return counts


def _counts(found: versions.Changes) -> dict[str, int]:
    return {kind: found.counts[kind] for kind in ("added", "removed", "changed")}


def _keep(
    kept_list: KeptList, path: Path, manifest: Manifest, documents: list[Document], facts: dict[str, Any]
) -> Version:
    """Store the release's file and add the version, with these further `facts`."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        stored = default_storage.save(f"lists/releases/{kept_list.pk}-{manifest.version}.zip", File(stream))
    sources = sorted((manifest.by_source or {}).items(), key=lambda pair: -pair[1])
    facts |= {**of_manifest(manifest), "by_source": dict(sources[:200])}
    facts |= {"path": stored, "size": path.stat().st_size, "sha256": digest}
    with transaction.atomic():
        rows = [_document_facts(document) for document in documents]
        made = Version.objects.create(list=kept_list, documents=rows, **facts)
        stated = {name: facts[name] for name in ("number", "digest", "count")}
        record(made.made_by, "list.released", made, kept_list.unit, **stated)
    return made


def of_manifest(manifest: Manifest) -> dict[str, Any]:
    """Return the columns of a version that its manifest states."""
    counts = {name: getattr(manifest, name) for name in ("by_type", "by_source")}
    return {
        "number": manifest.version,
        "made": datetime.fromisoformat(manifest.made),
        "note": manifest.note[:300],
        "digest": manifest.digest,
        "count": manifest.count,
        "expires": datetime.fromisoformat(manifest.expires) if manifest.expires else None,
        **{name: dict(counts_) if isinstance(counts_, Mapping) else {} for name, counts_ in counts.items()},
    }


def _document_facts(document: Document) -> dict[str, Any]:
    facts = {name: getattr(document, name) for name in ("name", "sha256", "count")}
    return {
        **facts,
        "added": document.added.isoformat(),
        "by": str(document.added_by or document.origin or ""),
    }


_AT_ONCE = 200
_MOST = 64 * 1024 * 1024
_STATED = 100
"""Limit of versions stated by a hunt."""


def used_by(version: Version) -> QuerySet[Bundle]:
    """Results of hunts with a version, the newest first."""
    stated = VersionUse.objects.filter(version=version).values("bundle")
    return Bundle.objects.filter(Q(list_digest=version.digest) | Q(pk__in=stated))


def note_uses() -> int:
    """Record the versions used by new results, by digest; return the number of results."""
    examined = VersionUse.objects.values("bundle")
    new = Bundle.objects.filter(kind=BundleKind.HUNT, state=BundleState.IMPORTED).exclude(pk__in=examined)
    bundles = list(new.order_by("pk")[:_AT_ONCE])
    for bundle in bundles:
        known = list(Version.objects.filter(digest__in=stated(bundle)))
        rows = [VersionUse(bundle=bundle, version=version) for version in known] or [
            VersionUse(bundle=bundle)
        ]
        VersionUse.objects.bulk_create(rows, ignore_conflicts=True)
    return len(bundles)


def stated(bundle: Bundle) -> list[str]:
    """Return the version digests stated by a result; empty if its file is missing or states none."""
    try:
        with (
            default_storage.open(bundle.path, "rb") as stream,
            zipfile.ZipFile(stream) as archive,
            archive.open("manifest.json") as member,
        ):
            entries = json.loads(member.read(_MOST))["indicator_list"].get("versions", [])
            return [str(item["digest"])[:64] for item in entries[:_STATED]]
    except (*ZIP_ERRORS, TypeError, AttributeError):
        return []


@transaction.atomic
def add_to_campaign(version: Version, campaign: Campaign, by: Any) -> None:
    """Add a version to a campaign as its list; hunts of the campaign state its digest."""
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
