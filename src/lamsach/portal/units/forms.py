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


class CodeField(forms.CharField):
    """The code of a unit that the person may change, in either national form; gives the unit."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=60, **options)
        self.user: Any = None

    def clean(self, value: Any) -> Any:
        """The unit, or the error that there is none."""
        text = super().clean(value)
        if not text:
            return None
        unit = (
            writable_units(self.user, COORDINATORS)
            .filter(code=canonical(text) or "", valid_until=FOREVER)
            .first()
        )
        if unit is None:
            raise forms.ValidationError(_("There is no unit with this code under yours."))
        return unit


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
    unit = CodeField(label=gettext_lazy("Code of the other unit"), required=False)

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["unit"]
        field.user = user


class SheetForm(forms.Form):
    """A sheet of units."""

    file = forms.FileField(
        label=gettext_lazy("XLSX or CSV file"),
        help_text=gettext_lazy(
            "Columns: code, name, parent's code, e-mail, contact, phone; for closed units also the day and the successor. Only code and name are compulsory."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )
