"""Forms about units."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.forms import DateInput, VersionedForm
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.units.access import writable_units
from lamsach.portal.units.codes import canonical
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.units.picking import UnitField, offer


class UnitForm(VersionedForm):
    """Name and contact of a unit."""

    class Meta:
        model = Unit
        fields = ("name", "contact_name", "contact_phone", "email")


class NewUnitForm(UnitForm):
    """A new unit under one of the person's."""

    class Meta(UnitForm.Meta):
        fields = ("code", *UnitForm.Meta.fields)  # type: ignore[assignment]

    def clean_code(self) -> str:
        """The code with its root first, not taken."""
        code = canonical(self.cleaned_data["code"])
        if code is None:
            raise forms.ValidationError(_("This is no code of a unit. Write it as G06.12 or 000.00.12.G06."))
        if Unit.objects.filter(code=code).exists():
            raise forms.ValidationError(_("This code is taken."))
        return code


class PlaceForm(forms.Form):
    """Moving or closing a unit."""

    day = forms.DateField(label=gettext_lazy("From the day"), widget=DateInput)
    unit: Any = UnitField(label=gettext_lazy("The other unit"), required=False)

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        units = writable_units(user, COORDINATORS).filter(valid_until=FOREVER)
        offer(self, "unit", units)


class SheetForm(forms.Form):
    """A sheet of units."""

    file = forms.FileField(
        label=gettext_lazy("XLSX or CSV file"),
        help_text=gettext_lazy(
            "Columns: code, name, parent's code, e-mail, contact, phone; for closed units also the day and the successor. Only code and name are compulsory."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )
