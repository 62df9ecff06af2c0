"""The form of a tool."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.forms import VersionedForm
from lamsach.portal.public.models import Tool


class ToolForm(VersionedForm):
    """A tool: a file to be hosted here, or the publisher's address with the digest that they publish."""

    file = forms.FileField(
        label=gettext_lazy("File to host here"),
        required=False,
        help_text=gettext_lazy(
            "A ZIP archive, a PDF or a Python program (.pyz). Its size and SHA-256 are worked out."
        ),
    )

    link = forms.URLField(label=gettext_lazy("Publisher's address"), required=False, assume_scheme="https")

    class Meta:
        model = Tool
        fields = (
            "name",
            "publisher",
            "licence",
            "systems",
            "purpose",
            "file",
            "link",
            "size",
            "sha256",
            "hidden",
        )
        widgets = {"purpose": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["size"].required = False

    def clean_sha256(self) -> str:
        """64 hexadecimal digits, or nothing."""
        text = str(self.cleaned_data["sha256"]).strip().lower()
        if text and not re.fullmatch(r"[0-9a-f]{64}", text):
            raise forms.ValidationError(_("A SHA-256 digest has 64 hexadecimal digits."))
        return text

    def clean_size(self) -> int:
        """Nothing means unknown."""
        return self.cleaned_data["size"] or 0

    def clean_link(self) -> str:
        """An address of the web."""
        link = str(self.cleaned_data["link"])
        if link and not link.lower().startswith("https://"):
            raise forms.ValidationError(_("The address has to begin with https://."))
        return link

    def clean(self) -> dict[str, Any]:
        """A file or an address is needed."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if (
            not data.get("file")
            and not data.get("link")
            and not self.instance.path
            and "link" not in self.errors
        ):
            self.add_error("file", _("Give a file to host, or the publisher's address."))
        return data
