"""Resumable uploads in pieces, each with its offset; repeated pieces change nothing.

Programs send bundles, and people the files of a job, in pieces or by a form. Hunts and traces share this: the
job's row (`Hunt`, `Trace`) has `files` and `job`; a file's row has `name`, `size` and `received`, with unique
name and size within its job.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.errors import InputError, LamsachError, LimitError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.base.once import exclusive
from lamsach.portal.base.parameters import number
from lamsach.portal.base.storage import arriving
from lamsach.portal.findings.intake import Source, store_bundle
from lamsach.portal.findings.models import Bundle, Transfer
from lamsach.portal.jobs.models import Job, JobState
from lamsach.portal.jobs.queue import enqueue
from lamsach.runtime.file_names import safe_name

FILE_BYTES = 200_000_000_000
MOST_FILES = 500
ROOM_BYTES = 500_000_000
"""Reserve of free space on the server's disk."""
_FORM_BYTES = 4_000_000
_ENDED = mark("The work has begun; no file can be added any more.")


def check_whole(file: Any, path: Path) -> None:
    """Check that an uploaded file is complete, lest missing logs count as searched. LamsachError."""
    if not path.is_file() or path.stat().st_size != file.size:
        raise LamsachError(
            mark("An uploaded file is not in the folder of uploads."),
            file.name,
            mark("See that all machines of the portal share one folder or bucket for uploads."),
        )


@dataclass(frozen=True, slots=True)
class JobFiles:
    """Uploaded files of a kind of job.

    `owner`: the file's foreign key to its job (`hunt`); `gone`: the job's column of the files' deletion
    (`logs_deleted`); `name_of`: a file's storage name; `delete`: deletes all files; `job`: name in the queue.
    """

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
        """Register a file before its upload, once per name and size. InputError, LimitError."""
        self._open(owner, name)
        if not 0 < size <= most or owner.files.count() >= MOST_FILES:
            raise LimitError(mark("The file is empty or too large, or there are too many."), name)
        if arriving().free_bytes < size + ROOM_BYTES:
            raise LimitError(mark("There is not enough room on the server's disk for this file."), name)
        values = {self.owner: owner, "name": safe_name(name), "size": size, **place}
        return self.model.objects.get_or_create(**values)[0]

    @transaction.atomic
    def add(self, file: Any, offset: int, data: bytes) -> int:
        """Append a piece; return the number of received bytes. OutOfPlace, InputError, LimitError."""
        rows = self.model.objects.select_for_update(of=("self",), no_key=True).select_related(self.owner)
        row = rows.get(pk=file.pk)
        self._open(getattr(row, self.owner), row.name)
        if offset != row.received:
            raise OutOfPlace(row.received)
        if offset + len(data) > row.size:
            raise LimitError(mark("More was sent than was announced."), row.name)
        row.received = arriving().append(self.name_of(row), offset, data)
        row.save(update_fields=["received"])
        return int(row.received)

    def add_whole(self, file: Any, upload: Any) -> None:
        """Fill a registered file from a form, for browsers without scripts, from its beginning."""
        if file.received < file.size:
            self.model.objects.filter(pk=file.pk).update(received=0)
            received = 0
            for chunk in upload.chunks(_FORM_BYTES):
                received = self.add(file, received, chunk)

    @transaction.atomic
    def begin(self, owner: Any, by: Any, check: Callable[[Any, list[Any]], None]) -> None:
        """Queue the job, once. InputError with an incomplete file, or by `check` (job's row, files)."""
        held = type(owner).objects.select_for_update(no_key=True).get(pk=owner.pk)
        files = list(held.files.all())
        if held.job_id is not None or getattr(held, self.gone) is not None:
            return
        check(held, files)
        if any(file.received < file.size for file in files):
            raise InputError(mark("A file has not arrived whole. Choose the same file again to go on."), "")
        held.job = enqueue(self.job, by.user, **{f"{self.owner}_id": held.pk})
        held.save(update_fields=["job"])
        sizes = {"files": len(files), "size": sum(file.size for file in files)}
        record(by, f"{self.owner}.begun", held, held.unit, **sizes)

    def forget(self, model: Any) -> int:
        """Delete the files of jobs not begun within a week; return the number of jobs."""
        age = {"created__lt": timezone.now() - FORGOTTEN}
        owners = list(model.objects.filter(job=None, **{self.gone: None}, **age).select_related("unit"))
        for owner in owners:
            self.delete(owner)
        return len(owners)

    @transaction.atomic
    def stop(self, owner: Any, by: Any) -> None:
        """Request the job to stop; one not begun is cancelled immediately, and its files deleted."""
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


LIMIT_BYTES = 400_000_000
PIECE_BYTES = 8_000_000
OPEN_AT_ONCE = 20
FORGOTTEN = timedelta(days=7)
_SHA256 = re.compile(r"[0-9a-f]{64}")


