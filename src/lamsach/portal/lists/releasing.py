"""A new version of a list: its documents' values, decisions applied, what is dangerous to block left out until it is decided about, signed with the unit's key.

A version of ten million values needs no more memory than one of some hundred thousand: values are sorted and merged in temporary files.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.indicators.releases.release import Manifest, without_paths, write_release
from lamsach.indicators.releases.rows import Runs
from lamsach.indicators.review.examination import Examiner, judged
from lamsach.indicators.review.knowledge import knowledge
from lamsach.indicators.values.mappings import from_mapping
from lamsach.indicators.values.normalise import Value
from lamsach.model import Indicator, Refusal
from lamsach.portal.audit.trail import record
from lamsach.portal.exchange import keyring
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.lists import changes, looking, taxii_objects
from lamsach.portal.lists.deciding import decisions_of
from lamsach.portal.lists.keeping import MOST_DOUBTS, copies, doubt_about, own_of, wait_again
from lamsach.portal.lists.models import Document, Doubt, KeptList, Version


def ready(kept: KeptList) -> None:
    """InputError while dangerous values wait to be looked at, or while a document is not read."""
    if Doubt.objects.filter(list=kept, decided=None, dangerous=True).exists():
        raise InputError(mark("Dangerous values wait to be looked at: decide about them first."), kept.name)
    if Document.objects.filter(list=kept, withdrawn=None, read=None).exists():
        raise InputError(mark("A document is still being read: wait until it is."), kept.name)


def ask(kept: KeptList, note: str, by: Any) -> None:
    """Queue a new version of a list that is `ready`."""
    ready(kept)
    user = getattr(by, "user", by)
    enqueue("lists.release", user, list_id=kept.pk, note=note[:300])
    record(by, "list.release_asked", kept, kept.unit, note=note[:200])


def latest(kept: KeptList) -> Version | None:
    """The newest version, or None."""
    return Version.objects.filter(list=kept).first()


def latest_of(lists: Iterable[KeptList]) -> dict[int, Version]:
    """The newest version of each list that has one."""
    newest = Version.objects.filter(list=OuterRef("list")).order_by("-number").values("pk")[:1]
    found = Version.objects.filter(list__in=[kept.pk for kept in lists], pk=Subquery(newest))
    return {version.list_id: version for version in found}


def release(
    list_id: int, note: str, user: Any, step: Callable[[int], None] = lambda done: None
) -> dict[str, int]:
    """Make the next version. One whose values are those of the last is not made again; a dangerous value that nobody has decided about is left out."""
    kept = KeptList.objects.select_related("unit").get(pk=list_id)
    now = timezone.now().replace(microsecond=0)
    documents = list(kept.documents.filter(withdrawn=None).exclude(read=None).order_by("pk"))
    before = latest(kept)
    with Runs() as items:
        left, accepted = _pass(kept, _values(kept, documents, step), now, items)
        found = changes.compared(values(before) if before else (), items)
        if before is not None and not found:
            looking.complete(before, items)  # the worker may have been killed before it was
            return {"version": before.number, "count": before.count, "changed": 0}
        key = keyring.current(kept.unit) or keyring.renew(kept.unit, user)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "release.zip"
            with path.open("wb") as stream:
                manifest = write_release(
                    stream, items, keyring.opened(key), name=kept.name, version=(before.number if before else 0) + 1,
                    made=now, previous=before.digest if before else None, note=note, tlp=kept.tlp,
                    accepted=accepted,
                )  # fmt: skip
            made = _keep(kept, path, manifest, key.fingerprint, user, found, documents)
        changes.keep(made, found)
        looking.index(made, items)
    taxii_objects.of(made)
    Version.objects.filter(pk=made.pk).update(left_out=left)
    return {"version": made.number, "count": made.count, "changed": found.total}


def _pass(
    kept: KeptList, listed: Iterable[Indicator], now: datetime, items: Runs
) -> tuple[int, dict[Value, str]]:
    """Put what may go out into `items`; how many values are left out, and the reasons for which dangerous ones go out. What is left out as dangerous waits to be looked
    at, also when the decision about it is over or its danger was not known when it was read."""
    left = 0
    accepted: dict[Value, str] = {}
    withheld: list[Doubt] = []
    examiner = Examiner(own_of(kept), knowledge())
    with Runs(listed) as merged:
        for one in judged(merged, decisions_of(kept), examiner, now):
            if one.goes_out:
                items.extend((one.item,))
            else:
                left += 1
            if one.withheld is not None and len(withheld) < MOST_DOUBTS:
                withheld.append(doubt_about(kept, one.item, [*examiner.concerns(one.item)]))
            if one.accepted is not None:
                accepted[one.item.type, one.item.value] = one.accepted.reason
    wait_again(kept, withheld)
    return left, accepted


def _values(kept: KeptList, documents: list[Document], step: Callable[[int], None]) -> Iterator[Indicator]:
    """Each value with every place that lists it; what the list says holds where the documents say nothing."""
    from lamsach.indicators.lists import read_list

    with copies(documents) as places:
        for document, path in places:
            end = None
            if kept.days:
                end = document.added.replace(microsecond=0) + timedelta(days=kept.days)
            for number, item in enumerate(read_list(str(path), lambda problem: None)):
                if isinstance(item, Refusal):
                    continue
                stated = replace(
                    item,
                    tlp=item.tlp or kept.tlp,
                    valid_until=item.valid_until or end,
                    source=item.source or document.name,
                )
                yield without_paths(stated)
                if number % 50_000 == 0:
                    step(number)


def compare(version_id: int) -> dict[str, int]:
    """Count what a version that was taken changes against the one before, and keep where its values are unless a later one came meanwhile."""
    made = Version.objects.select_related("list").get(pk=version_id)
    before = Version.objects.filter(list=made.list, number__lt=made.number).first()
    found = changes.compared(values(before) if before else (), values(made))
    counts = {kind: found.counts[kind] for kind in ("added", "removed", "changed")}
    Version.objects.filter(pk=made.pk).update(**counts)
    changes.keep(made, found)
    if latest(made.list) == made:
        looking.index(made, values(made))
    return counts


def _keep(
    kept: KeptList,
    path: Path,
    manifest: Manifest,
    fingerprint: str,
    user: Any,
    found: changes.Changes,
    documents: list[Document],
) -> Version:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        stored = default_storage.save(f"lists/releases/{kept.pk}-{manifest.version}.zip", File(stream))
    with transaction.atomic():
        return _note(
            kept, manifest, fingerprint, user, found, documents, (stored, path.stat().st_size, digest)
        )


def _note(
    kept: KeptList,
    manifest: Manifest,
    fingerprint: str,
    user: Any,
    found: changes.Changes,
    documents: list[Document],
    file: tuple[str, int, str],
) -> Version:
    stored, size, digest = file
    made = Version.objects.create(
        list=kept,
        number=manifest.version,
        made=datetime.fromisoformat(manifest.made),
        made_by=user,
        note=manifest.note,
        digest=manifest.digest,
        fingerprint=fingerprint,
        count=manifest.count,
        added=found.counts["added"],
        removed=found.counts["removed"],
        changed=found.counts["changed"],
        by_type=dict(manifest.by_type or {}),
        by_source=dict(sorted((manifest.by_source or {}).items(), key=lambda pair: -pair[1])[:200]),
        documents=[_said(document) for document in documents],
        path=stored,
        size=size,
        sha256=digest,
        expires=datetime.fromisoformat(manifest.expires) if manifest.expires else None,
    )
    record(user, "list.released", made, kept.unit, number=made.number, digest=made.digest, count=made.count)
    return made


def _said(document: Document) -> dict[str, Any]:
    who = str(document.added_by) if document.added_by else (document.origin.name if document.origin else "")
    return {
        "name": document.name,
        "sha256": document.sha256,
        "added": document.added.isoformat(),
        "by": who,
        "count": document.count,
    }


def may_have(version: Version, most: str | None) -> bool:
    """Return whether a receiver may have the whole of a version: no value is above the highest TLP that it may have (None: any)."""
    from lamsach.indicators.writers.export import TLP_ABOVE, Terms

    if most is None:
        return True
    terms = Terms(version.made, most, version.list.tlp)
    return all(terms.refusal(item) != TLP_ABOVE for item in values(version))


def values(version: Version) -> Iterator[Indicator]:
    """The values of a version, from its own file."""
    with (
        default_storage.open(version.path, "rb") as stream,
        zipfile.ZipFile(stream) as archive,
        archive.open("indicators.jsonl") as lines,
    ):
        for line in lines:
            yield from_mapping(json.loads(line))
