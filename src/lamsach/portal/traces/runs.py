"""Execution of traces in the worker; the result is that of the command line."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.base.storage import arriving
from lamsach.portal.findings.hunts import tidy
from lamsach.portal.findings.pieces import check_whole
from lamsach.portal.jobs.queue import Cancelled, Progress
from lamsach.portal.letterheads import heads
from lamsach.portal.traces.files import FILES, RESULTS, delete_files, folder, name_of, result_path
from lamsach.portal.traces.models import FileKind, Trace, TraceFile
from lamsach.portal.traces.rows import apply_result

if TYPE_CHECKING:
    from lamsach.trace.letter import Letter

STAGES = 5
_PROBLEMS_SHOWN = 50


def begin(trace: Trace, by: Any) -> None:
    """Queue the trace. InputError without list or logs, or with an incomplete file."""
    FILES.begin(trace, by, _check)


def _check(trace: Trace, files: Sequence[TraceFile]) -> None:
    kinds = {file.kind for file in files}
    if FileKind.LIST not in kinds:
        raise InputError(mark("Choose the authority's list first."), "")
    if FileKind.LOG not in kinds:
        raise InputError(mark("Choose the log files first."), "")


def run(trace_id: int, progress: Progress) -> dict[str, int]:
    """Trace, store the result, delete list and logs; idempotent."""
    trace = Trace.objects.select_related("unit", "unit__parent", "campaign", "user").get(pk=trace_id)
    if trace.listed is not None or trace.problem:
        return {"explained": trace.explained}
    try:
        with tempfile.TemporaryDirectory() as scratch, arriving().local(folder(trace)) as arrived:
            found = _trace(trace, arrived, Path(scratch), progress)
    except InputError as error:
        Trace.objects.filter(pk=trace.pk).update(problem=error.what[:400])
        found = {}
    except Cancelled:
        delete_files(trace)
        raise
    delete_files(trace)
    return found


def _letter(trace: Trace, cases: int) -> Letter:
    """Build the answer letter's frame from the letterhead and the user's input."""
    from lamsach.trace.letter import Letter

    letterhead = heads.letterhead_of(trace.unit)
    symbol = heads.symbol(letterhead)
    return Letter(
        parent=heads.parent_body(trace.unit, letterhead),
        body=letterhead.body.strip() or trace.unit.name,
        number=trace.number or (f"/{symbol}" if symbol else ""),
        place=letterhead.place,
        answers=trace.answers,
        addressees=(trace.addressee,),
        position=f"{letterhead.authority}\n{letterhead.position}".strip(),
        signer=letterhead.signer,
        copies=heads.copies(letterhead),
        cases=cases,
    )


def _trace(trace: Trace, arrived: Path, scratch: Path, progress: Progress) -> dict[str, int]:
    from lamsach.trace.model import Request
    from lamsach.trace.output import write
    from lamsach.trace.run import trace as run_trace

    paths: dict[str, list[str]] = {kind: [] for kind in FileKind.values}
    for file in trace.files.all():
        path = arrived / Path(name_of(file)).relative_to(folder(trace))
        check_whole(file, path)
        paths[file.kind].append(str(path))
    inventory = next(iter(paths[FileKind.INVENTORY]), None)
    stages = 0

    def say(_text: str) -> None:
        nonlocal stages
        progress.step(min(stages, STAGES), STAGES)
        stages += 1

    request = Request(paths[FileKind.LIST], paths[FileKind.LOG], inventory=inventory)
    result = tidy(run_trace(request, say), _places(arrived))
    cases = apply_result(trace, result, scratch)
    letter = _letter(trace, cases)
    for ending in RESULTS:
        path = scratch / f"result.{ending}"
        write(result, path, settings.LANGUAGE_CODE, letter)
        progress.step(STAGES, STAGES)
        default_storage.delete(result_path(trace, ending))
        with path.open("rb") as written:
            default_storage.save(result_path(trace, ending), File(written))
    unread = [[problem.where, problem.what] for problem in result.unread[:_PROBLEMS_SHOWN]]
    Trace.objects.filter(pk=trace.pk).update(
        listed=len(result.distinct),
        explained=len(result.explained),
        machines=len(result.devices),
        unread=unread,
    )
    return {"listed": len(result.distinct), "explained": len(result.explained)}


def _places(arrived: Path) -> re.Pattern[str]:
    """Match the server's folders in file names, to be removed."""
    kinds = "|".join(FileKind.values)
    return re.compile(rf"{re.escape(str(arrived))}/(?:(?:{kinds})/)?(?:\d+-)?")
