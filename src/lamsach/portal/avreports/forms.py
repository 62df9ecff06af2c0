"""Forms about malware reports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.errors import LamsachError
from lamsach.letters.signature import LARGEST_KEY_BYTES
from lamsach.portal.avreports.models import Plan
from lamsach.portal.base.forms import DateInput, text
from lamsach.portal.edxml.secrets import lock_key
from lamsach.portal.exchange import outbound


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]
    """The unit's decision."""

    key_file = forms.FileField(
        label=gettext_lazy("Key file (.p12, .pfx)"),
        required=False,
        help_text=gettext_lazy(
            "It signs the reports, and is kept locked. Leave it empty to keep the present one."
        ),
    )
    key_password = text(
        gettext_lazy("Password of the key"),
        200,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    forget_key = forms.BooleanField(label=gettext_lazy("Forget the key file"), required=False)

    url = forms.URLField(
        label=gettext_lazy("Address of the centre"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=gettext_lazy(
            "As the centre gave it. Empty: reports are written to a folder of the portal."
        ),
    )
    field_order = ("active", "naming", "every", "organ_id", "url", "key_file", "key_password", "forget_key")

    class Meta:
        model = Plan
        fields = ("active", "naming", "every", "organ_id", "url")
        widgets = {"naming": forms.RadioSelect}
        help_texts = {
            "active": gettext_lazy("Off: nothing leaves unless somebody sends a preview."),
        }

    def clean_url(self) -> str:
        """One that the portal may reach."""
        url: str = self.cleaned_data["url"]
        if url:
            try:
                outbound.check(url)
            except LamsachError as problem:
                raise forms.ValidationError(_(problem.what)) from problem
        return url

    def clean(self) -> Any:
        """Take the key into the plan, if its password opens it."""
        data = super().clean() or self.cleaned_data
        if data.get("forget_key"):
            self.instance.key = self.instance.signer = ""
        elif file := data.get("key_file"):  # False where the browser says "clear"
            try:
                content, password = file.read(LARGEST_KEY_BYTES + 1), data.get("key_password", "")
                self.instance.key, name = lock_key(content, password)
                self.instance.signer = name[:300]
            except LamsachError as problem:
                self.add_error("key_file", f"{_(problem.what)} {_(problem.todo)}".strip())
        return data


class PeriodForm(forms.Form):
    """The days that a report is about, both included."""

    since = forms.DateField(label=gettext_lazy("From"), widget=DateInput)
    until = forms.DateField(label=gettext_lazy("To"), widget=DateInput)

    def clean(self) -> dict[str, Any]:
        """An order that makes sense, and at most a year."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if (since := data.get("since")) and (until := data.get("until")):
            if since > until:
                self.add_error("until", _("The period would end before it begins."))
            elif until - since > timedelta(days=366):
                self.add_error("since", _("A report is about one year at most."))
            elif until > timezone.localdate():
                self.add_error("until", _("This day is still to come."))
        return data
