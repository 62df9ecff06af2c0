"""Signed releases of lists as payloads of exchange files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext, gettext_lazy

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.indicators.releases.release import Manifest, check_release
from lamsach.portal.base.storage import copy_of
from lamsach.portal.exchange import unit_keys
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
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.lists import access, releases, versions
from lamsach.portal.lists.models import KeptList, Tlp, Version

MOST = 50


class Lists(Kind):
    """The latest signed version of each list of the unit."""

    name = "lists"
    title = gettext_lazy("Signed lists")
    downward = True

    def offer(self, route: Route) -> Payload | None:
        """Collect the released lists of our unit that may leave it."""
        records: list[dict[str, Any]] = []
        files: list[PayloadFile] = []
        for kept_list in KeptList.objects.filter(unit=route.unit).order_by("pk")[:MOST]:
            version = versions.latest(kept_list)
            if version is None or not versions.may_have(version, access.SHARED_TLP.value):
                continue
            records.append(
                {"name": kept_list.name, "tlp": kept_list.tlp, "file": len(files), "number": version.number}
            )
            files.append(PayloadFile(f"list-{version.number}.zip", copy_of(version.path)))
        return Payload(self.name, {"lists": records}, tuple(files)) if records else None

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """Name each list with its version and count."""
        return [
            gettext("List “{name}”, version {number}: {count} values.").format(
                name=manifest.name, number=manifest.version, count=manifest.count
            )
            for _, manifest, _ in _verified(arrival, payload)
        ]

    def store(self, arrival: Arrival, payload: Payload) -> list[_Release]:
        """Verify the releases and store their files."""
        found = []
        for record, manifest, signer in _verified(arrival, payload):
            file = payload.files[record["file"]].path
            with file.open("rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
                stream.seek(0)
                path = default_storage.save(f"lists/releases/{sha256}.zip", File(stream))
            name, tlp = text(record["name"], 100), Tlp(record["tlp"])
            found.append(_Release(name, tlp, manifest, signer, path, file.stat().st_size, sha256))
        return found

    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Add newer versions to lists of the sender's unit; a job compares and indexes them."""
        count = 0
        for found in payload.stored:
            kept_list, _ = KeptList.objects.get_or_create(
                unit=arrival.unit, name=found.name, defaults={"tlp": found.tlp, "days": 0}
            )
            before = versions.latest(kept_list)
            if before is None or before.number < found.manifest.version:
                enqueue("lists.taken", arrival.user, version_id=_create_version(kept_list, found).pk)
                count += 1
        return {"lists": count}


@dataclass(frozen=True, slots=True)
class _Release:
    """A verified release and its stored file."""

    name: str
    tlp: Tlp
    manifest: Manifest
    signer: str
    path: str
    size: int
    sha256: str


def _verified(arrival: Arrival, payload: Payload) -> list[tuple[Mapping[str, Any], Manifest, str]]:
    """Verify the releases by the partner's keys; return each with its signer. InputError if any fails."""
    found: list[tuple[Mapping[str, Any], Manifest, str]] = []
    for record in rows(payload.data["lists"], MOST):
        place = number(record["file"], MOST)
        if place >= len(payload.files) or record["tlp"] not in Tlp.values:
            raise InputError(
                mark("The exchange file names a list that is not in it."), text(record["name"], 100)
            )
        manifest, signer = check_release(payload.files[place].path, unit_keys.believed(arrival.partner))
        found.append((record, manifest, signer))
    return found


def _create_version(kept_list: KeptList, found: _Release) -> Version:
    file = {"path": found.path, "size": found.size, "sha256": found.sha256}
    facts = releases.of_manifest(found.manifest)
    return Version.objects.create(list=kept_list, fingerprint=found.signer, **file, **facts)


register(Lists())
