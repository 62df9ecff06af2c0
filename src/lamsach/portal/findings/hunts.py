"""Hunts in the portal: uploaded logs, search in the worker, result as bundle and page."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.base.storage import arriving, copy_to
from lamsach.portal.findings.identities import unit_key
from lamsach.portal.findings.intake import Source, import_file
from lamsach.portal.findings.models import Hunt, HuntFile, Way
from lamsach.portal.findings.pieces import JobFiles, check_whole
from lamsach.portal.jobs.queue import Cancelled, Progress

if TYPE_CHECKING:
    from lamsach.model import Findings


def _folder(hunt: Hunt, *, nat: bool = False) -> str:
    """Return the folder of a hunt's logs; NAT logs have their own, since the others are searched as one."""
    return f"hunts/{hunt.pk}.nat" if nat else f"hunts/{hunt.pk}"


def name_of(file: HuntFile) -> str:
    """Name a stored log by number and name: the suffix identifies archives, the number avoids collisions."""
    return f"{_folder(file.hunt, nat=file.nat)}/{file.pk}-{file.name}"


def begin(hunt: Hunt, by: Any) -> None:
    """Queue the hunt. InputError without logs, with an incomplete log, or without a list."""
    LOGS.begin(hunt, by, _check)


def _check(hunt: Hunt, files: Sequence[HuntFile]) -> None:
    if all(file.nat for file in files):
        raise InputError(mark("Choose the log files first."), "")
    if not hunt.campaign.lists.filter(withdrawn=None).exists():
        raise InputError(mark("The campaign has no list of addresses to search for."), "")


def run(hunt_id: int, progress: Progress) -> dict[str, int]:
    """Search, store the result and delete the logs; runs in the worker, idempotent."""
    hunt = Hunt.objects.select_related("unit", "campaign", "user").get(pk=hunt_id)
    if hunt.bundle_id is not None:
        return {"devices": hunt.devices}
    try:
        with (
            tempfile.TemporaryDirectory() as scratch,
            arriving().local(_folder(hunt)) as logs,
            arriving().local(_folder(hunt, nat=True)) as nat,
        ):
            return _search(hunt, logs, nat, Path(scratch), progress)
    except Cancelled:
        delete_logs(hunt)
        raise
    except InputError as error:
        Hunt.objects.filter(pk=hunt.pk).update(problem=error.what[:400])
        delete_logs(hunt)
        return {}


def _search(hunt: Hunt, logs: Path, nat: Path, scratch: Path, progress: Progress) -> dict[str, int]:
    from lamsach.devices.reasons import REASONS
    from lamsach.investigate import Request, Watch, investigate
    from lamsach.results import write

    valid = enumerate(hunt.campaign.lists.filter(withdrawn=None))
    lists = [str(copy_to(item.path, scratch / f"{number}-{item.name}")) for number, item in valid]
    files = list(hunt.files.all())
    paths = [(nat if file.nat else logs) / Path(name_of(file)).name for file in files]
    for log, path in zip(files, paths, strict=True):
        check_whole(log, path)
    total = sum(file.size for file in files if not file.nat)
    watch = Watch(
        say=lambda _text: progress.step(0, total),
        progress=lambda done, _searched: progress.step(min(done, total), total),
    )
    request = Request(
        logs=[str(logs)],
        lists=lists,
        nat=[str(path) for log, path in zip(files, paths, strict=True) if log.nat],
        threads=1,
        unit_key=unit_key(hunt.unit_id),
    )
    findings, _ = investigate(request, watch)
    if findings.partial:
        raise Cancelled
    findings = _as_named(findings, files, (logs, nat, scratch))
    page, bundle = scratch / "result.html", scratch / "result.zip"
    write(findings, page, settings.LANGUAGE_CODE, REASONS)
    write(findings, bundle, settings.LANGUAGE_CODE, REASONS)
    with page.open("rb") as file:
        page_path = default_storage.save(f"hunts/{hunt.pk}/result.html", File(file))
    source = Source(hunt.unit, hunt.campaign, Way.BROWSER, hunt.user)
    stored = import_file(bundle, f"hunt-{hunt.pk}.zip", source)
    Hunt.objects.filter(pk=hunt.pk).update(bundle=stored, page=page_path, devices=len(findings.devices))
    if not hunt.keep_logs:
        delete_logs(hunt)
    return {"devices": len(findings.devices)}


def _as_named(findings: Findings, files: list[HuntFile], folders: tuple[Path, ...]) -> Findings:
    """Replace server paths of logs and lists with the user's file names."""
    places = "|".join(re.escape(str(place)) for place in folders)
    named = tidy(findings, re.compile(rf"(?:{places})(?:/(?:\d+-)?|(?![\w.-]))"))
    logs = tuple(sorted(file.name for file in files if not file.nat))
    return replace(named, parameters=replace(named.parameters, logs=logs))  # type: ignore[no-any-return]


def tidy(value: Any, places: re.Pattern[str]) -> Any:
    """Remove the server's folders from all texts, so that an unknown log is identified by its name."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return places.sub("", value)
    if isinstance(value, tuple):
        return tuple(tidy(item, places) for item in value)
    if isinstance(value, Mapping):
        return {tidy(name, places): tidy(item, places) for name, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{part.name: tidy(getattr(value, part.name), places) for part in fields(value)}
        )
    return value


def delete_logs(hunt: Hunt) -> None:
    """Delete the logs, with an audit record."""
    for nat in (False, True):
        arriving().forget(_folder(hunt, nat=nat))
    Hunt.objects.filter(pk=hunt.pk).update(logs_deleted=timezone.now())
    record(None, "hunt.logs_deleted", hunt, hunt.unit)


LOGS = JobFiles(HuntFile, "hunt", "logs_deleted", name_of, delete_logs, "findings.hunt")
"""Upload of the logs of hunts."""
