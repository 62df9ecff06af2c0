"""Forms of edXML files and connections."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lamsach.channels.edxml.labels import STATUSES as WORDS
from lamsach.channels.edxml.tables import STATUSES
from lamsach.channels.xml_signature import load_certificates
from lamsach.errors import LamsachError
from lamsach.portal.base.forms import text
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.edxml import secrets, service
from lamsach.portal.edxml.models import Connection, Message
from lamsach.portal.exchange.forms import UnitForm, checked_url

LARGEST_KEY_BYTES = 100_000
# X-Api-Key: abc
_HEADER = re.compile(r"([A-Za-z0-9-]{1,60})\s*:\s*([\x20-\x7e]{1,2000})")


class FileForm(UnitForm):
    """Upload of an edXML file for a unit."""

    edxml = forms.FileField(
        label=_("edXML file"), help_text=_("The .edxml file that the document-management system exported.")
    )


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A connection: folder, signatures, and optional service."""

    url = forms.URLField(
        label=_("Base address of the service"),
        max_length=500,
        required=False,
        assume_scheme="https",
        help_text=_("Empty: files go through the folders alone."),
    )
    list = forms.CharField(label=_("Path of the list of waiting messages"), max_length=300, required=False)
    list_key = forms.CharField(label=_("Key of the list in the answer"), max_length=60, required=False)
    id_key = forms.CharField(label=_("Key of a message's id"), max_length=60, required=False)
    fetch = text(_("Path of one message"), 300, required=False, help_text=_("{id} is replaced by its id."))
    content_key = text(
        _("Key of the file in base64"),
        60,
        required=False,
        help_text=_("Empty: the file itself is sent and fetched."),
    )
    done = text(
        _("Path that confirms a message"), 300, required=False, help_text=_("{id} is replaced by its id.")
    )
    send = forms.CharField(label=_("Path that takes a message"), max_length=300, required=False)
    headers = text(
        _("Headers of the service, one a line"),
        8000,
        3,
        attrs={"class": "form-control mono"},
        required=False,
        help_text=_(
            "Such as X-Api-Key: abc. They are stored encrypted and never shown. Empty: the stored ones stay."
        ),
    )

    class Meta:
        model = Connection
        fields = ("unit", "name", "older_codes", "must_be_signed", "certificates", "url")
        widgets = {"certificates": forms.Textarea(attrs={"rows": 4, "class": "form-control mono"})}

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        from lamsach.portal.exchange.access import exchanging_units

        super().__init__(*args, **options)
        field: Any = self.fields["unit"]
        field.queryset, field.empty_label = exchanging_units(user), None
        for name in service.PATHS:
            self.fields[name].initial = self.instance.paths.get(name, "")
        if self.instance.pk:
            del self.fields["name"], self.fields["unit"]

    def clean_certificates(self) -> str:
        """Check PEM certificates, if any."""
        text: str = self.cleaned_data["certificates"].strip()
        try:
            if text:
                load_certificates(text.encode(), "")
        except LamsachError as problem:
            raise forms.ValidationError(gettext(problem.what)) from problem
        return text

    def clean_url(self) -> str:
        """Check that the portal may send to the address, if any."""
        return checked_url(self.cleaned_data["url"])

    def clean_headers(self) -> dict[str, str]:
        """Parse the headers into names and values."""
        lines = [line.strip() for line in self.cleaned_data["headers"].splitlines() if line.strip()]
        found = [_HEADER.fullmatch(line) for line in lines]
        if not all(found):
            raise forms.ValidationError(gettext("Write each header as a name, a colon and a value."))
        return {match[1]: match[2] for match in found if match}

    def clean(self) -> dict[str, Any]:
        """Require the path to send to, if a service is given."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("url") and not data.get("send"):
            self.add_error("send", gettext("Write the path by which the service takes messages."))
        return data

    def save(self, commit: bool = True) -> Any:
        """Return the connection with paths and locked headers, unsaved."""
        made: Connection = super().save(commit=False)
        made.paths = {name: text for name in service.PATHS if (text := self.cleaned_data[name].strip())}
        if self.cleaned_data["headers"]:
            made.locked_headers = secrets.lock_headers(self.cleaned_data["headers"])
        return made


class KeyForm(forms.Form):
    """Key file that signs outgoing messages."""

    key = forms.FileField(label=_("Key file (.p12, .pfx)"))
    password = text(
        _("Password of the key file"), 200, required=False, widget=forms.PasswordInput(render_value=False)
    )

    def clean_key(self) -> Any:
        """Check the file's size."""
        file = self.cleaned_data["key"]
        if file.size > LARGEST_KEY_BYTES:
            raise forms.ValidationError(gettext("The file is larger than a key file is."))
        return file


class FilingForm(forms.Form):
    """Choice of the campaign to file a dispatch under."""

    campaign: Any = forms.ModelChoiceField(
        None, label=_("Campaign"), required=False, empty_label=_("a new campaign")
    )
    name = forms.CharField(label=_("Name of the new campaign"), max_length=200, required=False)

    def __init__(self, *args: Any, campaigns: QuerySet[Campaign], **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["campaign"]
        field.queryset = campaigns


class StatusForm(forms.Form):
    """A status to send back."""

    status = forms.ChoiceField(label=_("Status"), choices=[(name, WORDS[name]) for name in STATUSES])
    reason = text(_("Words with it"), 500, 2, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["status"]
        field.choices = [(name, gettext(WORDS[name])) for name in STATUSES]


class ReasonForm(forms.Form):
    """Reason to revoke a dispatch."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class SendForm(forms.Form):
    """Connection to send a dispatch by, and its effect on an earlier one."""

    connection: Any = forms.ModelChoiceField(None, label=_("Connection"), empty_label=None)
    about: Any = forms.ModelChoiceField(
        None, label=_("Earlier dispatch"), required=False, empty_label=_("none: it is a new dispatch")
    )
    kind = forms.ChoiceField(
        label=_("What it does to it"),
        required=False,
        choices=[("update", _("updates it")), ("replace", _("replaces it"))],
    )

    def __init__(
        self, *args: Any, connections: QuerySet[Connection], earlier: QuerySet[Message], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        fields: Any = self.fields
        fields["connection"].queryset, fields["about"].queryset = connections, earlier
        fields["about"].label_from_instance = lambda message: f"{message.number} - {message.subject}"[:150]
