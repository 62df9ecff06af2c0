"""The forms of awareness."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lamsach.portal.awareness.models import Consent, ConsentHow, Person
from lamsach.portal.base.forms import DateTimeInput


class PeopleForm(forms.Form):
    """A sheet of people, and the statement that the law on personal data asks for."""

    file = forms.FileField(label=_("File"))
    told = forms.BooleanField(
        label=_("The people know that their name and e-mail are used for this campaign, and until when."),
        help_text=_(
            "Law on Personal Data Protection (91/2025/QH15). The statement is kept in the audit trail."
        ),
    )


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is kept of a person, to be corrected."""

    class Meta:
        model = Person
        fields = ("name", "email", "department")

    def clean_email(self) -> str:
        """In small letters, and nobody else's of the unit."""
        email = str(self.cleaned_data["email"]).lower()
        others = Person.objects.filter(unit=self.instance.unit, email=email).exclude(pk=self.instance.pk)
        if email and others.exists():
            raise forms.ValidationError(gettext("Somebody else of the unit has this e-mail."))
        return email


class ConsentForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person said about the use of their data."""

    class Meta:
        model = Consent
        fields = ("how", "note")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        ways: Any = self.fields["how"]
        ways.choices = [(way.value, way.label) for way in (ConsentHow.PAPER, ConsentHow.SPOKEN)]


class PaceForm(forms.Form):
    """How fast the notice goes out."""

    size = forms.IntegerField(
        label=_("People a wave"),
        required=False,
        min_value=0,
        max_value=100_000,
        help_text=_("Empty: all at once."),
    )
    hours = forms.IntegerField(
        label=_("Hours between two waves"), required=False, min_value=1, max_value=720, initial=24
    )
    start = forms.DateTimeField(label=_("First wave from"), required=False, widget=DateTimeInput)

    def clean(self) -> dict[str, Any]:
        """Defaults for what is empty."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        return {**data, "size": data.get("size") or 0, "hours": data.get("hours") or 24}
