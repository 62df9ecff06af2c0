"""Forms of lists."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.errors import InputError
from lamsach.indicators.review.decisions import Choice
from lamsach.indicators.review.knowledge import Own
from lamsach.indicators.writers import WRITERS
from lamsach.model import Problem
from lamsach.portal.base.forms import DateInput, text
from lamsach.portal.lists import origins
from lamsach.portal.lists.models import FeedbackKind, KeptList, Origin, Outlet


class ListForm(forms.ModelForm):  # type: ignore[type-arg]
    """A list's name, and defaults for values whose documents state none."""

    class Meta:
        model = KeptList
        fields = ("unit", "name", "tlp", "days", "own")
        widgets = {"own": forms.Textarea(attrs={"rows": 4})}
        help_texts = {
            "own": gettext_lazy(
                "Such as 203.0.113.0/24 or donvi.example.vn. Values that touch them are released only "
                "after a decision."
            ),
        }

    def __init__(self, *args: Any, units: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        unit: Any = self.fields["unit"]
        unit.queryset, unit.empty_label = units, None

    def clean_own(self) -> str:
        """Check that each line is an address, a network or a name."""
        problems: list[Problem] = []
        text: str = self.cleaned_data["own"]
        Own.read((line for line in text.splitlines() if line.strip()), problems.append)
        if problems:
            raise forms.ValidationError(
                f"{problems[0].where}: {_('This is neither an address, a network nor a name.')}"
            )
        return text


class DocumentForm(forms.Form):
    """Upload of a document."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "A dispatch (PDF, DOCX, e-mail), a table, a feed, STIX, MISP, OpenIOC, rules: it "
            "is recognised by its content."
        ),
    )


class OriginForm(forms.ModelForm):  # type: ignore[type-arg]
    """An address to fetch by schedule, and its server's key, which is never shown again."""

    key = text(
        gettext_lazy("Key of the server"),
        2000,
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "The key of a MISP server, or what another server wants as Authorization (such as Bearer "
            "...). It is sent to the server of this address alone. Empty: the stored key stays."
        ),
    )
    forget = forms.BooleanField(label=gettext_lazy("Forget the stored key"), required=False)

    class Meta:
        model = Origin
        fields = ("name", "url", "hours", "active")
        help_texts = {
            "url": gettext_lazy(
                "https://... for a list, taxii+https://... for a TAXII 2.1 collection, "
                "misp+https://... for a MISP server, https://.../manifest.json for a MISP feed."
            ),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not self.instance.locked_key:
            del self.fields["forget"]

    def clean_url(self) -> str:
        """Check that the portal may fetch from the address."""
        url: str = self.cleaned_data["url"].strip()
        try:
            origins.check(url)
        except InputError as problem:
            raise forms.ValidationError(
                " ".join(filter(None, (_(problem.what), _(problem.todo) if problem.todo else "")))
            ) from None
        return url

    def clean_hours(self) -> int:
        """Check the range: an hour to a month."""
        hours: int = self.cleaned_data["hours"]
        if not 1 <= hours <= 24 * 31:
            raise forms.ValidationError(_("Between 1 and 744 hours."))
        return hours

    def clean_key(self) -> str:
        """Check that the key is valid in a header."""
        key: str = self.cleaned_data["key"].strip()
        if not key.isascii() or (key and not key.isprintable()):
            raise forms.ValidationError(_("A key is one line of plain letters and digits."))
        return key

    def clean(self) -> dict[str, Any]:
        """Drop the stored key if the server changes; require a key for a MISP server."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        url = data.get("url")
        if not url:
            return data
        has_stored = bool(self.instance.locked_key) and not data.get("forget")
        self.forgets = has_stored and not data.get("key") and not origins.fits(self.instance, url)
        has_key = bool(data.get("key")) or (has_stored and not self.forgets)
        if not has_key and origins.is_instance(url) and not settings.LISTS_MIRROR:
            self.add_error("key", _("A MISP server gives its events only for a key: enter it."))
        return data

    def save(self, commit: bool = True) -> Any:
        """Save the source with its key locked."""
        data = self.cleaned_data
        if data["key"]:
            self.instance.locked_key = origins.locked(data["url"], data["key"])
        elif data.get("forget") or self.forgets:
            self.instance.locked_key = ""
        return super().save(commit)


class OutletForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new outlet."""

    writer = forms.ChoiceField(
        label=gettext_lazy("Format"), choices=[(writer.name, writer.title) for writer in WRITERS]
    )

    class Meta:
        model = Outlet
        fields = ("name", "writer", "tlp", "confidence", "part")

    def clean_confidence(self) -> int:
        """Check the range: 0 to 100."""
        number: int = self.cleaned_data["confidence"]
        if number > 100:
            raise forms.ValidationError(_("Between 0 and 100."))
        return number

    def clean_part(self) -> int:
        """Check the range: 100 to 10,000,000."""
        number: int = self.cleaned_data["part"]
        if not 100 <= number <= 10_000_000:
            raise forms.ValidationError(_("Between 100 and 10,000,000 values."))
        return number


class DecisionForm(forms.Form):
    """Decision on the ticked values."""

    choice = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[
            (Choice.ACCEPT.value, gettext_lazy("Accept: block it")),
            (Choice.EXCEPTION.value, gettext_lazy("Except: leave it out until a day")),
            (Choice.NARROW.value, gettext_lazy("Narrow: block only what is written here")),
        ],
    )
    reason = text(gettext_lazy("Reason"), 300)
    until = forms.DateField(
        label=gettext_lazy("Last day of the exception"), required=False, widget=DateInput()
    )
    to = text(gettext_lazy("Narrower values"), 4000, required=False)


class ReleaseForm(forms.Form):
    """Note of a new version."""

    note = text(gettext_lazy("What is new, and why"), 300)


class FeedbackForm(forms.Form):
    """Feedback of a unit on a value."""

    value = text(gettext_lazy("Address, name, URL or hash"), 2000)
    kind = forms.ChoiceField(label=gettext_lazy("What do you say?"), choices=FeedbackKind.choices)
    note = text(gettext_lazy("Note"), 300, required=False)
