"""Signed releases of lists in exchange files, for units that no network reaches."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext, gettext_lazy

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.indicators.releases.release import Manifest, check_release
from lamsach.portal.exchange import keyring
from lamsach.portal.exchange.kinds import (
    Arrival,
    Kind,
    Payload,
    PayloadFile,
    Route,
    number,
    register,
    rows,
    text,
)
from lamsach.portal.lists import access, releasing
from lamsach.portal.lists.models import KeptList, Tlp, Version

MOST = 50


class Lists(Kind):
    """The latest version of each list of the unit, with its signature."""

    name = "lists"
    title = gettext_lazy("Signed lists")
    downward = True
    latest_only = True

    def offer(self, route: Route) -> Payload | None:
        """The released lists of our unit that may leave it."""
        records: list[dict[str, Any]] = []
        files: list[PayloadFile] = []
        for kept in KeptList.objects.filter(unit=route.unit).order_by("pk")[:MOST]:
            version = releasing.latest(kept)
            if version is None or not releasing.may_have(version, access.SHARED_TLP.value):
                continue
            records.append({"name": kept.name, "tlp": kept.tlp, "file": len(files), "number": version.number})
            files.append(PayloadFile(f"list-{version.number}.zip", Path(default_storage.path(version.path))))
        return Payload(self.name, {"lists": records}, tuple(files)) if records else None

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """Each list with its version and count."""
        return [
            gettext("List “{name}”, version {number}: {count} values.").format(
                name=manifest.name, number=manifest.version, count=manifest.count
            )
            for _, manifest, _ in _verified(arrival, payload)
        ]

    def take(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Keep each version that is newer than what is known, under the sender's unit."""
        count = 0
        for record, manifest, signer in _verified(arrival, payload):
            kept, _ = KeptList.objects.get_or_create(
                unit=arrival.unit,
                name=text(record["name"], 100),
                defaults={"tlp": Tlp(record["tlp"]), "days": 0},
            )
            before = releasing.latest(kept)
            if before is not None and before.number >= manifest.version:
                continue
            _keep(kept, payload.files[number(record["file"], MOST)], manifest, signer, before)
            count += 1
        return {"lists": count}


def _verified(arrival: Arrival, payload: Payload) -> list[tuple[Mapping[str, Any], Manifest, str]]:
    """The releases whose signature is one of the partner's keys, and which. InputError for any that is not: nothing of the file is taken then."""
    found: list[tuple[Mapping[str, Any], Manifest, str]] = []
    for record in rows(payload.data["lists"], MOST):
        place = number(record["file"], MOST)
        if place >= len(payload.files) or record["tlp"] not in Tlp.values:
            raise InputError(
                mark("The exchange file names a list that is not in it."), text(record["name"], 100)
            )
        manifest, signer = check_release(payload.files[place].path, keyring.believed(arrival.partner))
        found.append((record, manifest, signer))
    return found


def _keep(kept: KeptList, file: PayloadFile, manifest: Manifest, signer: str, before: Version | None) -> None:
    from lamsach.portal.lists import changes, looking

    with file.path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        path = default_storage.save(f"lists/releases/{kept.pk}-{manifest.version}.zip", File(stream))
    made = Version.objects.create(
        list=kept, number=manifest.version, made=datetime.fromisoformat(manifest.made), note=manifest.note[:300], digest=manifest.digest,
        fingerprint=signer, count=manifest.count, by_type=_counts(manifest.by_type), by_source=_counts(manifest.by_source),
        path=path, size=file.path.stat().st_size, sha256=sha256,
        expires=datetime.fromisoformat(manifest.expires) if manifest.expires else None,
    )  # fmt: skip
    found = changes.compared(releasing.values(before) if before else (), releasing.values(made))
    Version.objects.filter(pk=made.pk).update(
        added=found.counts["added"], removed=found.counts["removed"], changed=found.counts["changed"]
    )
    changes.keep(made, found)
    looking.index(made, releasing.values(made))


def _counts(said: object) -> dict[str, Any]:
    """What a manifest counts by name; nothing where it says something else."""
    return dict(said) if isinstance(said, Mapping) else {}


register(Lists())
