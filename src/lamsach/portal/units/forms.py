"""Forms about units, and the field that chooses one: a list of few, else a search by code or name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.forms import DateInput, VersionedForm
from lamsach.portal.base.parameters import whole
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.units.access import named, writable_units
from lamsach.portal.units.codes import canonical
from lamsach.portal.units.models import FOREVER, Unit

FEW, MOST = 20, 20
"""So many units are a list; so many that a search found are shown."""


class Picker(forms.TextInput):
    """The search field, with several found units beneath it; htmx suggests some while one types."""

    template_name = "base/picker.html"
    found: Sequence[Unit] = ()
    names = reverse_lazy("units:names")

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """With what was found."""
        return {**super().get_context(name, value, attrs), "found": self.found, "names": self.names}


class UnitField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the units that `offer` names: by code in either form, by a unique name part, or by number."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Unit"))
        empty = None if options.get("required", True) else "–"
        super().__init__(Unit.objects.none(), empty_label=empty, **options)

    def offer(self, units: QuerySet[Unit], few: int) -> None:
        """Let these be chosen: from a list if they are at most `few`."""
        self.queryset = units.order_by("code")
        if not few or len(self.queryset.values_list("pk")[: few + 1]) > few:
            self.widget = Picker(attrs=self.widget_attrs(self.widget))
            self.help_text = self.help_text or gettext_lazy(
                "The code, such as G06.12, or a part of the name."
            )

    def prepare_value(self, value: Any) -> Any:
        """Return what the search field shows: code and name of a unit that is chosen already."""
        if isinstance(self.widget, Picker):
            return f"{value.code} {value.name}" if isinstance(value, Unit) else value
        return super().prepare_value(value)

    def to_python(self, value: Any) -> Unit | None:
        """The unit; ValidationError when none or more than one is meant."""
        text = str(value or "").replace("\0", "\ufffd").strip()
        if not text:
            return None
        found = self._meant(text)
        if len(found) == 1:
            return found[0]
        if not found:
            raise ValidationError(_("No unit is found here by this code or name. A code looks like G06.12."))
        if isinstance(self.widget, Picker):
            self.widget.found = found[:MOST]
        raise ValidationError(
            _("Several units are meant. Choose one, or write more of the name or the code.")
        )

    def _meant(self, text: str) -> list[Unit]:
        units: Any = self.queryset
        pk = None if isinstance(self.widget, Picker) else whole(text)
        if pk is not None:
            return list(units.filter(pk=pk))
        codes = {code for code in (canonical(text), canonical(text.split()[0])) if code}
        by_code = list(units.filter(code__in=codes))
        if by_code:
            return by_code
        rows = list(units.filter(named(text))[: MOST + 1])
        same = [unit for unit in rows if unit.name.casefold() == text.casefold()]
        return same if len(same) == 1 else rows


def offer(form: forms.BaseForm, name: str, units: QuerySet[Unit], few: int = FEW) -> None:
    """Let these units be chosen in a form's field."""
    field: Any = form.fields[name]
    field.offer(units, few)


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
            "Columns: code, name, parent's code, e-mail, contact, phone; for closed units also "
            "the day and the successor. Only code and name are compulsory."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )
