"""The forms of awareness."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

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
