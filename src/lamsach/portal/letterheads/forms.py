"""The form of a letterhead."""

from __future__ import annotations

from typing import Any

from django import forms

from lamsach.portal.base.forms import VersionedForm
from lamsach.portal.letterheads.models import Letterhead


class LetterheadForm(VersionedForm):
    """Everything around the text of a unit's documents."""

    class Meta:
        model = Letterhead
        fields = (
            "parent_body",
            "no_parent",
            "body",
            "place",
            "abbreviation",
            "office",
            "authority",
            "position",
            "signer",
            "copies",
            "address",
        )
        widgets = {"copies": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["version"].initial = self.instance.version if self.instance.pk else 0
