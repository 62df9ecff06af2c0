"""Pages of a unit's letterhead: form and preview."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from lamsach.letters.dispatch import dispatch
from lamsach.letters.output import writer_for
from lamsach.portal.audit.trail import record
from lamsach.portal.base import uploads
from lamsach.portal.base.doors import member
from lamsach.portal.base.errors import Stale
from lamsach.portal.base.forms import VersionedForm, done, form_page
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.letterheads import heads
from lamsach.portal.letterheads.models import Letterhead
from lamsach.portal.units.access import get_unit, may_act
from lamsach.portal.units.tree import today


class LetterheadForm(VersionedForm):
    """Form of a unit's letterhead."""

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


PREVIEWS = ("html", "pdf")


@member(ALL, WRITERS)
def letterhead(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Edit the letterhead, with a check of its version."""
    found = get_unit(request.user, unit_id, write=request.method == "POST")
    stored = heads.letterhead_of(found)
    form = LetterheadForm(request.POST or None, instance=stored)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            _save(request, form, stored)
        return done(request, _("Saved."), "letterheads:letterhead", unit_id=unit_id)
    context: Any = {
        "template": "letterheads/letterhead.html",
        "crumbs": "units/crumbs.html",
        "unit": found,
        "parent": found,
        "may_write": may_act(request.user, found.pk),
    }
    return form_page(request, form, _("Letterhead"), _("Save the letterhead"), **context)


def _save(request: HttpRequest, form: LetterheadForm, edited: Letterhead) -> None:
    """Save the letterhead. Stale if changed meanwhile."""
    current = Letterhead.objects.select_for_update(no_key=True).filter(unit=edited.unit).first()
    if (current.version if current else 0) != (form.cleaned_data["version"] or 0):
        raise Stale
    changed: Any = form.save(commit=False)
    changed.version = current.version + 1 if current else 1
    changed.save()
    record(request, "unit.letterhead", edited.unit, edited.unit, fields=form.changed_data)


@member(ALL, WRITERS, ("GET",))
def preview(request: HttpRequest, unit_id: int, document: str) -> HttpResponse:
    """Serve a sample dispatch with the letterhead, as a page or PDF."""
    found = get_unit(request.user, unit_id)
    if document not in PREVIEWS:
        raise Http404
    stored = heads.letterhead_of(found)
    made = dispatch(
        heads.head(found, symbol=heads.symbol(stored), year=today().year, given=stored),
        "xem thử thể thức văn bản",
        "Đây là văn bản xem thử, không có giá trị.",
        ["Các đơn vị trực thuộc"],
        signature=heads.signature(stored),
        copies=heads.copies(stored),
        address=stored.address,
    )
    return uploads.document(writer_for(f".{document}")(made), document, f"xem-thu.{document}")
