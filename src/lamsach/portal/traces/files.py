"""Uploaded files of a trace, stored in its own folder until the trace is done, and its results."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from lamsach.portal.audit.trail import record
from lamsach.portal.base.storage import arriving
from lamsach.portal.findings.pieces import FILE_BYTES, JobFiles
from lamsach.portal.traces import rows
from lamsach.portal.traces.models import FileKind, Trace, TraceFile
from lamsach.portal.units.access import held_units

LIST_BYTES = 200_000_000
RESULTS = ("html", "xlsx", "docx", "pdf")
"""Suffixes of the result files."""


def folder(trace: Trace) -> str:
    """Return the folder of a trace's uploads."""
    return f"traces/{trace.pk}"


def name_of(file: TraceFile) -> str:
    """Name a stored file by number and name: the suffix identifies its type, the number avoids collisions."""
    return f"{folder(file.trace)}/{file.kind}/{file.pk}-{file.name}"


def result_path(trace: Trace, ending: str) -> str:
    """Return the path of a result file in the storage."""
    return f"traces/{trace.pk}/result.{ending}"


def delete_files(trace: Trace) -> None:
    """Delete the list and the logs, with an audit record."""
    arriving().forget(folder(trace))
    Trace.objects.filter(pk=trace.pk).update(files_deleted=timezone.now())
    record(None, "trace.files_deleted", trace, trace.unit)


FILES = JobFiles(TraceFile, "trace", "files_deleted", name_of, delete_files, "traces.trace")
"""Upload of the files of traces."""


def announce(trace: Trace, kind: str, name: str, size: int) -> TraceFile:
    """Register a file of a kind before its upload; see `JobFiles.announce`."""
    most = FILE_BYTES if kind == FileKind.LOG else LIST_BYTES
    found: TraceFile = FILES.announce(trace, name, size, most, kind=kind)
    return found


def add_whole(trace: Trace, kind: str, upload: Any) -> None:
    """Add a file from the form. An inventory replaces the former one."""
    if kind == FileKind.INVENTORY:
        for older in trace.files.filter(kind=kind):
            arriving().forget(name_of(older))
            older.delete()
    FILES.add_whole(announce(trace, kind, upload.name, upload.size), upload)


def delete_result(trace: Trace, by: Any = None) -> None:
    """Delete the result, which names machines and people; the counts remain."""
    for ending in RESULTS:
        default_storage.delete(result_path(trace, ending))
    rows.forget([trace.pk])
    Trace.objects.filter(pk=trace.pk).update(result_deleted=timezone.now())
    record(by, "trace.result_deleted", trace, trace.unit)


def forget() -> int:
    """Delete files of traces not begun within a week and results past retention; return their number."""
    waiting = FILES.forget(Trace)
    until = timezone.now() - timedelta(days=settings.RETENTION_DAYS)
    old = Trace.objects.filter(result_deleted=None, created__lt=until).exclude(listed=None)
    old = old.exclude(unit__in=held_units())
    done = list(old.select_related("unit"))
    for trace in done:
        delete_result(trace)
    return waiting + len(done)
