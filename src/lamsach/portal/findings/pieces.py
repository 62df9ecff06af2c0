"""Files that people upload for a job, whole or in pieces: announced, added to, taken with a form, and the job stopped. Hunts and traces share it.

The job's row (`Hunt`, `Trace`) has `files` and `job`; a file's row has `name`, `size` and `received`, and unique name and size within its job.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from lamsach.errors import InputError, LamsachError, LimitError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.base.storage import arriving
from lamsach.portal.findings.transfers import OutOfPlace
from lamsach.portal.jobs.models import Job, JobState
from lamsach.runtime.file_names import safe_name

FILE_BYTES = 200_000_000_000
MOST_FILES = 500
ROOM_BYTES = 500_000_000
"""What stays free on the server's disk."""
_FORM_BYTES = 4_000_000
_ENDED = mark("The work has begun; no file can be added any more.")


def check_whole(file: Any, path: Path) -> None:
    """LamsachError for a file that is not here as it came: what is missing must not count as searched."""
    if not path.is_file() or path.stat().st_size != file.size:
        raise LamsachError(
            mark("A file that was uploaded is not where uploads are kept."),
            file.name,
            mark("See that all machines of the portal share one folder or bucket for uploads."),
        )


@dataclass(frozen=True, slots=True)
class Pile:
    """One kind of job with its files: the model of a file, the name of its job's column (`hunt`), that of the moment at which the files went (`logs_deleted`),
    what a file is called among those that arrive, how to delete them all, and the name of the job in the queue."""

    model: Any
    owner: str
    gone: str
    name_of: Callable[[Any], str]
    delete: Callable[[Any], None]
    job: str

    def _open(self, owner: Any, name: str) -> None:
        if owner.job_id is not None or getattr(owner, self.gone) is not None:
            raise InputError(_ENDED, name)

    def announce(self, owner: Any, name: str, size: int, most: int = FILE_BYTES, **place: Any) -> Any:
        """A file that is about to come; the same name and size again is the same file, to go on with. InputError, LimitError."""
        self._open(owner, name)
        if not 0 < size <= most or owner.files.count() >= MOST_FILES:
            raise LimitError(mark("The file is empty or too large, or there are too many."), name)
        if arriving().free_bytes < size + ROOM_BYTES:
            raise LimitError(mark("There is not enough room on the server's disk for this file."), name)
        values = {self.owner: owner, "name": safe_name(name), "size": size, **place}
        return self.model.objects.get_or_create(**values)[0]

    @transaction.atomic
    def add(self, file: Any, offset: int, data: bytes) -> int:
        """Add a piece of a file; how many bytes are there. OutOfPlace when it does not begin where the file ends."""
        rows = self.model.objects.select_for_update(of=("self",)).select_related(self.owner)
        held = rows.get(pk=file.pk)
        self._open(getattr(held, self.owner), held.name)
        if offset != held.received:
            raise OutOfPlace(held.received)
        if offset + len(data) > held.size:
            raise LimitError(mark("More was sent than was announced."), held.name)
        held.received = arriving().append(self.name_of(held), offset, data)
        held.save(update_fields=["received"])
        return int(held.received)

    def take_whole(self, file: Any, upload: Any) -> None:
        """Fill an announced file from a form, for browsers without scripts. What had come in pieces is taken anew."""
        if file.received < file.size:
            self.model.objects.filter(pk=file.pk).update(received=0)
            received = 0
            for chunk in upload.chunks(_FORM_BYTES):
                received = self.add(file, received, chunk)

    @transaction.atomic
    def stop(self, owner: Any, by: Any) -> None:
        """Ask the job to stop; one that has not begun stops at once, its files deleted."""
        record(by, f"{self.owner}.stopped", owner, owner.unit)
        if owner.job_id is None:
            cancelled = Job.objects.create(name=self.job, user=by.user, state=JobState.CANCELLED)
            type(owner).objects.filter(pk=owner.pk).update(job=cancelled)
            self.delete(owner)
            return
        waiting = Job.objects.filter(pk=owner.job_id, state=JobState.QUEUED)
        if waiting.update(state=JobState.CANCELLED, cancel_wanted=True, finished=timezone.now()):
            self.delete(owner)
        else:
            Job.objects.filter(pk=owner.job_id).update(cancel_wanted=True)
