"""Downloads of the campaign's other papers: dispatch, reminder, minutes; as DOCX, PDF or a page."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from lamsach.letters.form import parse_form
from lamsach.letters.model import Document
from lamsach.letters.output import writer_for
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.campaigns.access import get_dispatch
from lamsach.portal.cases.access import get_case, seen_by_name
from lamsach.portal.reports import access, papers
from lamsach.portal.reports.consolidation import consolidate
from lamsach.portal.reports.figures import Scope
from lamsach.portal.reports.views import answer_file
from lamsach.portal.units.tree import today

PAPERS = ("docx", "pdf", "xlsx", "html")


def _kind(document: str) -> str:
    if document not in PAPERS:
        raise Http404
    return document


def _answer(made: Document, kind: str, stem: str) -> HttpResponse:
    return answer_file(writer_for(f".{kind}")(made), kind, f"{stem}.{kind}")


@member(ALL, WRITERS, ("GET",))
def dispatch_file(request: HttpRequest, dispatch_id: int, document: str) -> HttpResponse:
    """A dispatch as an official document with the blank form as its appendix."""
    found = get_dispatch(request.user, dispatch_id)
    record(request, "dispatch.document", found, found.issuer, kind=_kind(document))
    return _answer(papers.dispatch_paper(found), document, f"cong-van-{found.pk}")


@member(ALL, WRITERS, ("GET",))
def reminder_letter(request: HttpRequest, campaign_id: int, unit_id: int, document: str) -> HttpResponse:
    """The reminder to the direct subordinates whose report is not there."""
    campaign, unit = access.get_place(request.user, campaign_id, unit_id)
    _kind(document)
    taken = consolidate(parse_form(campaign.form.definition), Scope(campaign, unit, today()))
    made = papers.reminder_paper(campaign, unit, taken.lines, today())
    if made is None:
        messages.info(request, _("Every unit has sent its report; there is nobody to remind."))
        response = redirect("reports:overview", campaign_id=campaign_id)
        response["Location"] += f"?unit={unit_id}"
        return response
    record(request, "report.reminder_document", campaign, unit, kind=document)
    return _answer(made, document, f"don-doc-{unit.code}")


@member(ALL, WRITERS, ("GET",))
def minutes_file(request: HttpRequest, case_id: int, document: str) -> HttpResponse:
    """The minutes of cleaning a machine; whoever may not see the machine's name gets them without it."""
    found = get_case(request.user, case_id)
    named = found.pk in seen_by_name(request.user, [found])
    record(request, "case.minutes", found, found.unit, kind=_kind(document), named=named)
    return _answer(papers.minutes_paper(found, today(), named=named), document, f"bien-ban-{found.number}")
