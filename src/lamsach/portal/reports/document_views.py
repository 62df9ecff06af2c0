"""Downloads of the campaign's other documents: dispatch, reminder, minutes; as DOCX, PDF, XLSX or page."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.files.base import ContentFile
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from lamsach.letters.form import parse_form
from lamsach.letters.model import Document
from lamsach.letters.output import writer_for
from lamsach.letters.signature import LARGEST_KEY_BYTES, sign_pdf
from lamsach.portal.audit.trail import record
from lamsach.portal.base import uploads
from lamsach.portal.base.doors import member
from lamsach.portal.base.errors import Stale
from lamsach.portal.base.forms import ProblemsShown, store_upload
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.base.uploads import StoredFile, download, store
from lamsach.portal.campaigns.access import get_dispatch
from lamsach.portal.cases.access import get_case, seen_by_name
from lamsach.portal.reports import access, documents, papers
from lamsach.portal.reports.consolidation import consolidate
from lamsach.portal.reports.content import filled_form
from lamsach.portal.reports.figures import Scope
from lamsach.portal.reports.forms import SignForm
from lamsach.portal.reports.models import Report, ReportState, scan_columns
from lamsach.portal.units.tree import today

PAPERS = ("docx", "pdf", "xlsx", "html")


def _kind(document: str) -> str:
    if document not in PAPERS:
        raise Http404
    return document


def _answer(document: Document, kind: str, stem: str) -> HttpResponse:
    return uploads.document(writer_for(f".{kind}")(document), kind, f"{stem}.{kind}")


@member(ALL, WRITERS, ("GET",))
def dispatch_file(request: HttpRequest, dispatch_id: int, document: str) -> HttpResponse:
    """A dispatch as an official document with the blank form as appendix."""
    dispatch = get_dispatch(request.user, dispatch_id)
    record(request, "dispatch.document", dispatch, dispatch.issuer, kind=_kind(document))
    return _answer(papers.dispatch_paper(dispatch), document, f"cong-van-{dispatch.pk}")


@member(ALL, WRITERS, ("GET",))
def reminder_letter(request: HttpRequest, campaign_id: int, unit_id: int, document: str) -> HttpResponse:
    """Reminder to the direct subordinates whose report is missing."""
    campaign, unit = access.get_place(request.user, campaign_id, unit_id)
    _kind(document)
    consolidation = consolidate(parse_form(campaign.form.definition), Scope(campaign, unit, today()))
    paper = papers.reminder_paper(campaign, unit, consolidation.lines, today())
    if paper is None:
        messages.info(request, _("Every unit has sent its report; nobody needs a reminder."))
        return redirect(access.overview_of(campaign_id, unit_id))
    record(request, "report.reminder_document", campaign, unit, kind=document)
    return _answer(paper, document, f"don-doc-{unit.code}")


@member(ALL, WRITERS, ("GET",))
def minutes_file(request: HttpRequest, case_id: int, document: str) -> HttpResponse:
    """Minutes of cleaning a machine, anonymous for people who may not see its name."""
    case = get_case(request.user, case_id)
    named = case.pk in seen_by_name(request.user, [case])
    record(request, "case.minutes", case, case.unit, kind=_kind(document), named=named)
    return _answer(papers.minutes_paper(case, today(), named=named), document, f"bien-ban-{case.number}")


SCANS = ("pdf", "png", "jpg", "jpeg")
_APPROVED = (ReportState.APPROVED, ReportState.SENT)


@transaction.atomic
def _put_in(
    request: HttpRequest, action: str, report: Report, stored: StoredFile, states: Sequence[str]
) -> None:
    """Attach the file as the report's signed copy; Stale when the report has left these states."""
    if not Report.objects.filter(pk=report.pk, state__in=states).update(**scan_columns(stored)):
        raise Stale
    record(request, action, report, report.unit, sha256=stored.sha256)


@member(ALL, WRITERS, ("GET", "POST"))
def scan(request: HttpRequest, report_id: int) -> HttpResponse:
    """Signed paper as a scan: upload after approval, download."""
    report = access.get_report(request.user, report_id, write=request.method == "POST")
    if request.method == "GET":
        if not report.scan_path:
            return redirect("reports:report", report_id=report_id)
        record(request, "report.scan_downloaded", report, report.unit)
        return download(report.scan_name, report.scan_path)
    if stored := store_upload(request, SCANS):
        _put_in(request, "report.scanned", report, stored, _APPROVED)
        messages.success(request, _("Saved."))
    return redirect("reports:report", report_id=report_id)


@member(ALL, WRITERS, ("POST",))
def sign(request: HttpRequest, report_id: int) -> HttpResponse:
    """Sign the approved report's PDF with a key file; key and password are not stored."""
    report = access.get_report(request.user, report_id, write=True)
    form = SignForm(request.POST, request.FILES)
    if report.state not in _APPROVED:
        raise Stale
    if form.is_valid():
        with ProblemsShown(request):
            plain = documents.render(documents.document_of(report), filled_form(report), "pdf")
            key = form.cleaned_data["key"].read(LARGEST_KEY_BYTES + 1)
            signed = sign_pdf(plain, key, form.cleaned_data["password"])
            stored = store(ContentFile(signed, name=f"bao-cao-{report.unit.code}-ky-so.pdf"), ("pdf",))
            _put_in(request, "report.signed", report, stored, (report.state,))
            messages.success(request, _("The PDF is signed."))
    else:
        messages.error(request, _("Choose the key file and type its password."))
    return redirect("reports:report", report_id=report_id)
