"""Forms for reports: draft, steps, signing, extensions, received forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.letters.appendix_2022 import APPENDIX_2022
from lamsach.letters.form import Form, parse_form
from lamsach.portal.base.forms import DateInput, text
from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.reports.models import Extension, Figure, Received, Report
from lamsach.portal.units.access import readable_units
from lamsach.portal.units.forms import UnitField, offer
from lamsach.portal.units.tree import today

HEAD = ("number", "symbol", "place", "day", "authority", "position", "signer")
_LARGEST = 10**12


class _Answers(forms.BaseForm):
    """Part of a form for the texts and numbers of a campaign's reporting form."""

    def add_texts(self, form: Form, values: Mapping[str, str], long: frozenset[str] = frozenset()) -> None:
        """Add a field for each text; those named `long` in a larger box."""
        for field in form.fields:
            if field.key != "unit":
                rows, initial = 8 if field.key in long else 4, values.get(field.key, "")
                self.fields[f"text_{field.key}"] = text(
                    field.label, 20_000, rows, required=False, initial=initial
                )

    def add_number(self, name: str, label: str, initial: int | None) -> None:
        """Add a field for a number."""
        self.fields[name] = forms.IntegerField(
            label=label, required=False, min_value=0, max_value=_LARGEST, initial=initial, localize=False
        )

    def part(self, prefix: str) -> dict[str, Any]:
        """Values by key of the fields with a prefix."""
        values = self.cleaned_data.items()
        return {name.removeprefix(prefix): value for name, value in values if name.startswith(prefix)}

    def texts(self) -> dict[str, str]:
        """Texts by key."""
        return self.part("text_")


class DraftForm(_Answers, forms.ModelForm):  # type: ignore[type-arg]
    """Texts, figures with stated numbers, and the report's header and footer."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Report
        fields = (*HEAD, "itself", "late_reason")
        widgets = {"day": DateInput(), "late_reason": forms.Textarea(attrs={"rows": 2})}

    def __init__(
        self,
        *args: Any,
        form: Form,
        figures: Mapping[str, Figure],
        overrides: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.form_definition, self.known = form, figures
        self.fields["version"].initial = self.instance.version
        self.add_texts(form, self.instance.texts, frozenset({"assessment"}))
        for row in form.rows:
            self._figure(row.key, row.label, figures.get(row.key))
        for name, value in (overrides or {}).items():
            if name in self.fields:
                self.fields[name].initial = value

    def _figure(self, key: str, label: str, figure: Figure | None) -> None:
        self.add_number(f"stated_{key}", label, figure.stated if figure else None)
        self.fields[f"reason_{key}"] = text(
            _("Reason"), 500, required=False, initial=figure.reason if figure else ""
        )
        self.fields[f"note_{key}"] = text(
            _("Note"), 500, required=False, initial=figure.note if figure else ""
        )

    def clean(self) -> dict[str, Any]:
        """Require a reason for a number that differs from the computed one."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for key, figure in self.known.items():
            stated = data.get(f"stated_{key}")
            if stated is None or figure.computed is None or stated == figure.computed:
                continue
            if not str(data.get(f"reason_{key}", "")).strip():
                self.add_error(
                    f"reason_{key}", _("A number that differs from the computed one needs a reason.")
                )
        return data

    def rows(self) -> list[dict[str, Any]]:
        """The figures' fields row by row, for the page."""
        return [
            {
                "row": row,
                "figure": self.known.get(row.key),
                "stated": self[f"stated_{row.key}"],
                "reason": self[f"reason_{row.key}"],
                "note": self[f"note_{row.key}"],
            }
            for row in self.form_definition.rows
        ]

    def text_fields(self) -> list[Any]:
        """Fields of the texts."""
        return [self[name] for name in self.fields if name.startswith("text_")]

    def head_fields(self) -> list[Any]:
        """Fields of the report's header and footer."""
        return [self[name] for name in (*HEAD, "itself", "late_reason")]

    def figures(self) -> dict[str, dict[str, Any]]:
        """The person's statements, by key."""
        parts = {name: self.part(f"{name}_") for name in ("stated", "reason", "note")}
        return {
            row.key: {name: values[row.key] for name, values in parts.items()}
            for row in self.form_definition.rows
        }


class StepForm(forms.Form):
    """A step with its reason and, with `from_paper` required, the signer of an approval."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = text(gettext_lazy("Reason"), 4000, 3)
    signer = forms.CharField(label=gettext_lazy("Name of who signs"), required=False, max_length=200)
    position = forms.CharField(label=gettext_lazy("Position of who signs"), required=False, max_length=200)

    def __init__(self, *args: Any, from_paper: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["signer"].required = from_paper


class SignForm(forms.Form):
    """Key file (PKCS#12) and its password, for one signature."""

    key = forms.FileField(label=gettext_lazy("Key file (.p12, .pfx)"))
    password = text(
        gettext_lazy("Password of the key"),
        200,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class ExtensionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Request for a later deadline."""

    class Meta:
        model = Extension
        fields = ("until", "reason")
        widgets = {"until": DateInput()}

    def clean_until(self) -> Any:
        """Refuse past days."""
        day = self.cleaned_data["until"]
        if day < today():
            raise forms.ValidationError(_("This day has passed."))
        return day


class ReceivedForm(_Answers, forms.Form):
    """Values read from a received form, to be corrected: campaign, unit, texts, numbers."""

    campaign = forms.ModelChoiceField(label=gettext_lazy("Campaign"), queryset=Campaign.objects.none())
    code: Any = UnitField()

    def __init__(self, *args: Any, received: Received, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        campaigns: Any = self.fields["campaign"]
        campaigns.queryset = readable_campaigns(user)
        campaigns.initial = received.campaign_id
        offer(self, "code", readable_units(user))
        self.fields["code"].initial = received.unit
        chosen = received.campaign or campaigns.queryset.order_by("-pk").first()
        self.definition = parse_form(chosen.form.definition if chosen else APPENDIX_2022)
        read = {value["key"]: value for value in received.values}
        self.add_texts(self.definition, {key: value.get("raw", "") for key, value in read.items()})
        for row in self.definition.rows:
            self.add_number(f"value_{row.key}", row.label, read.get(row.key, {}).get("value"))
