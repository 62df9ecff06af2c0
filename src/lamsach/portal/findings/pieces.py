"""Files in pieces: each states where it begins, one sent twice changes nothing, a kill loses at most one.

A program sends a bundle so; people upload the files of a job so, or whole with a form. Hunts and traces share
it: the job's row (`Hunt`, `Trace`) has `files` and `job`; a file's row has `name`, `size` and `received`, and
unique name and size within its job.
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
from lamsach.portal.base.asked import number
from lamsach.portal.base.once import alone
from lamsach.portal.base.storage import arriving
from lamsach.portal.findings.intake import Source, keep
from lamsach.portal.findings.models import Bundle, Transfer
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
            mark("An uploaded file is not in the folder of uploads."),
            file.name,
            mark("See that all machines of the portal share one folder or bucket for uploads."),
        )


@dataclass(frozen=True, slots=True)
class Pile:
    """One kind of job with its files.

    The model of a file, its column of the job (`hunt`), the column of when the files went (`logs_deleted`), a
    file's name among those that arrive, how to delete them all, and the job's name in the queue.
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
        """Announce a file; the same name and size again is the same file. InputError, LimitError."""
        self._open(owner, name)
        if not 0 < size <= most or owner.files.count() >= MOST_FILES:
            raise LimitError(mark("The file is empty or too large, or there are too many."), name)
        if arriving().free_bytes < size + ROOM_BYTES:
            raise LimitError(mark("There is not enough room on the server's disk for this file."), name)
        values = {self.owner: owner, "name": safe_name(name), "size": size, **place}
        return self.model.objects.get_or_create(**values)[0]

    @transaction.atomic
    def add(self, file: Any, offset: int, data: bytes) -> int:
        """Add a piece; how many bytes are there. OutOfPlace when it does not begin at the file's end."""
        rows = self.model.objects.select_for_update(of=("self",), no_key=True).select_related(self.owner)
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
        """Fill an announced file from a form, for browsers without scripts; pieces are taken anew."""
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


LIMIT_BYTES = 400_000_000
PIECE_BYTES = 8_000_000
OPEN_AT_ONCE = 20
FORGOTTEN = timedelta(days=7)
_SHA256 = re.compile(r"[0-9a-f]{64}")


class OutOfPlace(Exception):  # noqa: N818 - tells the sender where to go on
    """The piece does not begin where the file ends; `received` says where that is."""

    def __init__(self, received: int) -> None:
        super().__init__(received)
        self.received = received


def piece(stream: Any) -> bytes:
    """One piece from the network, before any lock is held. LimitError for one that is too large."""
    data: bytes = stream.read(PIECE_BYTES + 1)
    if len(data) > PIECE_BYTES:
        raise LimitError(mark("A piece of this size cannot be sent."))
    return data


def _transfer_name(found: Transfer) -> str:
    return f"transfers/{found.pk}-{found.sha256}"


def find(source: Source, sha256: str) -> tuple[int, Bundle | None]:
    """Return how many bytes of the file are there, and the bundle once it is whole."""
    place = {"unit": source.unit, "campaign": source.campaign, "sha256": sha256}
    bundle = Bundle.objects.filter(**place).first()
    if bundle is not None:
        return bundle.size, bundle
    found = Transfer.objects.filter(**place).first()
    return (found.received if found else 0), None


def receive(source: Source, sha256: str, offset: int, size: int, data: bytes) -> tuple[int, Bundle | None]:
    """Take a piece; how many bytes are there, and the bundle once it is whole. Raises OutOfPlace, InputError.

    One request at a time writes a file; no transaction is open while a whole file is looked at.
    """
    received, bundle = find(source, sha256)
    if bundle is not None:
        return received, bundle
    if not _SHA256.fullmatch(sha256) or not 0 < size <= LIMIT_BYTES:
        raise LimitError(mark("A findings bundle of this size cannot be sent."), sha256[:12])
    place = {"unit": source.unit, "campaign": source.campaign, "sha256": sha256}
    if Transfer.objects.filter(unit=source.unit).exclude(**place).count() >= OPEN_AT_ONCE:
        raise LimitError(mark("Too many bundles of the unit are being sent at the same time."), sha256[:12])
    found, _ = Transfer.objects.get_or_create(**place, defaults={"size": size})
    with alone(f"transfer:{found.pk}"):
        try:
            found.refresh_from_db()
        except Transfer.DoesNotExist:  # the one before brought the rest
            return find(source, sha256)
        if offset != found.received or size != found.size:
            raise OutOfPlace(found.received)
        if offset + len(data) > size:
            raise LimitError(mark("More was sent than was announced."), sha256[:12])
        received = arriving().append(_transfer_name(found), offset, data)
        if received == size:  # noted by the bundle alone: after a kill the last piece comes again
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
            return keep(file, f"findings-{timezone.localdate():%Y%m%d}.zip", source)[0]
    finally:
        found.delete()
        arriving().forget(name)


def forget() -> int:
    """Drop what nobody went on sending; how many."""
    old = Transfer.objects.filter(touched__lt=timezone.now() - FORGOTTEN)
    for found in old:
        arriving().forget(_transfer_name(found))
    count, _ = old.delete()
    return count


_STYLE = re.compile(rb"sha256-[A-Za-z0-9+/=]{44}")


def announced(request: HttpRequest, announce: Callable[[str, int], Any]) -> JsonResponse:
    """Announce a file (`name`, `size`): its number, and how much of it is there already."""
    size = _number(request.POST, "size")
    try:
        file = announce(request.POST.get("name", ""), size)
    except LamsachError as problem:
        return JsonResponse({"problem": _(problem.what)}, status=409)
    return JsonResponse({"file": file.pk, "received": file.received})


def added(request: HttpRequest, add: Callable[[int, bytes], int]) -> JsonResponse:
    """Add a piece of a file, the body's bytes, at `?offset=`: how much is there now."""
    offset = _number(request.GET, "offset")
    try:
        received = add(offset, piece(request))
    except OutOfPlace as elsewhere:
        return JsonResponse({"received": elsewhere.received}, status=409)
    except LamsachError as problem:
        return JsonResponse({"problem": _(problem.what)}, status=409)
    return JsonResponse({"received": received})


def result_page(path: str) -> HttpResponse:
    """A page in the storage, under a policy that lets nothing run or load but its own style."""
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
