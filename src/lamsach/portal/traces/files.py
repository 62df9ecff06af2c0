"""The files of a trace: in a folder of its own until the trace is done, whole or in pieces."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from lamsach.errors import InputError, LimitError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.base.uploads import safe_name
from lamsach.portal.findings.transfers import FORGOTTEN, OutOfPlace, append
from lamsach.portal.traces.models import FileKind, Trace, TraceFile
from lamsach.portal.units.holding import held_units

FILE_BYTES = 200_000_000_000
LIST_BYTES = 200_000_000
MOST_FILES = 500
RESULTS = ("html", "xlsx", "docx", "pdf")
"""What a trace writes, by ending."""
_ENDED = mark("The trace has begun; no file can be added any more.")


def folder(trace: Trace) -> Path:
    """Where the files of a trace lie."""
    found = Path(settings.DATA) / "traces" / str(trace.pk)
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


def path_of(file: TraceFile) -> Path:
    """Where a file lies: with its own ending, so that its kind is known; with its number, so that names cannot do harm."""
    place = folder(file.trace) / file.kind
    place.mkdir(exist_ok=True, mode=0o700)
    return place / f"{file.pk}-{file.name}"


def result_path(trace: Trace, ending: str) -> str:
    """Where a result lies in the storage."""
    return f"traces/{trace.pk}/result.{ending}"


def announce(trace: Trace, kind: str, name: str, size: int) -> TraceFile:
    """A file that is about to come; the same name and size again is the same file, to go on with. InputError, LimitError."""
    if trace.job_id is not None or trace.files_deleted is not None:
        raise InputError(_ENDED, name)
    most = FILE_BYTES if kind == FileKind.LOG else LIST_BYTES
    if not 0 < size <= most or trace.files.count() >= MOST_FILES:
        raise LimitError(mark("The file is empty or too large, or there are too many."), name)
    if shutil.disk_usage(settings.DATA).free < size + 500_000_000:
        raise LimitError(mark("There is not enough room on the server's disk for this file."), name)
    found, _ = TraceFile.objects.get_or_create(trace=trace, kind=kind, name=safe_name(name), size=size)
    return found


@transaction.atomic
def add(file: TraceFile, offset: int, data: bytes) -> int:
    """Add a piece of a file; how many bytes are there. OutOfPlace when it does not begin where the file ends."""
    held = TraceFile.objects.select_for_update().select_related("trace").get(pk=file.pk)
    if held.trace.job_id is not None or held.trace.files_deleted is not None:
        raise InputError(_ENDED, held.name)
    if offset != held.received:
        raise OutOfPlace(held.received)
    if offset + len(data) > held.size:
        raise LimitError(mark("More was sent than was announced."), held.name)
    held.received = append(path_of(held), offset, data)
    held.save(update_fields=["received"])
    return held.received


def take_whole(trace: Trace, kind: str, upload: Any) -> None:
    """A file that comes with the form. An inventory takes the place of the one before."""
    if kind == FileKind.INVENTORY:
        for older in trace.files.filter(kind=kind):
            path_of(older).unlink(missing_ok=True)
            older.delete()
    file = announce(trace, kind, upload.name, upload.size)
    if file.received < file.size:
        TraceFile.objects.filter(pk=file.pk).update(received=0)
        file.received = 0
        for chunk in upload.chunks(4_000_000):
            file.received = add(file, file.received, chunk)


def delete_files(trace: Trace) -> None:
    """Delete the list and the logs and say so in the trail."""
    shutil.rmtree(folder(trace), ignore_errors=True)
    Trace.objects.filter(pk=trace.pk).update(files_deleted=timezone.now())
    record(None, "trace.files_deleted", trace, trace.unit)


def delete_result(trace: Trace, by: Any = None) -> None:
    """Delete the result, which names machines and people; the counts stay."""
    for ending in RESULTS:
        default_storage.delete(result_path(trace, ending))
    Trace.objects.filter(pk=trace.pk).update(result_deleted=timezone.now())
    record(by, "trace.result_deleted", trace, trace.unit)


def forget() -> int:
    """Delete files of traces that nobody began within a week, and results that are older than raw findings are kept; how many."""
    now = timezone.now()
    begun = Trace.objects.filter(job=None, files_deleted=None, created__lt=now - FORGOTTEN)
    waiting = list(begun.select_related("unit"))
    for trace in waiting:
        delete_files(trace)
    kept = timedelta(days=settings.RETENTION_DAYS)
    old = Trace.objects.filter(result_deleted=None, created__lt=now - kept).exclude(listed=None)
    old = old.exclude(unit__in=held_units())
    done = list(old.select_related("unit"))
    for trace in done:
        delete_result(trace)
    return len(waiting) + len(done)
