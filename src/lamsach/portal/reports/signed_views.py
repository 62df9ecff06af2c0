"""The signed copy of a report: a scan of the paper, or its PDF with a digital signature."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.files.base import ContentFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.letters.signature import LARGEST_KEY_BYTES, sign_pdf
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.errors import conflict
from lamsach.portal.base.forms import tell_wrong
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.base.uploads import Kept, download, keep
from lamsach.portal.campaigns.forms import FileForm
from lamsach.portal.reports import access, documents
from lamsach.portal.reports.content import filled_form
from lamsach.portal.reports.forms import SignForm
from lamsach.portal.reports.models import Report, ReportState

SCANS = ("pdf", "png", "jpg", "jpeg")
_APPROVED = (ReportState.APPROVED, ReportState.SENT)


def _put_in(found: Report, kept: Kept, states: Sequence[str]) -> bool:
    """Make the file the report's signed copy; False when the report has left these states meanwhile."""
    columns = {"scan_name": kept.name, "scan_path": kept.path, "scan_sha256": kept.sha256}
    return bool(Report.objects.filter(pk=found.pk, state__in=states).update(**columns))


@member(ALL, WRITERS, ("GET", "POST"))
def scan(request: HttpRequest, report_id: int) -> HttpResponse:
    """The signed paper as a scan: put in after approval, taken out as a download."""
    found = access.get_report(request.user, report_id, write=request.method == "POST")
    if request.method == "GET":
        if not found.scan_path:
            return redirect("reports:report", report_id=report_id)
        record(request, "report.scan_downloaded", found, found.unit)
        return download(found.scan_name, found.scan_path)
    form = FileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            kept = keep(form.cleaned_data["file"], SCANS)
        except LamsachError as problem:
            messages.error(request, f"{problem.where}: {_(problem.what)}")
        else:
            with transaction.atomic():
                if not _put_in(found, kept, _APPROVED):
                    return conflict(request)
                record(request, "report.scanned", found, found.unit, sha256=kept.sha256)
            messages.success(request, _("Saved."))
    else:
        tell_wrong(request, form)
    return redirect("reports:report", report_id=report_id)


@member(ALL, WRITERS, ("POST",))
def sign(request: HttpRequest, report_id: int) -> HttpResponse:
    """Sign the approved report's PDF with a key file. The key and its password are used once and kept nowhere."""
    found = access.get_report(request.user, report_id, write=True)
    form = SignForm(request.POST, request.FILES)
    if found.state not in _APPROVED:
        return conflict(request)
    if form.is_valid():
        try:
            plain = documents.written(documents.document_of(found), filled_form(found), "pdf")
            key = form.cleaned_data["key"].read(LARGEST_KEY_BYTES + 1)
            signed = sign_pdf(plain, key, form.cleaned_data["password"])
            kept = keep(ContentFile(signed, name=f"bao-cao-{found.unit.code}-ky-so.pdf"), ("pdf",))
        except LamsachError as problem:
            messages.error(request, f"{_(problem.what)} {_(problem.todo)}")
        else:
            with transaction.atomic():
                if not _put_in(found, kept, (found.state,)):
                    return conflict(request)
                record(request, "report.signed", found, found.unit, sha256=kept.sha256)
            messages.success(request, _("The PDF is signed."))
    else:
        messages.error(request, _("Choose the key file and type its password."))
    return redirect("reports:report", report_id=report_id)
