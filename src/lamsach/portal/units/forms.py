"""Forms of units, and the field that selects a unit: from a list if few, else by code or name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.forms import DateInput, VersionedForm
from lamsach.portal.base.parameters import parse_number
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.units.access import matching, writable_units
from lamsach.portal.units.codes import canonical
from lamsach.portal.units.models import FOREVER, Unit

FEW, MOST = 20, 20
"""Maximum units of a list, and maximum shown matches of a search."""


class Picker(forms.TextInput):
    """Search field with ambiguous matches below it; htmx suggests units while typing."""

    template_name = "base/picker.html"
    found: Sequence[Unit] = ()
    names = reverse_lazy("units:names")

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Add the matches and the URL of suggestions."""
        return {**super().get_context(name, value, attrs), "found": self.found, "names": self.names}


class UnitField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Choice of an offered unit: by code in either form, a unique part of the name, or primary key."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Unit"))
        empty = None if options.get("required", True) else "–"
        super().__init__(Unit.objects.none(), empty_label=empty, **options)

    def offer(self, units: QuerySet[Unit], few: int) -> None:
        """Set the selectable units: a list up to `few`, else a search."""
        self.queryset = units.order_by("code")
        if not few or len(self.queryset.values_list("pk")[: few + 1]) > few:
            self.widget = Picker(attrs=self.widget_attrs(self.widget))
            self.help_text = self.help_text or gettext_lazy(
                "The code, such as G06.12, or a part of the name."
            )

    def prepare_value(self, value: Any) -> Any:
        """Return the text of the search field: code and name of a selected unit."""
        if isinstance(self.widget, Picker):
            return f"{value.code} {value.name}" if isinstance(value, Unit) else value
        return super().prepare_value(value)

    def to_python(self, value: Any) -> Unit | None:
        """Return the unit; ValidationError if none or several match."""
        text = str(value or "").replace("\0", "\ufffd").strip()
        if not text:
            return None
        matches = self._matches(text)
        if len(matches) == 1:
            return matches[0]
        if not matches:
            raise ValidationError(_("No unit is found here by this code or name. A code looks like G06.12."))
        if isinstance(self.widget, Picker):
            self.widget.found = matches[:MOST]
        raise ValidationError(
            _("Several units are meant. Choose one, or write more of the name or the code.")
        )

    def _matches(self, text: str) -> list[Unit]:
        units: Any = self.queryset
        pk = None if isinstance(self.widget, Picker) else parse_number(text)
        if pk is not None:
            return list(units.filter(pk=pk))
        codes = {code for code in (canonical(text), canonical(text.split()[0])) if code}
        by_code = list(units.filter(code__in=codes))
        if by_code:
            return by_code
        rows = list(units.filter(matching(text))[: MOST + 1])
        exact = [unit for unit in rows if unit.name.casefold() == text.casefold()]
        return exact if len(exact) == 1 else rows


def offer(form: forms.BaseForm, name: str, units: QuerySet[Unit], few: int = FEW) -> None:
    """Set the selectable units of a form's field."""
    field: Any = form.fields[name]
    field.offer(units, few)


class Offered(forms.Form):
    """Base of a form whose choices depend on the person: rows by the name of the field."""

    offered: ClassVar[Mapping[str, Callable[[Any], QuerySet[Any]]]] = {}

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, rows in self.offered.items():
            field: Any = self.fields[name]
            if isinstance(field, UnitField):
                field.offer(rows(user), FEW)
            else:
                field.queryset = rows(user)


class UnitForm(VersionedForm):
    """Name and contact of a unit."""

    class Meta:
        model = Unit
        fields = ("name", "contact_name", "contact_phone", "email")


class NewUnitForm(UnitForm):
    """New unit, with its code."""

    class Meta(UnitForm.Meta):
        fields = ("code", *UnitForm.Meta.fields)  # type: ignore[assignment]

    def clean_code(self) -> str:
        """Return the canonical code; reject a used one."""
        code = canonical(self.cleaned_data["code"])
        if code is None:
            raise forms.ValidationError(_("This is no code of a unit. Write it as G06.12 or 000.00.12.G06."))
        if Unit.objects.filter(code=code).exists():
            raise forms.ValidationError(_("This code is taken."))
        return code


class PlaceForm(Offered):
    """Move or closing of a unit."""

    offered: ClassVar = {"unit": lambda user: writable_units(user, COORDINATORS).filter(valid_until=FOREVER)}

    day = forms.DateField(label=gettext_lazy("From the day"), widget=DateInput)
    unit: Any = UnitField(label=gettext_lazy("The other unit"), required=False)


class SheetForm(forms.Form):
    """Sheet of units."""

    file = forms.FileField(
        label=gettext_lazy("XLSX or CSV file"),
        help_text=gettext_lazy(
            "Columns: code, name, parent's code, e-mail, contact, phone; for closed units also "
            "the day and the successor. Only code and name are compulsory."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )
