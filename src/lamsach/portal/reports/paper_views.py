"""A form that a unit filled in without the portal: read from the file, shown for confirmation in the draft, kept only when a person saves it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.letters.filled_form import Read, read_filled
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.errors import conflict
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.base.uploads import keep
from lamsach.portal.campaigns.forms import FileForm
from lamsach.portal.reports import access
from lamsach.portal.reports.content import figures_of, form_of
from lamsach.portal.reports.forms import DraftForm
from lamsach.portal.reports.models import Figure, Report

LARGEST_BYTES = 10_000_000


@member(ALL, WRITERS, ("POST",))
def from_file(request: HttpRequest, report_id: int) -> HttpResponse:
    """Read a filled DOCX or XLSX into the draft's form. Nothing is saved yet: the person looks at it and saves, or not."""
    found = access.get_report(request.user, report_id, write=True)
    if not found.is_open:
        return conflict(request)
    upload = FileForm(request.POST, request.FILES)
    if not upload.is_valid() or upload.cleaned_data["file"].size > LARGEST_BYTES:
        messages.error(request, _("Choose a filled form as DOCX or XLSX, at most 10 MB."))
        return redirect("reports:edit", report_id=report_id)
    file = upload.cleaned_data["file"]
    form, figures = form_of(found), figures_of(found)
    try:
        kept = keep(file, ("docx", "xlsx"))
        file.seek(0)
        read = read_filled(file.read(), form)
    except LamsachError as problem:
        messages.error(request, f"{_(problem.what)} {_(problem.todo)}")
        return redirect("reports:edit", report_id=report_id)
    record(request, "report.form_read", found, found.unit, name=kept.name, sha256=kept.sha256)
    seen = Report.objects.get(pk=found.pk)
    initial = _initial(read, figures, kept.name)
    draft = DraftForm(instance=seen, form=form, figures=figures, overrides=initial)
    context = {
        "report": found,
        "campaign": found.campaign,
        "form": draft,
        "read": _shown(read, form, figures),
        "file": kept.name,
    }
    return render(request, "reports/edit.html", context)


def _initial(read: tuple[Read, ...], figures: dict[str, Figure], name: str) -> dict[str, Any]:
    """Return what the file says, as first values of the draft's form."""
    values: dict[str, Any] = {}
    for entry in read:
        figure = figures.get(entry.key)
        if figure is None and entry.raw and entry.key != "unit":
            values[f"text_{entry.key}"] = entry.raw
        elif figure is not None and entry.value is not None and entry.value != figure.computed:
            values[f"stated_{entry.key}"] = entry.value
            values[f"reason_{entry.key}"] = _("From the form that was sent in: {name}").format(name=name)[
                :500
            ]
    return values


def _shown(read: tuple[Read, ...], form: Any, figures: dict[str, Figure]) -> list[dict[str, Any]]:
    """For the page: the wording, what stood in the file, the number read, whether it is sure."""
    labels = {item.key: item.label for item in (*form.fields, *form.rows)}
    return [
        {
            "label": labels[entry.key],
            "raw": entry.raw,
            "value": entry.value,
            "is_figure": entry.key in figures,
            "sure": entry.sure >= 0.85 or (entry.key not in figures and bool(entry.raw)),
        }
        for entry in read
    ]
