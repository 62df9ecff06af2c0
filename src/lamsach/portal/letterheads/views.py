"""The pages of a unit's letterhead: changing it, and seeing a letter that wears it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from lamsach.letters.dispatch import dispatch
from lamsach.letters.output import writer_for
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.errors import conflict
from lamsach.portal.base.forms import VersionedForm, done
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.letterheads import heads
from lamsach.portal.letterheads.models import Letterhead
from lamsach.portal.units.access import get_unit, writable_units
from lamsach.portal.units.tree import today


class LetterheadForm(VersionedForm):
    """Everything around the text of a unit's documents."""

    class Meta:
        model = Letterhead
        fields = (
            "parent_body",
            "no_parent",
            "body",
            "place",
            "abbreviation",
            "office",
            "authority",
            "position",
            "signer",
            "copies",
            "address",
        )
        widgets = {"copies": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["version"].initial = self.instance.version if self.instance.pk else 0


PREVIEWS = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}


@member(ALL, WRITERS)
@taken_once
def letterhead(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Change the letterhead, once for each version."""
    found = get_unit(request.user, unit_id, write=request.method == "POST")
    kept = heads.letterhead_of(found)
    form = LetterheadForm(request.POST or None, instance=kept)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                _save(request, form, kept)
        except IntegrityError:
            return conflict(request)
        return done(request, _("Saved."), "letterheads:letterhead", unit_id=unit_id)
    context = {
        "form": form,
        "unit": found,
        "kept": kept.pk is not None,
        "may_write": writable_units(request.user).filter(pk=found.pk).exists(),
    }
    return render(request, "letterheads/letterhead.html", context)


def _save(request: HttpRequest, form: LetterheadForm, kept: Letterhead) -> None:
    """Write it, unless somebody else was quicker (IntegrityError)."""
    held = Letterhead.objects.select_for_update(no_key=True).filter(unit=kept.unit).first()
    if (held.version if held else 0) != (form.cleaned_data["version"] or 0):
        raise IntegrityError
    changed: Any = form.save(commit=False)
    changed.version = held.version + 1 if held else 1
    changed.save()
    record(request, "unit.letterhead", kept.unit, kept.unit, fields=form.changed_data)


@member(ALL, WRITERS, ("GET",))
def preview(request: HttpRequest, unit_id: int, document: str) -> HttpResponse:
    """A short dispatch that wears the letterhead, as a page or PDF."""
    found = get_unit(request.user, unit_id)
    if document not in PREVIEWS:
        raise Http404
    kept = heads.letterhead_of(found)
    made = dispatch(
        heads.head(found, symbol=heads.symbol(kept), year=today().year, given=kept),
        "xem thử thể thức văn bản",
        "Đây là văn bản xem thử, không có giá trị.",
        ["Các đơn vị trực thuộc"],
        signature=heads.signature(kept),
        copies=heads.copies(kept),
        address=kept.address,
    )
    response = HttpResponse(writer_for(f".{document}")(made), content_type=PREVIEWS[document])
    if document == "html":
        response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    else:
        response["Content-Disposition"] = 'attachment; filename="xem-thu.pdf"'
    return response