class OutOfPlace(Exception):  # noqa: N818 - a reply to the sender, not a failure
    """The piece does not begin at the file's end, `received`."""

    def __init__(self, received: int) -> None:
        super().__init__(received)
        self.received = received


def piece(stream: Any) -> bytes:
    """Read a piece from the network, before any lock is held. LimitError."""
    data: bytes = stream.read(PIECE_BYTES + 1)
    if len(data) > PIECE_BYTES:
        raise LimitError(mark("A piece of this size cannot be sent."))
    return data


def _transfer_name(found: Transfer) -> str:
    return f"transfers/{found.pk}-{found.sha256}"


def find(source: Source, sha256: str) -> tuple[int, Bundle | None]:
    """Return the number of received bytes, and the bundle when complete."""
    key = {"unit": source.unit, "campaign": source.campaign, "sha256": sha256}
    bundle = Bundle.objects.filter(**key).first()
    if bundle is not None:
        return bundle.size, bundle
    found = Transfer.objects.filter(**key).first()
    return (found.received if found else 0), None


def receive(source: Source, sha256: str, offset: int, size: int, data: bytes) -> tuple[int, Bundle | None]:
    """Append a piece; return the number of received bytes, and the bundle when complete.

    One request at a time writes a file; no transaction is open while a complete file is examined.
    OutOfPlace, InputError, LimitError.
    """
    received, bundle = find(source, sha256)
    if bundle is not None:
        return received, bundle
    if not _SHA256.fullmatch(sha256) or not 0 < size <= LIMIT_BYTES:
        raise LimitError(mark("A findings bundle of this size cannot be sent."), sha256[:12])
    key = {"unit": source.unit, "campaign": source.campaign, "sha256": sha256}
    if Transfer.objects.filter(unit=source.unit).exclude(**key).count() >= OPEN_AT_ONCE:
        raise LimitError(mark("Too many bundles of the unit are being sent at the same time."), sha256[:12])
    found, _ = Transfer.objects.get_or_create(**key, defaults={"size": size})
    with exclusive(f"transfer:{found.pk}"):
        try:
            found.refresh_from_db()
        except Transfer.DoesNotExist:  # completed by a concurrent request
            return find(source, sha256)
        if offset != found.received or size != found.size:
            raise OutOfPlace(found.received)
        if offset + len(data) > size:
            raise LimitError(mark("More was sent than was announced."), sha256[:12])
        received = arriving().append(_transfer_name(found), offset, data)
        if received == size:  # recorded by the bundle alone: after a kill the last piece is sent again
            return size, _finish(found, source)
        found.received = received
        found.save(update_fields=["received", "touched"])
        return received, None


def _finish(found: Transfer, source: Source) -> Bundle:
    name = _transfer_name(found)
    try:
        with arriving().local(name) as path, path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != found.sha256:
                raise InputError(mark("The file changed on its way."), path.name[:20], mark("Send it again."))
            return store_bundle(file, f"findings-{timezone.localdate():%Y%m%d}.zip", source)[0]
    finally:
        found.delete()
        arriving().forget(name)


def forget() -> int:
    """Delete abandoned transfers; return their number."""
    old = Transfer.objects.filter(touched__lt=timezone.now() - FORGOTTEN)
    for found in old:
        arriving().forget(_transfer_name(found))
    count, _ = old.delete()
    return count


_STYLE = re.compile(rb"sha256-[A-Za-z0-9+/=]{44}")


def announce_file(request: HttpRequest, announce: Callable[[str, int], Any]) -> JsonResponse:
    """Register a file (`name`, `size`); answer with its number and received bytes."""
    size = _number(request.POST, "size")
    try:
        file = announce(request.POST.get("name", ""), size)
    except LamsachError as problem:
        return JsonResponse({"problem": _(problem.what)}, status=409)
    return JsonResponse({"file": file.pk, "received": file.received})


def add_piece(request: HttpRequest, add: Callable[[int, bytes], int]) -> JsonResponse:
    """Append the body to a file at `?offset=`; answer with the received bytes."""
    offset = _number(request.GET, "offset")
    try:
        received = add(offset, piece(request))
    except OutOfPlace as misplaced:
        return JsonResponse({"received": misplaced.received}, status=409)
    except LamsachError as problem:
        return JsonResponse({"problem": _(problem.what)}, status=409)
    return JsonResponse({"received": received})


def result_page(path: str) -> HttpResponse:
    """Serve a stored page under a policy that allows only its own style."""
    with default_storage.open(path, "rb") as file:
        content: bytes = file.read()
    response = HttpResponse(content, content_type="text/html; charset=utf-8")
    digest: Any = _STYLE.search(content[:20_000])
    style = f"'{digest[0].decode()}'" if digest else "'none'"
    response["Content-Security-Policy"] = f"default-src 'none'; style-src {style}; img-src data:; sandbox"
    return response


def _number(values: QueryDict, name: str) -> int:
    found = number(values, name)
    if found is None:
        raise Http404
    return found
